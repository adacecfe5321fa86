package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/studycast/studycast/core/backend"
)

// binding is one as the server's operators see it. The two sources name the
// same things differently.
type binding struct {
	Source      string         `json:"source"`
	Destination string         `json:"destination"`
	Key         string         `json:"routing_key"`
	Arguments   map[string]any `json:"arguments"`
}

// same reports whether two bindings do the same.
func (b binding) same(other binding) bool {
	return b.Source == other.Source && b.Destination == other.Destination && b.Key == other.Key &&
		maps.EqualFunc(b.Arguments, other.Arguments, func(x, y any) bool { return fmt.Sprint(x) == fmt.Sprint(y) })
}

func (r *rabbit) bindings(ctx context.Context) finding {
	vhost := r.examiner.Server().Vhost
	file, err := backend.Definitions(vhost, r.o.Policies.Policies())
	if err != nil {
		return fail(oneLine(err), "correct the policies: studycast topology shows what they need")
	}
	var want struct {
		Queues []struct {
			Name string `json:"name"`
		} `json:"queues"`
		Bindings []binding `json:"bindings"`
	}
	if err := json.Unmarshal(file, &want); err != nil {
		return fail(oneLine(err), "report this: it is a mistake of studycast")
	}
	has, err := r.insight.bindings(ctx)
	if err != nil {
		f := warn("bindings can't be looked at: "+oneLine(err), "compare rabbitmqctl list_bindings -p "+vhost+
			" source_name destination_name routing_key with studycast topology; or name the management API in BROKER_MANAGEMENT_URL"+
			" and give the user of BROKER_URL the tag management (rabbitmqctl set_user_tags USER management)")
		return f
	}
	ours := map[string]bool{}
	for _, q := range want.Queues {
		ours[q.Name] = true
	}
	f := compare(want.Bindings, has, ours)
	if f.status() == OK {
		f.says = fmt.Sprintf("all %d are there", len(want.Bindings))
	}
	return f
}

// compare looks for bindings that are missing, and for those that bring our
// queues what is not meant for them.
func compare(want, has []binding, ours map[string]bool) (f finding) {
	contains := func(list []binding, b binding) bool {
		for _, one := range list {
			if b.same(one) {
				return true
			}
		}
		return false
	}
	for _, b := range want {
		if !contains(has, b) {
			f.fail(fmt.Sprintf("queue %q is not bound to exchange %q with key %q: messages for it don't arrive", b.Destination, b.Source, b.Key),
				"import the file that `studycast topology --definitions` writes (rabbitmqctl import_definitions FILE), "+
					"or restart a program that declares (BROKER_TOPOLOGY=declare)")
		}
	}
	for _, b := range has {
		if b.Source != "" && ours[b.Destination] && !contains(want, b) {
			f.warn(fmt.Sprintf("queue %q is also bound to exchange %q with key %q: it gets messages that are not meant for it", b.Destination, b.Source, b.Key),
				fmt.Sprintf("remove the binding: rabbitmqadmin delete binding source=%s destination_type=queue destination=%s properties_key=%s",
					b.Source, b.Destination, url.PathEscape(b.Key)))
		}
	}
	return f
}

// bindings lists those of the virtual host.
func (i *insight) bindings(ctx context.Context) (list []binding, err error) {
	byAPI := i.get(ctx, "/api/bindings/"+url.PathEscape(i.vhost), &list)
	if byAPI == nil {
		return list, nil
	}
	_, err = i.identify(ctx)
	var said string
	if err == nil {
		said, err = i.ctl(ctx, "list_bindings", "--vhost", i.vhost, "--quiet", "--formatter", "json",
			"source_name", "destination_name", "routing_key", "arguments")
	}
	var told []struct {
		Source      string `json:"source_name"`
		Destination string `json:"destination_name"`
		Key         string `json:"routing_key"`
		Arguments   any    `json:"arguments"`
	}
	if err == nil {
		err = json.Unmarshal([]byte(said[max(strings.Index(said, "["), 0):]), &told)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; %w", byAPI, err)
	}
	for _, b := range told {
		list = append(list, binding{b.Source, b.Destination, b.Key, argumentsOf(b.Arguments)})
	}
	return list, nil
}

// argumentsOf reads arguments as rabbitmqctl writes them: a list of names, types
// and values.
func argumentsOf(said any) map[string]any {
	if arguments, ok := said.(map[string]any); ok {
		return arguments
	}
	list, _ := said.([]any)
	arguments := map[string]any{}
	for _, one := range list {
		if triple, ok := one.([]any); ok && len(triple) == 3 {
			arguments[fmt.Sprint(triple[0])] = triple[2]
		}
	}
	return arguments
}
