//go:build linux

package permissions

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/studycast/studycast/core/sandbox/rabbitmq"
)

const (
	files = "../../deploy/rabbitmq"
	vhost = "studycast"
)

// definitions are the server's file, as far as the tests look into it.
type definitions struct {
	Users       []account        `json:"users"`
	Permissions []permission     `json:"permissions"`
	Vhosts      []map[string]any `json:"vhosts"`
	Exchanges   []thing          `json:"exchanges"`
	Queues      []thing          `json:"queues"`
	Bindings    []map[string]any `json:"bindings"`
}

type account struct {
	Name      string `json:"name"`
	Hash      string `json:"password_hash"`
	Algorithm string `json:"hashing_algorithm"`
	Tags      string `json:"tags"`
}

type permission struct {
	User      string `json:"user"`
	Vhost     string `json:"vhost"`
	Configure string `json:"configure"`
	Write     string `json:"write"`
	Read      string `json:"read"`
}

// thing is an exchange or a queue.
type thing struct {
	Name       string         `json:"name"`
	Vhost      string         `json:"vhost"`
	Type       string         `json:"type,omitempty"`
	Durable    bool           `json:"durable"`
	AutoDelete bool           `json:"auto_delete"`
	Internal   bool           `json:"internal"`
	Arguments  map[string]any `json:"arguments"`
}

func readDefinitions(path string) (d definitions, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal(text, &d)
}

// rabbit is a server that was started with the files of deploy/rabbitmq.
type rabbit struct {
	*rabbitmq.Node
	dir       string // what it was started with
	shipped   definitions
	passwords map[string]string // by user
	lessened  []lessened
}

// lessened is a user who has one right less than another one.
type lessened struct{ user, of, right, name string }

func newRabbit() (r *rabbit, err error) {
	root := os.Getenv("STUDYCAST_RABBITMQ_ROOT")
	r = &rabbit{passwords: map[string]string{}}
	if r.dir, err = os.MkdirTemp(filepath.Join(root, os.TempDir()), "studycast-definitions-"); err != nil {
		return r, err
	}
	loaded := filepath.Join(r.dir, "definitions.json")
	if err := r.fill(loaded); err != nil {
		return r, err
	}
	inside := "/" + strings.TrimPrefix(strings.TrimPrefix(loaded, filepath.Clean(root)), "/")
	config, err := shippedConfig(inside)
	if err != nil {
		return r, err
	}
	r.Node, err = rabbitmq.NewWith(rabbitmq.Options{Root: root, Config: config, Plugins: []string{"rabbitmq_management"}})
	return r, err
}

func (r *rabbit) close() (err error) {
	if r.Node != nil {
		err = r.Close()
	}
	return errors.Join(err, os.RemoveAll(r.dir))
}

// fill sets passwords as a deployment does, and adds users with one right less.
func (r *rabbit) fill(into string) (err error) {
	if r.shipped, err = readDefinitions(filepath.Join(files, "definitions.json")); err != nil {
		return err
	}
	secrets := filepath.Join(r.dir, "secrets")
	if err := os.Mkdir(secrets, 0o700); err != nil {
		return err
	}
	for _, u := range r.shipped.Users {
		r.passwords[u.Name] = "%é/" + rand.Text() // what a shell or an address might misread
		if err := os.WriteFile(filepath.Join(secrets, u.Name), []byte(r.passwords[u.Name]+"\n"), 0o600); err != nil {
			return err
		}
	}
	out, err := exec.Command("sh", filepath.Join(files, "set-passwords.sh"), filepath.Join(files, "definitions.json"), secrets, into).CombinedOutput()
	if err != nil {
		return fmt.Errorf("set-passwords.sh: %w: %s", err, out)
	}
	d, err := readDefinitions(into)
	if err != nil {
		return err
	}
	r.lessen(&d)
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return os.WriteFile(into, text, 0o600)
}

// lessen adds, for every name in the rights of every user, a user without it.
func (r *rabbit) lessen(d *definitions) {
	for _, p := range r.shipped.Permissions {
		for _, right := range []string{"configure", "write", "read"} {
			names := namesIn(*p.right(right))
			for i, name := range names {
				less := p
				less.User = p.User + "-" + right + "-" + fmt.Sprint(i)
				*less.right(right) = "^(" + strings.Join(slices.Delete(slices.Clone(names), i, i+1), "|") + ")$"
				r.passwords[less.User] = rand.Text()
				d.Users = append(d.Users, account{Name: less.User, Hash: hashed(r.passwords[less.User]), Algorithm: "rabbit_password_hashing_sha256"})
				d.Permissions = append(d.Permissions, less)
				r.lessened = append(r.lessened, lessened{less.User, p.User, right, strings.ReplaceAll(name, `\`, "")})
			}
		}
	}
}

func (p *permission) right(name string) *string {
	return map[string]*string{"configure": &p.Configure, "write": &p.Write, "read": &p.Read}[name]
}

// namesIn takes a pattern of the definitions apart.
func namesIn(pattern string) []string {
	inner := strings.Trim(pattern, "^$()")
	if inner == "" {
		return nil
	}
	return strings.Split(inner, "|")
}

// hashed is what the server keeps of a password.
func hashed(password string) string {
	salt := []byte("salt")
	sum := sha256.Sum256(append(slices.Clone(salt), password...))
	return base64.StdEncoding.EncodeToString(append(salt, sum[:]...))
}

// shippedConfig returns the lines of rabbitmq.conf, but with another file of
// definitions and without the log on the console.
func shippedConfig(loaded string) (lines []string, err error) {
	text, err := os.ReadFile(filepath.Join(files, "rabbitmq.conf"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		switch key, _, _ := strings.Cut(line, " "); {
		case key == "load_definitions":
			lines = append(lines, "load_definitions = "+loaded)
		case !strings.HasPrefix(key, "log."):
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	return lines, nil
}

// address is where a user connects.
func (r *rabbit) address(user string) string { return r.UserURL(user, r.passwords[user], vhost) }
