package table

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// versions is the table that tells which migrations ran. It has a name of its
// own because the status service may keep its tables in the same schema.
const versions = "dead_letters_version"

// Migrate brings the tables up to date with the migrations in the folder dir of
// files. Tables of a newer program are an error that says so.
func Migrate(ctx context.Context, d goose.Dialect, db *sql.DB, files fs.FS, dir string) error {
	scripts, err := fs.Sub(files, dir)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(d, db, scripts, goose.WithTableName(versions))
	if err != nil {
		return err
	}
	has, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the tables: %w", err)
	}
	var knows int64
	for _, src := range p.ListSources() {
		knows = max(knows, src.Version)
	}
	if has > knows {
		return fmt.Errorf("its tables have version %d, this program knows %d: run the newer program", has, knows)
	}
	if has == knows {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
