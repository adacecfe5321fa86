package rabbitbroker

import (
	"errors"
	"fmt"
	"regexp"

	amqp "github.com/rabbitmq/amqp091-go"
)

// ErrTopology: an exchange or queue on the server is missing or is not what
// this version needs; a human has to decide.
var ErrTopology = errors.New("topology of the broker doesn't fit")

// Misfit is an ErrTopology in two parts: what is wrong, and what a human does
// about it.
type Misfit struct{ Wrong, Remedy string }

// Error says both.
func (m *Misfit) Error() string { return ErrTopology.Error() + ": " + m.Wrong + "; " + m.Remedy }

// Unwrap returns ErrTopology.
func (m *Misfit) Unwrap() error { return ErrTopology }

// How a server tells that something exists with other arguments.
var (
	inequivalent = regexp.MustCompile(`inequivalent arg '([^']+)' for \w+ '.*' in vhost '(.*)': received (.+) but current is (.+)$`)
	valueOf      = regexp.MustCompile(`^(?:the value )?'(.*?)'(?: of type '.*')?$`)
)

// misfit makes an answer of the server that no retry can change an ErrTopology
// that says what to do.
func (b *Broker) misfit(what, name string, err error) error {
	var answer *amqp.Error
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.Code {
	case amqp.PreconditionFailed:
		return differs(what, name, answer.Reason)
	case amqp.NotFound:
		return &Misfit{
			fmt.Sprintf("%s %q is missing", what, name),
			"import the file that `studycast topology --definitions` writes (rabbitmqctl import_definitions FILE), " +
				"or let the program declare it (BROKER_TOPOLOGY=declare)",
		}
	case amqp.AccessRefused:
		return &Misfit{
			fmt.Sprintf("the user may not declare or use %s %q (%s)", what, name, answer.Reason),
			"give the user the right, or import the file that `studycast topology --definitions` writes and set " +
				"BROKER_TOPOLOGY=verify",
		}
	}
	return fmt.Errorf("prepare %s %q: %w", what, name, err)
}

// differs explains the server's refusal of other arguments. Both values and
// the argument's name are in its text.
func differs(what, name, reason string) *Misfit {
	found := inequivalent.FindStringSubmatch(reason)
	if found == nil {
		return &Misfit{fmt.Sprintf("%s %q exists and is not as this version needs it: %s", what, name, reason), remedy(what, name, "/")}
	}
	argument, vhost := found[1], found[2]
	return &Misfit{
		fmt.Sprintf("%s %q exists with %s = %s, but this version needs %s", what, name, argument, value(found[4]), value(found[3])),
		remedy(what, name, vhost),
	}
}

func value(s string) string {
	if s == "none" {
		return "none"
	}
	if found := valueOf.FindStringSubmatch(s); found != nil {
		return found[1]
	}
	return s
}

// remedy says how to get rid of what can't be changed.
func remedy(what, name, vhost string) string {
	again := "start again or import the definitions again"
	if what == "exchange" { // there is no command for it
		return fmt.Sprintf("delete the exchange (it holds no messages; rabbitmqadmin --vhost=%s delete exchange name=%s) and %s",
			vhost, name, again)
	}
	return fmt.Sprintf("let the queue run empty, delete it (rabbitmqctl delete_queue --vhost %s %s --if-empty) and %s",
		vhost, name, again)
}
