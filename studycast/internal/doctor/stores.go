package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/tables"
	deadletter "github.com/studycast/studycast/services/deadletter/app"
	status "github.com/studycast/studycast/services/status/app"
)

func (o Options) storeChecks() []check {
	return []check{
		schemaCheck("status.store", "the store of the status service and the version of its tables", "STORE_URL", o.StoreURL, status.Schema),
		schemaCheck("deadletters.store", "the store of the dead-letter service and the version of its tables",
			"DEADLETTER_STORE_URL", o.DeadLetterStoreURL, deadletter.Schema),
	}
}

// schemaCheck compares the tables at an address with what this version needs.
func schemaCheck(name, looks, setting, address string, look func(context.Context, string) (tables.State, error)) check {
	return check{name: name, looks: looks, run: func(ctx context.Context) finding {
		s, err := look(ctx, address)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return saw("not there yet: the first start makes it")
		case err != nil:
			return fail(oneLine(err), storeRemedy(setting, err))
		case s.Has > s.Needs && !s.Beyond:
			return warn(fmt.Sprintf("its tables have version %d, of a newer release; this program knows %d and can work on them", s.Has, s.Needs),
				"end the roll-out, or the roll-back, and run the doctor of the version that stays")
		case s.Has > s.Needs:
			return fail(fmt.Sprintf("its tables have version %d, this program knows %d", s.Has, s.Needs),
				"run the newer version of Studycast, or restore the backup from before its first start")
		case s.Has == 0:
			return fail("it has no tables", "start the service: it makes them; if it has run before, "+setting+" names another database or schema than it uses")
		case s.Has < s.Needs:
			return fail(fmt.Sprintf("its tables have version %d, this program needs %d", s.Has, s.Needs),
				"make a backup and start the service of this version: it brings the tables up to date")
		}
		return saw(fmt.Sprintf("version %d", s.Has))
	}}
}

// storeRemedy says what to do about a database that can't be read.
func storeRemedy(setting string, err error) string {
	var refused interface{ SQLState() string }
	switch {
	case errors.As(err, &refused) && strings.HasPrefix(refused.SQLState(), "28"):
		return "correct user and password in " + setting + ", or set them in the database: ALTER ROLE name PASSWORD '…'"
	case errors.As(err, &refused) && refused.SQLState() == "3D000":
		return "make the database (createdb NAME), or name another in " + setting
	case errors.Is(err, job.ErrUnavailable):
		return "start PostgreSQL (pg_isready tells whether it is up), or correct host and port of " + setting
	}
	return "check " + setting + ": it must name a database of Studycast that this user may read; if it is damaged, restore a backup"
}
