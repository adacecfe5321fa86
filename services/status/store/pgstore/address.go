package pgstore

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// address is what the address of the store says.
type address struct {
	config *pgxpool.Config
	calls  *pgx.ConnConfig // for LISTEN; nil = nobody can call, so the store asks
}

// parse reads an address like
//
//	postgres://user:password@one:5432,two:5432/db?target_session_attrs=read-write
//
// The tables are in the first schema of the search_path. Several hosts are
// tried in turn, so that with target_session_attrs=read-write the store follows
// the primary to another host. Besides the parameters of pgx the address may
// hold:
//
//   - pooler=transaction: a pooler hands out the connection anew for every
//     transaction. Nothing is prepared on the server then, and other replicas
//     are heard by asking twice a second instead of LISTEN.
//   - direct=host:port, one or several with commas: the server itself, beside
//     the pooler, so that its calls are heard all the same, by one connection.
//   - direct_user=name: for direct, when the pooler knows the user by another
//     name.
func parse(text string) (a address, err error) {
	u, err := url.Parse(text)
	if err != nil {
		return a, errors.New("status store: the address is not a URL: use one like postgres://user:password@host:5432/studycast")
	}
	q := u.Query()
	take := func(name string) string {
		v := q.Get(name)
		q.Del(name)
		return v
	}
	pooler, direct, user := take("pooler"), take("direct"), take("direct_user")
	u.RawQuery = q.Encode()
	switch {
	case pooler != "" && pooler != "none" && pooler != "transaction":
		return a, fmt.Errorf("status store: pooler=%s is unknown: use none or transaction", pooler)
	case user != "" && direct == "":
		return a, errors.New("status store: direct_user is set without direct: name the server in direct=host:port")
	}
	if a.config, err = pgxpool.ParseConfig(u.String()); err != nil { // the error hides the password
		return a, fmt.Errorf("status store: %w", err)
	}
	if !q.Has("pool_max_conns") {
		a.config.MaxConns = readers
	}
	a.config.ConnConfig.ConnectTimeout = dialTimeout
	if a.config.PingTimeout == 0 { // an idle connection is asked before it is used
		a.config.PingTimeout = dialTimeout
	}
	if pooler == "transaction" {
		a.config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	} else {
		a.calls = a.config.ConnConfig
	}
	if direct != "" {
		a.calls, err = parseDirect(*u, direct, user)
	}
	return a, err
}

// parseDirect reads the address with other hosts.
func parseDirect(u url.URL, hosts, user string) (*pgx.ConnConfig, error) {
	q := u.Query()
	q.Del("host")
	q.Del("port")
	for name := range q {
		if strings.HasPrefix(name, "pool_") {
			q.Del(name)
		}
	}
	u.RawQuery, u.Host = q.Encode(), hosts
	if user != "" {
		u.User = with(u.User, user)
	}
	c, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("status store: direct=%s: %w: use host:port", hosts, err)
	}
	c.ConnectTimeout = dialTimeout
	return c, nil
}

// with changes the name in who.
func with(who *url.Userinfo, name string) *url.Userinfo {
	if password, set := who.Password(); set {
		return url.UserPassword(name, password)
	}
	return url.User(name)
}
