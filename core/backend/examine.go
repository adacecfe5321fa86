package backend

import (
	"context"
	"strings"

	"github.com/studycast/studycast/core/broker/rabbitbroker"
	"github.com/studycast/studycast/core/broker/sqlitebroker"
	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/tables"
)

// What an examination of a RabbitMQ server says, in its adapter's words.
type (
	// Examiner looks at a server without disturbing those who use it.
	Examiner = rabbitbroker.Examiner
	// BrokerServer is what the server says of itself.
	BrokerServer = rabbitbroker.Server
	// Misfit is a part of the server that is not as the programs need it.
	Misfit = rabbitbroker.Misfit
	// Trip is the way of one probe through a delay.
	Trip = rabbitbroker.Trip
)

// Errors of an examination.
var (
	// ErrRefused: a server answers and does not let us in.
	ErrRefused = rabbitbroker.ErrRefused
	// ErrRights: the user may not do on the server what a probe needs.
	ErrRights = rabbitbroker.ErrRights
)

// Examine connects to a RabbitMQ server at a URL like that of OpenBroker, to
// look at it.
func Examine(ctx context.Context, url string, ps job.Policies, o BrokerOptions) (*Examiner, error) {
	return rabbitbroker.Examine(ctx, strings.Split(url, ","), queuesOf(ps), rabbitbroker.Options{
		Logger: o.Logger, Name: o.Name, TLS: o.TLS,
	})
}

// QueueSchema reads the version of the tables of the embedded queue in the file
// at path, which must be there, beside its owner and without changing it.
func QueueSchema(ctx context.Context, path string) (tables.State, error) {
	return sqlitebroker.Schema(ctx, path)
}
