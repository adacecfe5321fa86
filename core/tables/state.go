package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/studycast/studycast/core/sqlitefile"
)

// State is what a database says of its tables to somebody who only looks.
type State struct {
	Has   int64 // version of the tables; 0 = there are none
	Needs int64 // version that this program needs
	// Beyond: a newer program took something away that this one uses.
	Beyond bool
	Clock  time.Time // what the database's server takes for now; zero = it has no clock of its own
}

// defaultVersions is goose's own table of versions.
const defaultVersions = "goose_db_version"

// clock asks a server for its time.
var clock = map[goose.Dialect]string{goose.DialectPostgres: "SELECT clock_timestamp()"}

// exists asks for a table by name without making it.
var exists = map[goose.Dialect]string{
	goose.DialectSQLite3:  "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
	goose.DialectPostgres: "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1",
}

// Look reads which version the tables have and which one the scripts in the
// folder migrations of files would bring, and the clock of the server, if there is
// one. Unlike Migrate it changes nothing, not even an empty database. versions is
// as for Migrate.
func Look(ctx context.Context, d goose.Dialect, db *sql.DB, files fs.FS, versions string) (State, error) {
	if versions == "" {
		versions = defaultVersions
	}
	needs, err := newest(files)
	if err != nil {
		return State{}, err
	}
	s := State{Needs: needs}
	if query := clock[d]; query != "" {
		if err := db.QueryRowContext(ctx, query).Scan(&s.Clock); err != nil {
			return s, fmt.Errorf("read the clock of the server: %w", err)
		}
	}
	var there int
	if err := db.QueryRowContext(ctx, exists[d], versions).Scan(&there); err != nil {
		return s, fmt.Errorf("look for the tables: %w", err)
	}
	if there == 0 {
		return s, nil
	}
	query := "SELECT coalesce(max(version_id), 0) FROM " + versions + " WHERE is_applied"
	if err := db.QueryRowContext(ctx, query).Scan(&s.Has); err != nil {
		return s, fmt.Errorf("read the version of the tables: %w", err)
	}
	if s.Has > s.Needs {
		floor, err := readFloor(ctx, d, db, versions)
		s.Beyond = floor > s.Needs
		return s, err
	}
	return s, nil
}

// LookAtFile is Look for the SQLite file at path, which must be there, beside its
// owner. The caller imports the driver "sqlite".
func LookAtFile(ctx context.Context, path string, files fs.FS, versions string) (s State, err error) {
	db, err := sqlitefile.Look(path)
	if err != nil {
		return s, fmt.Errorf("look at %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return Look(ctx, goose.DialectSQLite3, db, files, versions)
}

// newest returns the highest version among the scripts.
func newest(files fs.FS) (version int64, err error) {
	scripts, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	for _, script := range scripts {
		v, err := goose.NumericComponent(path.Base(script))
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", script, err)
		}
		version = max(version, v)
	}
	return version, nil
}
