package server

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/services/deadletter/store"
)

// A page token is opaque to callers: version, digest of the filter it belongs
// to, id of the last letter of the page.
const (
	tokenVersion = 1
	digestBytes  = 8
	tokenHead    = 1 + digestBytes
	maxTokenID   = 64
)

func encodeToken(last string, f store.Filter) string {
	b := append([]byte{tokenVersion}, digest(f)...)
	return base64.RawURLEncoding.EncodeToString(append(b, last...))
}

func decodeToken(token string, f store.Filter) (last string, err error) {
	bad := func(message string) error {
		return &job.InvalidError{Fields: []job.FieldError{{Path: "page_token", Message: message}}}
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) <= tokenHead || len(b) > tokenHead+maxTokenID || b[0] != tokenVersion {
		return "", bad("is not one that this list gave out: start with the first page")
	}
	if string(b[1:tokenHead]) != string(digest(f)) {
		return "", bad("belongs to a list with another filter: keep the filter or start with the first page")
	}
	return string(b[tokenHead:]), nil
}

// digest identifies a filter; the size of the page may change on the way.
func digest(f store.Filter) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", f.States, f.Kind, f.JobID))
	return sum[:digestBytes]
}
