package cli

import (
	"fmt"

	"github.com/studycast/studycast/core/backend"
	"github.com/studycast/studycast/core/config"
)

// topologyCmd shows what a RabbitMQ server must have.
type topologyCmd struct {
	config.Policies `embed:""`

	Definitions bool   `help:"Write a definitions file for rabbitmqctl import_definitions instead of a table."`
	Users       bool   `help:"Add an account for every program to the definitions, with the least rights that it needs and without a password."`
	Vhost       string `help:"Virtual host of the definitions." default:"/"`
}

// Run prints the exchanges and queues that the policies need.
func (c topologyCmd) Run(r *run) error {
	if err := c.Check(); err != nil {
		return err
	}
	ps := c.Policies.Policies()
	if !c.Definitions && !c.Users {
		_, err := fmt.Fprint(r.out, backend.DescribeTopology(ps))
		return err
	}
	write := backend.Definitions
	if c.Users {
		write = backend.DefinitionsWithUsers
	}
	file, err := write(c.Vhost, ps)
	if err != nil {
		return err
	}
	_, err = r.out.Write(file)
	return err
}
