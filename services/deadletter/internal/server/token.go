package server

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/studycast/studycast/core/job"
)

// A page token is opaque to callers: version, digest of the filter it belongs
// to, key of the last entry of the page.
const (
	tokenVersion = 1
	digestBytes  = 8
	tokenHead    = 1 + digestBytes
	maxTokenKey  = 64
)

// encodeToken makes the token of the page behind last; of is the list and its
// filter.
func encodeToken(last string, of ...any) string {
	b := append([]byte{tokenVersion}, digest(of)...)
	return base64.RawURLEncoding.EncodeToString(append(b, last...))
}

// decodeToken returns what encodeToken got as last; "" for no token.
func decodeToken(token string, of ...any) (last string, err error) {
	if token == "" {
		return "", nil
	}
	bad := func(message string) error {
		return &job.InvalidError{Fields: []job.FieldError{{Path: "page_token", Message: message}}}
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) <= tokenHead || len(b) > tokenHead+maxTokenKey || b[0] != tokenVersion {
		return "", bad("is not one that this list gave out: start with the first page")
	}
	if string(b[1:tokenHead]) != string(digest(of)) {
		return "", bad("belongs to a list with another filter: keep the filter or start with the first page")
	}
	return string(b[tokenHead:]), nil
}

// digest identifies a list with its filter; the size of the page may change on
// the way.
func digest(of []any) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+q", of))
	return sum[:digestBytes]
}
