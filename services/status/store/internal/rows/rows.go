// Package rows is the SQL of the status service's store, once for every
// database: the statements are in the part of the language that all of them
// understand, with parameters written $1, $2. An adapter gives it a Conn.
package rows

import (
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// Conn is one transaction; one goroutine at a time uses it.
type Conn interface {
	// Exec runs a statement. Its error may come with a later one.
	Exec(text string, args ...any) error
	// Read hands every row that a query finds to each.
	Read(each func(Scanner) error, text string, args ...any) error
	// SkipLocked is the clause that locks the rows of p and leaves out those
	// that somebody else has locked; "" where nobody else can.
	SkipLocked() string
	// Near reports whether a read costs no trip to a server, so that a look
	// before a larger statement is worth it.
	Near() bool
}

// Scanner is a row under the cursor.
type Scanner interface{ Scan(dest ...any) error }

// Reader reads rows.
type Reader struct{ Conn }

// Writer reads and writes rows.
type Writer struct{ Reader }

var (
	_ store.Reader      = Reader{}
	_ store.JobWriter   = Writer{}
	_ store.Sessions    = Writer{}
	_ store.Promises    = Writer{}
	_ store.LineWriter  = Writer{}
	_ store.Keys        = Writer{}
	_ store.Tombstones  = Writer{}
	_ store.Sharing     = Writer{}
	_ store.QueueWriter = Writer{}
)

// one reads a single row; job.ErrNotFound when there is none.
func one[T any](c Conn, scan func(Scanner) (T, error), text string, args ...any) (v T, err error) {
	found := false
	err = c.Read(func(row Scanner) (err error) {
		found = true
		v, err = scan(row)
		return err
	}, text, args...)
	if err == nil && !found {
		err = job.ErrNotFound
	}
	return v, err
}

// many reads all rows.
func many[T any](c Conn, scan func(Scanner) (T, error), text string, args ...any) (vs []T, err error) {
	err = c.Read(func(row Scanner) error {
		v, err := scan(row)
		vs = append(vs, v)
		return err
	}, text, args...)
	return vs, err
}

func scanOne[T any](row Scanner) (v T, err error) {
	err = row.Scan(&v)
	return v, err
}

// Micros turns a time into what the tables hold; 0 is the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// TimeOf turns it back.
func TimeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
