package deadletterclient

import (
	"fmt"
	"strings"
)

// whyBegin begins the reason of the change of state that a replay makes.
const whyBegin = "dead letter "

// Why returns the reason of the change of state that the replay of a dead letter
// makes, for the history of the job. It names the operator: owners are not shown
// it, see IsWhy.
func Why(id, author, reason string) string {
	return fmt.Sprintf("%s%s replayed by %s: %s", whyBegin, id, author, reason)
}

// IsWhy reports whether a reason is one that Why returned.
func IsWhy(reason string) bool { return strings.HasPrefix(reason, whyBegin) }
