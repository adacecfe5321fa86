package rabbitbroker

import (
	"regexp"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/broker/driver"
)

// User is an account on the server and the least that it needs in a virtual
// host whose topology Definitions made, in Verify mode.
type User struct {
	Name string
	Tags string // what it may see of the server beside AMQP
	// Which names it may make, write to and read from; none = nothing. One that
	// ends in a dot stands for all that begin so. Reading a queue includes
	// emptying it: the server knows no smaller right.
	Configure, Write, Read []string
}

// Users of the programs that hold a connection to the server.
const (
	userGateway     = "gateway"
	userDeadLetters = "deadletter"
	userDoctor      = "doctor"
)

// Users returns the account of every program. workers names that of each work
// queue's worker.
//
// A direct exchange knows no rights on routing keys (the server's topic
// permissions hold for topic exchanges alone), so who may write to an exchange
// reaches every queue that is bound to it.
func Users(queues []driver.Queue, workers map[string]string) []User {
	letters := []string{Unroutable}
	for _, q := range queues {
		letters = append(letters, driver.DeadQueue(q.Name))
	}
	users := []User{
		{Name: userGateway, Write: []string{exchangeJobs}},
		// It sends messages again that belong to no job.
		{Name: userDeadLetters, Write: []string{exchangeJobs}, Read: letters},
	}
	for _, q := range queues {
		users = append(users, User{
			// A message that is given back too often is copied to the end of its
			// queue; see Release.
			Name: workers[q.Name], Write: []string{exchangeDead, exchangeJobs, exchangeRetry}, Read: []string{q.Name},
		})
	}
	return append(users, User{
		// An Examiner makes queues and exchanges of its own, sends what finds no
		// queue to each exchange, and binds its queues to those of a retry's way.
		Name: userDoctor, Tags: "monitoring", Configure: []string{probePrefix},
		Write: []string{exchangeDead, exchangeJobs, probePrefix, exchangeRetry},
		Read:  []string{exchangeJobs, probePrefix, exchangeRetry},
	})
}

// pattern returns the expression by which the server compares names.
func pattern(names []string) string {
	var each []string
	for _, name := range slices.Sorted(slices.Values(names)) {
		expression := regexp.QuoteMeta(name)
		if strings.HasSuffix(name, ".") {
			expression += ".+"
		}
		each = append(each, expression)
	}
	if len(each) < 2 {
		return "^" + strings.Join(each, "") + "$"
	}
	return "^(" + strings.Join(each, "|") + ")$"
}

// The server's format of users, as far as it is needed.
type (
	userDefinition struct {
		Name string `json:"name"`
		// An empty hash lets nobody in by password.
		Hash      string `json:"password_hash"`
		Algorithm string `json:"hashing_algorithm"`
		Tags      string `json:"tags"`
	}
	permissionDefinition struct {
		User      string `json:"user"`
		Vhost     string `json:"vhost"`
		Configure string `json:"configure"`
		Write     string `json:"write"`
		Read      string `json:"read"`
	}
)

// admit adds users without passwords.
func (d *definitions) admit(vhost string, users []User) {
	for _, u := range users {
		d.Users = append(d.Users, userDefinition{Name: u.Name, Algorithm: "rabbit_password_hashing_sha256", Tags: u.Tags})
		d.Permissions = append(d.Permissions, permissionDefinition{
			User: u.Name, Vhost: vhost, Configure: pattern(u.Configure), Write: pattern(u.Write), Read: pattern(u.Read),
		})
	}
}
