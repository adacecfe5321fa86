package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/studycast/studycast/core/backend"
)

// thing is an exchange or a queue as definitions and the management API show it.
type thing struct {
	Name      string         `json:"name"`
	Type      string         `json:"type"`
	Arguments map[string]any `json:"arguments"`
}

// things are those of a virtual host.
type things struct {
	Exchanges []thing `json:"exchanges"`
	Queues    []thing `json:"queues"`
}

// differences compares the arguments of exchanges and queues by the management
// API, for a user who may not configure. What is missing is not its task.
func (r *rabbit) differences(ctx context.Context) (f finding, err error) {
	vhost := r.examiner.Server().Vhost
	file, err := backend.Definitions(vhost, r.o.Policies.Policies())
	if err != nil {
		return f, err
	}
	var want, has things
	if err := json.Unmarshal(file, &want); err != nil {
		return f, err
	}
	in := "/" + url.PathEscape(vhost)
	if err := r.insight.get(ctx, "/api/exchanges"+in+"?columns=name,type,arguments", &has.Exchanges); err != nil {
		return f, err
	}
	if err := r.insight.get(ctx, "/api/queues"+in+"?columns=name,arguments", &has.Queues); err != nil {
		return f, err
	}
	const again = "; then import the definitions again"
	for _, d := range differ(want.Exchanges, has.Exchanges) {
		f.fail("exchange "+d, "delete the exchange, which holds no messages"+again)
	}
	for _, d := range differ(want.Queues, has.Queues) {
		f.fail("queue "+d, "let the queue run empty and delete it (rabbitmqctl delete_queue --vhost "+vhost+" QUEUE --if-empty)"+again)
	}
	return f, nil
}

// differ says in which arguments what is there is not what is wanted.
func differ(want, has []thing) (texts []string) {
	for _, w := range want {
		i := slices.IndexFunc(has, func(h thing) bool { return h.Name == w.Name })
		if i < 0 {
			continue
		}
		w.Arguments["type"], has[i].Arguments["type"] = kindOf(w), kindOf(has[i])
		for _, name := range slices.Sorted(maps.Keys(merged(w.Arguments, has[i].Arguments))) {
			if is, must := fmt.Sprint(has[i].Arguments[name]), fmt.Sprint(w.Arguments[name]); is != must {
				texts = append(texts, fmt.Sprintf("%q exists with %s = %s, but this version needs %s", w.Name, name, said(is), said(must)))
			}
		}
	}
	return texts
}

// kindOf is that of an exchange; queues say theirs in their arguments.
func kindOf(t thing) any {
	if t.Type == "" {
		return nil
	}
	return t.Type
}

func merged(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func said(value string) string {
	if value == fmt.Sprint(nil) {
		return "none"
	}
	return value
}
