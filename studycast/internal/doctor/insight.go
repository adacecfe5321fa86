package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/studycast/studycast/core/backend"
)

// insight asks for what AMQP does not tell: the management API, as the user of
// BROKER_URL, and rabbitmqctl, where that reaches the same server.
type insight struct {
	ctl      func(ctx context.Context, args ...string) (string, error)
	base     string // of the management API
	who      *url.Userinfo
	vhost    string
	identify func(ctx context.Context) (consumerTimeout string, err error) // once
}

func newInsight(o Options, s backend.BrokerServer) *insight {
	first, _, _ := strings.Cut(o.BrokerURL, ",")
	i := &insight{ctl: o.Ctl, base: strings.TrimSuffix(o.BrokerManagementURL, "/"), vhost: s.Vhost}
	u, err := url.Parse(first)
	if err == nil {
		i.who = u.User
	}
	if i.base == "" && err == nil {
		i.base = managementOf(u, s.Host)
	}
	var once sync.Once
	var told string
	var failed error
	i.identify = func(ctx context.Context) (string, error) {
		once.Do(func() { told, failed = i.sameServer(ctx, s.Cluster) })
		return told, failed
	}
	return i
}

// managementOf is where the plugin listens unless told otherwise. The password
// of a connection with TLS never goes out without it.
func managementOf(u *url.URL, host string) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = u.Hostname()
	}
	if u.Scheme == "amqps" {
		return "https://" + net.JoinHostPort(name, "15671")
	}
	return "http://" + net.JoinHostPort(name, "15672")
}

// Bounds of the questions.
const (
	httpTime = 5 * time.Second
	ctlTime  = 20 * time.Second // an Erlang machine starts for each
	mostJSON = 16 << 20         // bytes
)

// get asks the management API.
func (i *insight) get(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, httpTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, i.base+path, http.NoBody)
	if err != nil {
		return errors.New("BROKER_MANAGEMENT_URL can't be read")
	}
	password, _ := i.who.Password()
	req.SetBasicAuth(i.who.Username(), password)
	req.Close = true
	resp, err := plain.Do(req)
	if err != nil {
		return fmt.Errorf("the management API can't be reached: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the management API at %s answers %s", i.base, resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, mostJSON)).Decode(into)
}

// plain asks servers of the system: no proxy, no redirect.
var plain = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// identity asks for the name of the cluster and, in the same breath, for what
// rabbitmqctl alone knows.
const identity = "{rabbit_nodes:cluster_name(), application:get_env(rabbit, consumer_timeout)}."

var identityAnswer = regexp.MustCompile(`<<"(.*)">>,\s*(?:\{ok,\s*(\w+)\}|undefined)`)

// sameServer returns the server's consumer timeout as it says it, or why
// rabbitmqctl can't be asked.
func (i *insight) sameServer(ctx context.Context, cluster string) (string, error) {
	said, err := i.ctl(ctx, "eval", identity)
	if err != nil {
		return "", err
	}
	found := identityAnswer.FindStringSubmatch(said)
	if found == nil {
		return "", fmt.Errorf("rabbitmqctl answers %.80q", said)
	}
	if found[1] != cluster {
		return "", fmt.Errorf("rabbitmqctl reaches %s, and BROKER_URL %s", found[1], cluster)
	}
	return found[2], nil
}

// runCtl runs the command that is configured.
func (o Options) runCtl(ctx context.Context, args ...string) (string, error) {
	if len(o.RabbitMQCtl) == 0 {
		return "", errors.New("no rabbitmqctl is configured")
	}
	ctx, cancel := context.WithTimeout(ctx, ctlTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.RabbitMQCtl[0], slices.Concat(o.RabbitMQCtl[1:], args)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", o.RabbitMQCtl[0], err, firstLine(errs.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// firstLine is where rabbitmqctl says what is wrong; help follows.
func firstLine(s string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(first)
}

// oneLine is the text of an error without its line breaks.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
