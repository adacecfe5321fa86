// Package tables brings the tables of a database to the version that a program
// needs.
package tables

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Migrate runs the scripts in the folder migrations of files that have not run
// yet. versions is the table that remembers which did; "" = goose's own. Tables
// of a newer program are left as they are, as long as no script since has broken
// with programs of this version (see Contract), so that neighbour versions start
// in any order; after that they are an error that says so.
func Migrate(ctx context.Context, d goose.Dialect, db *sql.DB, files fs.FS, versions string) error {
	scripts, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	var options []goose.ProviderOption
	if versions != "" {
		options = append(options, goose.WithTableName(versions))
	}
	p, err := goose.NewProvider(d, db, scripts, options...)
	if err != nil {
		return err
	}
	has, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the tables; if the database is not ours or is damaged, choose or restore another: %w", err)
	}
	var knows int64
	for _, src := range p.ListSources() {
		knows = max(knows, src.Version)
	}
	if has > knows {
		floor, err := readFloor(ctx, d, db, versions)
		if err != nil {
			return err
		}
		if floor > knows {
			return fmt.Errorf("its tables have version %d, this program knows %d: run the newer program", has, knows)
		}
		return nil
	}
	if has < knows {
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("bring the tables to version %d: %w", knows, err)
		}
	}
	return writeFloor(ctx, d, db, files, versions)
}
