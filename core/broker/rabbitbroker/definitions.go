package rabbitbroker

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/studycast/studycast/core/broker/driver"
)

// The server's format of definitions, as far as it is needed.
type (
	definitions struct {
		Users       []userDefinition       `json:"users,omitempty"`
		Vhosts      []vhostDefinition      `json:"vhosts"`
		Permissions []permissionDefinition `json:"permissions,omitempty"`
		Exchanges   []exchangeDefinition   `json:"exchanges"`
		Queues      []queueDefinition      `json:"queues"`
		Bindings    []bindingDefinition    `json:"bindings"`
	}
	vhostDefinition struct {
		Name string `json:"name"`
	}
	exchangeDefinition struct {
		Name       string     `json:"name"`
		Vhost      string     `json:"vhost"`
		Type       string     `json:"type"`
		Durable    bool       `json:"durable"`
		AutoDelete bool       `json:"auto_delete"`
		Internal   bool       `json:"internal"`
		Arguments  amqp.Table `json:"arguments"`
	}
	queueDefinition struct {
		Name       string     `json:"name"`
		Vhost      string     `json:"vhost"`
		Durable    bool       `json:"durable"`
		AutoDelete bool       `json:"auto_delete"`
		Arguments  amqp.Table `json:"arguments"`
	}
	bindingDefinition struct {
		Source      string     `json:"source"`
		Vhost       string     `json:"vhost"`
		Destination string     `json:"destination"`
		Type        string     `json:"destination_type"`
		Key         string     `json:"routing_key"`
		Arguments   amqp.Table `json:"arguments"`
	}
)

// Definitions returns a file for `rabbitmqctl import_definitions` that makes
// the virtual host, if it is missing, and in it all that these work queues
// need: the same exchanges, queues and bindings that Declare makes. What a
// program in Verify mode may then do without: the right to configure. With users
// it also makes them, with their rights and an empty password hash, which lets
// nobody in by password until somebody sets one.
func Definitions(vhost string, queues []driver.Queue, users ...User) ([]byte, error) {
	d := definitions{Vhosts: []vhostDefinition{{vhost}}}
	d.admit(vhost, users)
	t := topologyOf(queues)
	for _, x := range t.exchanges {
		d.Exchanges = append(d.Exchanges, exchangeDefinition{
			Name: x.name, Vhost: vhost, Type: x.kind, Durable: true, Arguments: orEmpty(x.arguments),
		})
	}
	for _, q := range t.queues {
		d.Queues = append(d.Queues, queueDefinition{Name: q.name, Vhost: vhost, Durable: true, Arguments: orEmpty(q.arguments)})
		for _, b := range q.bindings {
			d.Bindings = append(d.Bindings, bindingDefinition{
				Source: q.exchange, Vhost: vhost, Destination: q.name, Type: "queue", Key: b.key, Arguments: orEmpty(b.arguments),
			})
		}
	}
	out, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("definitions of the topology: %w", err)
	}
	return append(out, '\n'), nil
}

// Describe returns the same as a table for humans.
func Describe(queues []driver.Queue) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	line := func(cells ...string) {
		_, _ = fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t")) // a Builder takes everything
	}
	t := topologyOf(queues)
	line("EXCHANGE", "TYPE", "ARGUMENTS")
	for _, x := range t.exchanges {
		line(x.name, x.kind, list(x.arguments))
	}
	line("")
	line("QUEUE", "EXCHANGE", "KEYS", "ARGUMENTS")
	for _, q := range t.queues {
		var keys []string
		for _, b := range q.bindings {
			keys = append(keys, b.key)
		}
		line(q.name, q.exchange, strings.Join(keys, " "), list(q.arguments))
	}
	_ = w.Flush()
	return text.String()
}

func list(t amqp.Table) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(t)) {
		parts = append(parts, fmt.Sprintf("%s=%v", name, t[name]))
	}
	return strings.Join(parts, " ")
}

func orEmpty(t amqp.Table) amqp.Table {
	if t == nil {
		return amqp.Table{}
	}
	return t
}
