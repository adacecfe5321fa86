package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/gateway/internal/caller"
)

const (
	// keyPrefix tells an API key from a token, and secret scanners what it is.
	keyPrefix = "studycast_"
	// servicePrefix is that of the owner of a service's jobs. No token of a user
	// may name such an owner.
	servicePrefix = "service:"
	secretBytes   = 32
	// racy is how fresh a file may be for a later change to leave no trace in
	// its time.
	racy = time.Second
)

var keyName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// NewKey makes an API key of a service: the key, which is shown once, and the
// line of the API key file that makes it valid. The roles are service or
// operator, none means service; no scopes mean all that the roles may do, but
// no permission: that to edit comes with its scope alone.
func NewKey(name string, roles []caller.Role, scopes []caller.Scope) (key, line string, err error) {
	if len(roles) == 0 {
		roles = []caller.Role{caller.Service}
	}
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails
	key = keyPrefix + name + "." + base64.RawURLEncoding.EncodeToString(secret)
	hash := sha256.Sum256([]byte(key))
	words := []string{name, list(roles)}
	if len(scopes) > 0 {
		words = append(words, list(scopes))
	}
	line = strings.Join(append(words, hex.EncodeToString(hash[:])), " ")
	if _, err = parseKey(line); err != nil {
		return "", "", err
	}
	return key, line, nil
}

func list[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, one := range all {
		words[i] = string(one)
	}
	return strings.Join(words, ",")
}

// apiKey is a line of the file.
type apiKey struct {
	id   caller.Identity
	hash [sha256.Size]byte
}

// parseKey reads a line: name, roles after commas, scopes after commas unless it
// has all, SHA-256 of the key in hex.
func parseKey(line string) (apiKey, error) {
	fields := strings.Fields(line)
	if len(fields) != 3 && len(fields) != 4 {
		return apiKey{}, errors.New("use three or four words: name, roles, scopes or nothing, hash; `studycast apikey` prints such a line")
	}
	if !keyName.MatchString(fields[0]) {
		return apiKey{}, fmt.Errorf("name %q: use up to 63 small letters, digits and dashes", fields[0])
	}
	k := apiKey{id: caller.Identity{Owner: servicePrefix + fields[0]}}
	for word := range strings.SplitSeq(fields[1], ",") {
		r := caller.Role(word)
		if r != caller.Service && r != caller.Operator {
			return apiKey{}, fmt.Errorf("role %q of %s: use service or operator", word, fields[0])
		}
		k.id.Roles = append(k.id.Roles, r)
	}
	if len(fields) == 4 {
		var err error
		if k.id.Scopes, err = parseScopes(fields[2], fields[0], k.id); err != nil {
			return apiKey{}, err
		}
	}
	if slices.Contains(k.id.Scopes, caller.DeadLettersEdit) {
		k.id.Permissions = []caller.Permission{caller.Edit}
	}
	hash, err := hex.DecodeString(fields[len(fields)-1])
	if err != nil || len(hash) != sha256.Size {
		return apiKey{}, fmt.Errorf("hash of %s: use the SHA-256 of the key in 64 hexadecimal digits", fields[0])
	}
	copy(k.hash[:], hash)
	return k, nil
}

// parseScopes refuses a scope that the roles of the key make no use of, which is
// a mistake of whoever wrote it.
func parseScopes(words, name string, id caller.Identity) ([]caller.Scope, error) {
	var all []caller.Scope
	for word := range strings.SplitSeq(words, ",") {
		s := caller.Scope(word)
		if !s.Known() {
			return nil, fmt.Errorf("scope %q of %s: use some of %s", word, name, list(caller.Scopes()))
		}
		if role := s.Of(); role != "" && !id.Is(role) {
			return nil, fmt.Errorf("scope %q of %s: it is of use together with the role %s only", word, name, role)
		}
		all = append(all, s)
	}
	return all, nil
}

// keys are the API keys of a file, which is read again when it changes. A line
// that is gone or wrong is a key that is revoked; so are all when the file is.
type keys struct {
	path  string
	log   *slog.Logger
	clock job.Clock

	mu   sync.Mutex
	seen os.FileInfo // as it was read; nil = it could not be
	read time.Time
	all  []apiKey
}

func openKeys(path string, log *slog.Logger, clock job.Clock) (*keys, error) {
	k := &keys{path: path, log: log, clock: clock}
	if err := k.load(); err != nil {
		return nil, fmt.Errorf("API_KEYS_FILE: %w", err)
	}
	return k, nil
}

// load reads the file; what is good of it holds even when there is an error.
func (k *keys) load() error {
	k.all, k.seen, k.read = nil, nil, k.clock.Now()
	info, err := os.Stat(k.path)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(k.path)
	if err != nil {
		return err
	}
	k.seen = info
	var errs []error
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		one, err := parseKey(line)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s, line %d: %w", k.path, n, err))
			continue
		}
		k.all = append(k.all, one)
	}
	return errors.Join(errs...)
}

// current returns the keys that hold now.
func (k *keys) current() []apiKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := os.Stat(k.path)
	if err == nil && k.seen != nil && os.SameFile(info, k.seen) && info.Size() == k.seen.Size() &&
		info.ModTime().Equal(k.seen.ModTime()) && k.read.Sub(info.ModTime()) > racy {
		return k.all
	}
	had := k.seen != nil
	before := k.all
	if err := k.load(); err != nil && (had || k.seen != nil) {
		k.log.Error("API keys: what is wrong in the file does not hold", "error", err)
	} else if err == nil && !slices.EqualFunc(before, k.all, func(a, b apiKey) bool { return a.hash == b.hash }) {
		k.log.Info("API keys were read again", "entries", len(k.all))
	}
	return k.all
}

// identify compares a key with every line, in the same time whichever fits.
func (k *keys) identify(key string) (caller.Identity, error) {
	hash := sha256.Sum256([]byte(key))
	found := -1
	all := k.current()
	for i := range all {
		if subtle.ConstantTimeCompare(hash[:], all[i].hash[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return caller.Identity{}, errors.New("unknown or revoked API key")
	}
	return all[found].id, nil
}
