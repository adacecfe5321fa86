package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/program"
)

// rabbit examines a RabbitMQ server. Its connection is made by the first check,
// which all others need.
type rabbit struct {
	o        Options
	examiner *backend.Examiner
	insight  *insight
}

// longestTrip bounds the delays that are waited for.
const longestTrip = time.Minute

func (r *rabbit) checks() []check {
	connected, shaped := []string{"broker.connection"}, []string{"broker.connection", "broker.topology"}
	return []check{
		{name: "broker.connection", looks: "whether the broker answers and lets us in", run: r.connect},
		{name: "broker.version", looks: "whether the programs know this version of RabbitMQ", needs: connected, run: r.version},
		{name: "broker.semantics", looks: "publisher confirms and the return of what has no queue", needs: connected, run: r.semantics},
		{name: "broker.topology", looks: "exchanges, queues and their arguments", needs: connected, run: r.topology},
		{name: "broker.bindings", looks: "which queue gets what from which exchange", needs: shaped, run: r.bindings},
		{name: "broker.timeout", looks: "how long the broker lets a worker keep a job", needs: connected, run: r.timeout},
		{name: "broker.delays", looks: "a round trip through the like of every delay queue", needs: shaped, limit: longestTrip + checkTime, run: r.delays},
		{name: "broker.unroutable", looks: "what becomes of messages for which there is no queue", needs: shaped, run: r.unroutable},
	}
}

func (r *rabbit) close() {
	if r.examiner != nil {
		r.examiner.Close()
	}
}

func (r *rabbit) connect(ctx context.Context) finding {
	e, err := program.ExamineBroker(ctx, r.o.Broker, r.o.Policies.Policies(), backend.BrokerOptions{Logger: r.o.Logger, Name: "studycast doctor"})
	if err != nil {
		return fail(oneLine(err), connectRemedy(err))
	}
	r.examiner = e
	s := e.Server()
	r.insight = newInsight(r.o, s)
	f := saw(fmt.Sprintf("%s, virtual host %s", s.Host, s.Vhost))
	for _, away := range s.Away {
		f.warn(oneLine(away), connectRemedy(away))
	}
	return f
}

// connectRemedy says what to do about a server that can't be used.
func connectRemedy(err error) string {
	if errors.Is(err, backend.ErrRefused) {
		return "correct user, password and virtual host in BROKER_URL, or on the server: rabbitmqctl change_password USER PASSWORD; " +
			"rabbitmqctl set_permissions -p VHOST USER '.*' '.*' '.*'"
	}
	return "start the server (rabbitmqctl await_startup tells when it is up), or correct host, port and certificates of BROKER_URL"
}

// The versions of RabbitMQ: the oldest that has all that is needed, and the
// newest line that the tests ran on.
const (
	oldestMajor, oldestMinor = 3, 10
	newestMajor, newestMinor = 4, 0
)

func (r *rabbit) version(context.Context) finding {
	s := r.examiner.Server()
	says := strings.TrimSpace(s.Product + " " + s.Version)
	if s.Product != "RabbitMQ" {
		return fail("the broker is "+says+", not RabbitMQ: quorum queues and their delays are not to be had there",
			"name a RabbitMQ server of version 3.10 or later in BROKER_URL")
	}
	var major, minor int
	if _, err := fmt.Sscanf(s.Version, "%d.%d", &major, &minor); err != nil {
		return warn(fmt.Sprintf("the server's version %q can't be read", s.Version), "look with: rabbitmqctl version")
	}
	return judgeVersion(says, major, minor)
}

// judgeVersion says what is known of a version of RabbitMQ.
func judgeVersion(says string, major, minor int) finding {
	switch {
	case older(major, minor, oldestMajor, oldestMinor):
		return fail(says+" loses delayed messages when it is restarted: it lacks at-least-once dead-lettering",
			"upgrade the server to RabbitMQ 3.10 or later")
	case older(newestMajor, newestMinor, major, minor):
		return warn(says+" is newer than the versions that were tried (3.10 to 4.0)",
			"nothing has to be done while the other checks are content; run them again after each upgrade")
	}
	return saw(says)
}

func older(major, minor, than, thanMinor int) bool {
	return major < than || major == than && minor < thanMinor
}

func (r *rabbit) semantics(ctx context.Context) finding {
	err := r.examiner.Confirms(ctx)
	switch {
	case errors.Is(err, backend.ErrRights):
		return partly(err)
	case err != nil:
		return lostOr(err, "name a RabbitMQ server, without a proxy that changes its answers, in BROKER_URL")
	}
	return saw("confirmed messages are there, those without a queue come back")
}

// partly is a finding of a probe that needs more rights than the user has.
func partly(err error) finding {
	return warn("it can't be tried: "+oneLine(err),
		"run the doctor with a user in BROKER_URL who may configure the virtual host (rabbitmqctl set_permissions -p VHOST USER '.*' '.*' '.*')")
}

// lostOr is a finding about a probe that failed: by a connection that was lost,
// or by what the check is for.
func lostOr(err error, remedy string) finding {
	var network net.Error
	if errors.As(err, &network) {
		remedy = connectRemedy(err)
	}
	return fail(oneLine(err), remedy)
}

func (r *rabbit) topology(ctx context.Context) finding {
	wrong, compared, err := r.examiner.Misfits()
	if err != nil {
		return fail(oneLine(err), connectRemedy(err))
	}
	f := saw("exchanges and queues are as declared")
	if !compared {
		f = r.compareOtherwise(ctx)
	}
	for _, one := range wrong {
		if m, ok := errors.AsType[*backend.Misfit](one); ok {
			f.fail(m.Wrong, m.Remedy)
		} else {
			f.fail(oneLine(one), "look into the log of the broker, and run the doctor again")
		}
	}
	if len(wrong) > 0 {
		f.says = ""
	}
	return f
}

// compareOtherwise compares the arguments of what is there for a user to whom
// AMQP doesn't tell them.
func (r *rabbit) compareOtherwise(ctx context.Context) finding {
	f, err := r.differences(ctx)
	switch {
	case err != nil:
		f.says = "exchanges and queues are there"
		f.warn("their arguments can't be compared: the user may not configure them, and "+oneLine(err),
			"name the management API in BROKER_MANAGEMENT_URL and give the user of BROKER_URL the tag monitoring; or compare them by hand: "+
				"rabbitmqctl list_queues -p "+r.examiner.Server().Vhost+" name arguments, and studycast topology")
	case f.status() == OK:
		f.says = "exchanges and queues are as declared, as the management API shows them"
	}
	return f
}
