package tables

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"math"
	"path"

	"github.com/pressly/goose/v3"
)

// Contract is a line of a script with which programs that don't know it can't
// work: it takes away what they use. All other scripts only add.
const Contract = "-- studycast: contract"

// The floor of tables is the version of the newest script that broke with older
// programs. It is kept beside the versions, because an older program doesn't have
// the script.
const (
	ofFloor  = "_floor"
	noFloor  = int64(math.MaxInt64) // tables of a time before there were floors
	anyFloor = int64(0)
)

// floorOf finds the newest script that breaks with older programs.
func floorOf(files fs.FS) (floor int64, err error) {
	floor = anyFloor
	scripts, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	for _, script := range scripts {
		text, err := fs.ReadFile(files, script)
		if err != nil {
			return 0, err
		}
		version, err := goose.NumericComponent(path.Base(script))
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", script, err)
		}
		if bytes.Contains(text, []byte("\n"+Contract+"\n")) {
			floor = max(floor, version)
		}
	}
	return floor, nil
}

func floorTable(versions string) string {
	if versions == "" {
		versions = defaultVersions
	}
	return versions + ofFloor
}

func readFloor(ctx context.Context, d goose.Dialect, db *sql.DB, versions string) (floor int64, err error) {
	table := floorTable(versions)
	var there int
	if err := db.QueryRowContext(ctx, exists[d], table).Scan(&there); err != nil {
		return 0, fmt.Errorf("look for the floor of the tables: %w", err)
	}
	if there == 0 {
		return noFloor, nil
	}
	if err := db.QueryRowContext(ctx, "SELECT coalesce(max(version), $1) FROM "+table, noFloor).Scan(&floor); err != nil {
		return 0, fmt.Errorf("read the floor of the tables: %w", err)
	}
	return floor, nil
}

// writeFloor tells older programs whether they can work.
func writeFloor(ctx context.Context, d goose.Dialect, db *sql.DB, files fs.FS, versions string) error {
	floor, err := floorOf(files)
	if err != nil {
		return err
	}
	has, err := readFloor(ctx, d, db, versions)
	if err != nil || has != noFloor && has >= floor {
		return err
	}
	table := floorTable(versions)
	for _, statement := range []string{
		"CREATE TABLE IF NOT EXISTS " + table + " (version BIGINT NOT NULL)",
		fmt.Sprintf("INSERT INTO %s (version) VALUES (%d)", table, floor),
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("write the floor of the tables: %w", err)
		}
	}
	return nil
}
