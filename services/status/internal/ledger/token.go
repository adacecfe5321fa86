package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/status/store"
)

// A page token is opaque to callers: version, digest of the filter it belongs
// to, place in the list.
const (
	tokenVersion = 1
	digestBytes  = 8
	tokenHead    = 1 + digestBytes + 8
	maxTokenID   = 64
)

func encodeToken(c store.Cursor, f store.Filter) string {
	b := append([]byte{tokenVersion}, digest(f)...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.CreatedAt.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(b, c.ID...))
}

func decodeToken(token string, f store.Filter) (store.Cursor, error) {
	bad := &job.InvalidError{Fields: []job.FieldError{{
		Path: "page_token", Message: "is not one that this list gave out: start with the first page",
	}}}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) <= tokenHead || len(b) > tokenHead+maxTokenID || b[0] != tokenVersion {
		return store.Cursor{}, bad
	}
	if string(b[1:1+digestBytes]) != string(digest(f)) {
		bad.Fields[0].Message = "belongs to a list with another filter: keep the filter or start with the first page"
		return store.Cursor{}, bad
	}
	us := int64(binary.BigEndian.Uint64(b[1+digestBytes:]))
	return store.Cursor{CreatedAt: time.UnixMicro(us).UTC(), ID: job.ID(b[tokenHead:])}, nil
}

// digest identifies a filter; the size of the page may change on the way.
func digest(f store.Filter) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %d",
		f.Owner, f.States, f.Kind, f.CreatedAfter.UnixMicro(), f.CreatedBefore.UnixMicro()))
	return sum[:digestBytes]
}
