package doctor

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDiffer(t *testing.T) {
	t.Parallel()
	queue := func(arguments map[string]any) []thing { return []thing{{Name: "q", Arguments: arguments}} }
	for name, c := range map[string]struct {
		want, has []thing
		says      []string
	}{
		"equal":   {queue(map[string]any{"x-message-ttl": 5000.0}), queue(map[string]any{"x-message-ttl": 5000.0}), nil},
		"other":   {queue(map[string]any{"x-message-ttl": 5000.0}), queue(map[string]any{"x-message-ttl": 10.0}), []string{`"q" exists with x-message-ttl = 10, but this version needs 5000`}},
		"too few": {queue(map[string]any{"x-overflow": "reject-publish"}), queue(map[string]any{}), []string{`"q" exists with x-overflow = none, but this version needs reject-publish`}},
		"too many": {
			queue(map[string]any{}), queue(map[string]any{"x-max-length": 5.0}),
			[]string{`"q" exists with x-max-length = 5, but this version needs none`},
		},
		"missing is told by another": {queue(map[string]any{}), nil, nil},
		"type of an exchange": {
			[]thing{{Name: "x", Type: "direct", Arguments: map[string]any{}}},
			[]thing{{Name: "x", Type: "topic", Arguments: map[string]any{}}},
			[]string{`"x" exists with type = topic, but this version needs direct`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.says, differ(c.want, c.has))
		})
	}
}
