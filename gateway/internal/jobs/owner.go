package jobs

import (
	"net/http"

	"github.com/studycast/studycast/gateway/internal/caller"
	"github.com/studycast/studycast/gateway/internal/problem"
)

// Everybody is the owner that operators name to see the jobs of all owners.
const Everybody = "*"

// ErrOthers is the problem of a caller who asks for the jobs of others and is no
// operator.
func ErrOthers() error {
	return problem.New(http.StatusForbidden, "Only operators see the jobs of others. Leave owner out for your own.")
}

// whose returns the owner whose jobs are listed, in the words of the status
// service, where "" means everybody.
func whose(me caller.Identity, named string) (string, error) {
	switch {
	case named == "" || named == me.Owner:
		return me.Owner, nil
	case !me.Is(caller.Operator):
		return "", ErrOthers()
	case named == Everybody:
		return "", nil
	}
	return named, nil
}
