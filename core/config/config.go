// Package config holds the settings of all programs: one struct a topic, read
// from flags, from environment variables and from one file with the names of
// the variables, checked before anything starts. docs/configuration.md is
// generated from the tags.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"

	"github.com/studycast/studycast/core/obs"
)

// Log says what is logged and how. Logs go to standard error.
type Log struct {
	LogLevel  string `help:"Least level that is logged: debug, info, warn or error." env:"LOG_LEVEL" default:"info" enum:"debug,info,warn,error"`
	LogFormat string `help:"Format of the log: json or text." env:"LOG_FORMAT" default:"text" enum:"json,text"`
}

// Logger returns the logger.
func (l Log) Logger() (*slog.Logger, error) { return obs.NewLogger(os.Stderr, l.LogFormat, l.LogLevel) }

// checkURL returns an error unless raw is empty or an address of the web.
func checkURL(name, raw, like string) error {
	if raw == "" {
		return nil
	}
	if u, err := url.Parse(raw); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("%s: use an http or https address, like %s", name, like)
	}
	return nil
}

// Folder is where the embedded adapters keep their files.
type Folder struct {
	DataDir string `help:"Folder of the embedded queue, store and artifacts." env:"DATA_DIR" default:"data" type:"path"`
}

// Store is the store of the status service.
type Store struct {
	StoreURL string `help:"Store of the status service; empty = the embedded SQLite store in the data folder. Example: postgres://user:password@host/database" secret:"true" env:"STORE_URL"`
}

// DeadLetterStore is the store of the dead-letter service.
type DeadLetterStore struct {
	DeadLetterStoreURL string `name:"deadletter-store-url" help:"Store of the dead-letter service; empty = STORE_URL when that is PostgreSQL, else an embedded SQLite store in the data folder." secret:"true" env:"DEADLETTER_STORE_URL"`
}

// Scratch is where running attempts keep their files.
type Scratch struct {
	ScratchDir string `help:"Folder for files of running attempts; empty = a folder in the data folder." env:"SCRATCH_DIR"`
}

// Data says where everything is kept and which adapters are used.
type Data struct {
	Folder
	Broker
	Store
	DeadLetterStore
	Artifacts
	Scratch
}

// Filled returns d with its defaults made explicit.
func (d Data) Filled() Data {
	if d.DeadLetterStoreURL == "" && isPostgres(d.StoreURL) {
		d.DeadLetterStoreURL = d.StoreURL
	}
	for value, preset := range map[*string]string{
		&d.BrokerURL:          "sqlite:" + filepath.Join(d.DataDir, "queue.db"),
		&d.StoreURL:           "sqlite:" + filepath.Join(d.DataDir, "status.db"),
		&d.DeadLetterStoreURL: "sqlite:" + filepath.Join(d.DataDir, "dead-letters.db"),
		&d.ArtifactsURL:       "file:" + filepath.Join(d.DataDir, "artifacts"),
		&d.ScratchDir:         filepath.Join(d.DataDir, "scratch"),
	} {
		if *value == "" {
			*value = preset
		}
	}
	return d
}

// Listen says where the gateway answers its users.
type Listen struct {
	Listen       string `help:"Address of the REST API and the page." env:"LISTEN" default:"127.0.0.1:8080"`
	ExposeNoAuth bool   `help:"Allow LISTEN on other than loopback addresses although nobody has to log in. Everybody who reaches the port is the same user." env:"EXPOSE_NO_AUTH"`

	Auth `embed:""`
}

// Check refuses to serve strangers by mistake.
func (l Listen) Check() error {
	return onLoopback("LISTEN", l.Listen, l.ExposeNoAuth || l.Enabled(), "no login is configured: use 127.0.0.1, configure AUTH_JWKS_URL, AUTH_JWT_SECRET or API_KEYS_FILE, or set EXPOSE_NO_AUTH=true if everybody who reaches it may use it")
}

// Admin says where a program answers operators.
type Admin struct {
	AdminListen string `help:"Address of /metrics, /healthz and /readyz for operators." env:"ADMIN_LISTEN" default:"${admin_listen}"`
	ExposeAdmin bool   `help:"Allow ADMIN_LISTEN on other than loopback addresses: whoever reaches it reads metrics and health." env:"EXPOSE_ADMIN"`
}

// Check refuses to show operators' pages to strangers by mistake.
func (a Admin) Check() error {
	return onLoopback("ADMIN_LISTEN", a.AdminListen, a.ExposeAdmin, "whoever reaches it reads metrics and health: use 127.0.0.1, or set EXPOSE_ADMIN=true")
}

// onLoopback returns an error unless addr is a loopback address or allowed is
// set; why ends the sentence.
func onLoopback(name, addr string, allowed bool, why string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%s %q: use host:port, like 127.0.0.1:8080", name, addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) && !allowed {
		return fmt.Errorf("%s %q is not a loopback address and %s", name, addr, why)
	}
	return nil
}

// Check runs the Check method of every struct inside the struct v and returns
// what is wrong, all of it.
func Check(v any) error {
	var errs []error
	each(reflect.Indirect(reflect.ValueOf(v)), func(part any) {
		if c, ok := part.(interface{ Check() error }); ok {
			errs = append(errs, c.Check())
		}
	})
	return errors.Join(errs...)
}

// each calls visit with every struct inside v, innermost first: a struct that
// embeds others has their methods too, so only those with settings of their own
// are asked.
func each(v reflect.Value, visit func(part any)) {
	own := false
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case f.Tag.Get("env") != "":
			own = true
		case (f.IsExported() || f.Anonymous) && f.Type.Kind() == reflect.Struct:
			each(v.Field(i), visit)
		}
	}
	if own && v.CanInterface() {
		visit(v.Interface())
	}
}
