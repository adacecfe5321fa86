//go:build linux

package versions

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/tables"
)

// releasedScripts lists the migrations of the last release with what they hold.
const releasedScripts = "migrations.txt"

// scripts finds all migrations, below the root of the repository.
func scripts(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, place := range []string{"services/*/store/*/migrations/*.sql", "core/broker/sqlitebroker/migrations/*.sql"} {
		found, err := filepath.Glob(filepath.Join("../..", place))
		require.NoError(t, err)
		all = append(all, found...)
	}
	require.Greater(t, len(all), 20)
	return all
}

// Scripts of the last release stay as they are, and newer ones only add: programs
// of the last release go on working on the tables.
func TestMigrationsOnlyAdd(t *testing.T) {
	t.Parallel()
	if os.Getenv("STUDYCAST_RECORD") == "true" {
		var lines []string
		for _, script := range scripts(t) {
			lines = append(lines, digest(t, script)+" "+strings.TrimPrefix(script, "../../"))
		}
		require.NoError(t, os.WriteFile(filepath.Join(testdata, releasedScripts), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	}
	text, err := os.ReadFile(filepath.Join(testdata, releasedScripts))
	require.NoError(t, err)
	var released []string
	for line := range strings.Lines(string(text)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		script := filepath.Join("../..", name)
		require.Equal(t, sum, digest(t, script), "%s ran already where the last release runs: write a new script", name)
		released = append(released, script)
	}
	require.NotEmpty(t, released)
	for _, script := range scripts(t) {
		if !slices.Contains(released, script) {
			text, err := os.ReadFile(script)
			require.NoError(t, err)
			require.NoError(t, additive(string(text)), script)
		}
	}
}

func digest(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	sum := sha256.Sum256(bytes.TrimSpace(text))
	return hex.EncodeToString(sum[:])
}

var (
	comment   = regexp.MustCompile(`(?m)--.*$`)
	made      = regexp.MustCompile(`(?i)^CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)`)
	unique    = regexp.MustCompile(`(?is)^CREATE\s+UNIQUE\s+INDEX\s+.*?\sON\s+(\w+)`)
	harmless  = regexp.MustCompile(`(?i)^(CREATE\s+INDEX|DROP\s+INDEX|INSERT\s|UPDATE\s|SELECT\s)`)
	altered   = regexp.MustCompile(`(?is)^ALTER\s+TABLE\s+\w+\s+(.*)$`)
	column    = regexp.MustCompile(`(?i)^ADD\s+COLUMN\s`)
	demanding = regexp.MustCompile(`(?i)\bNOT\s+NULL\b`)
	fallback  = regexp.MustCompile(`(?i)\bDEFAULT\b`)
	narrowing = regexp.MustCompile(`(?i)\b(CHECK|UNIQUE|REFERENCES)\b`)
)

// additive says what in a script breaks programs that don't know it. One that
// says that it does is let through: those programs are refused by its mark.
func additive(script string) error {
	if strings.Contains(script, "\n"+tables.Contract+"\n") {
		return nil
	}
	up, _, _ := strings.Cut(script, "-- +goose Down")
	fresh := map[string]bool{}
	for statement := range strings.SplitSeq(comment.ReplaceAllString(up, ""), ";") {
		statement = strings.TrimSpace(statement)
		if found := made.FindStringSubmatch(statement); found != nil {
			fresh[found[1]] = true
			continue
		}
		if found := unique.FindStringSubmatch(statement); found != nil && fresh[found[1]] {
			continue
		}
		if found := altered.FindStringSubmatch(statement); found != nil {
			if err := alteration(found[1]); err != nil {
				return fmt.Errorf("%w: %s", err, statement)
			}
			continue
		}
		if statement != "" && !harmless.MatchString(statement) {
			return fmt.Errorf("the last release may not bear it: %s", statement)
		}
	}
	return nil
}

// alteration judges what is done to a table that the last release writes to.
func alteration(changes string) error {
	for change := range strings.SplitSeq(changes, ",\n") {
		change = strings.TrimSpace(change)
		switch {
		case !column.MatchString(change):
			return fmt.Errorf("it does more than to add a column")
		case demanding.MatchString(change) && !fallback.MatchString(change):
			return fmt.Errorf("the last release writes no such column: give it a default")
		case narrowing.MatchString(change):
			return fmt.Errorf("the last release may write what the column refuses")
		}
	}
	return nil
}

func TestAdditiveKnowsWhatBreaks(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"ALTER TABLE jobs ADD COLUMN a TEXT;", "ALTER TABLE jobs ADD COLUMN a TEXT NOT NULL DEFAULT '';",
		"CREATE TABLE b (c TEXT NOT NULL); -- DROP\nCREATE UNIQUE INDEX d ON b (c);", "CREATE INDEX e ON jobs (a);", "UPDATE jobs SET a = '';",
		"ALTER TABLE jobs\n ADD COLUMN a INT,\n ADD COLUMN b INT NOT NULL DEFAULT 0;", "INSERT INTO b VALUES (1);",
	} {
		require.NoError(t, additive("-- +goose Up\n"+good+"\n-- +goose Down\nDROP TABLE b;\n"), good)
	}
	for _, bad := range []string{
		"DROP TABLE jobs;", "ALTER TABLE jobs DROP COLUMN a;", "ALTER TABLE jobs RENAME COLUMN a TO b;", "alter table jobs rename to work;",
		"ALTER TABLE jobs ADD COLUMN a TEXT NOT NULL;", "ALTER TABLE jobs ADD COLUMN a TEXT CHECK (a <> '');", "CREATE UNIQUE INDEX d ON jobs (a);",
		"ALTER TABLE jobs ALTER COLUMN a SET NOT NULL;", "ALTER TABLE jobs\n ADD COLUMN a INT,\n DROP COLUMN b;", "DELETE FROM jobs;",
		"ALTER TABLE jobs ADD CONSTRAINT c CHECK (a > 0);", "TRUNCATE jobs;",
	} {
		require.Error(t, additive("-- +goose Up\n"+bad+"\n-- +goose Down\n"), bad)
		require.NoError(t, additive("-- +goose Up\n"+tables.Contract+"\n"+bad), "it says so itself")
	}
}
