// Package link makes addresses of files that work without a token, for whatever
// can't send one: the video and audio elements of a browser, downloads. A link is
// for one file of one job, ends soon, and nobody can make one without the secret.
package link

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// Life is how long a link works.
const Life = time.Hour

const (
	timeBytes = 8
	// purpose keeps the secret from signing anything that is taken elsewhere.
	purpose = "studycast artifact link"
)

// Signer makes and checks links. It is safe for concurrent use.
type Signer struct {
	secret []byte
	now    func() time.Time
}

// New returns a Signer. All gateways of a system share a secret; without one the
// links of this Signer work with no other. A nil clock is the system's.
func New(secret string, clock func() time.Time) *Signer {
	s := &Signer{secret: []byte(secret), now: clock}
	if secret == "" {
		s.secret = make([]byte, sha256.Size)
		_, _ = rand.Read(s.secret) // never fails
	}
	if clock == nil {
		s.now = time.Now
	}
	return s
}

// Sign returns the token of a file of a job, and until when it works.
func (s *Signer) Sign(owner, job, name string) (token string, ends time.Time) {
	ends = s.now().Add(Life).UTC().Truncate(time.Second)
	at := binary.BigEndian.AppendUint64(nil, uint64(ends.Unix()))
	sum := s.sum(at, owner, job, name)
	return base64.RawURLEncoding.EncodeToString(append(append(at, sum...), owner...)), ends
}

var errLink = errors.New("the link is not one of ours for this file, or has ended")

// Check returns the owner of the file that a token is for.
func (s *Signer) Check(token, job, name string) (owner string, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) <= timeBytes+sha256.Size {
		return "", errLink
	}
	at, sum, owner := raw[:timeBytes], raw[timeBytes:timeBytes+sha256.Size], string(raw[timeBytes+sha256.Size:])
	ends := time.Unix(int64(binary.BigEndian.Uint64(at)), 0)
	if !hmac.Equal(sum, s.sum(at, owner, job, name)) || !s.now().Before(ends) {
		return "", errLink
	}
	return owner, nil
}

// sum covers each part with its length, so that no two files share one.
func (s *Signer) sum(at []byte, parts ...string) []byte {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(purpose))
	mac.Write(at)
	for _, p := range parts {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		mac.Write([]byte(p))
	}
	return mac.Sum(nil)
}
