package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/studycast/studycast/core/rpc"
	"github.com/studycast/studycast/core/sqlitefile"
)

func (o Options) programChecks() []check {
	checks := []check{{name: "gateway", looks: "whether the REST API answers and is ready", run: o.gateway}}
	if !o.embedded() {
		checks = append(checks,
			o.serviceCheck("status", "the status service", "STATUS_ADDRESS", o.StatusAddress, o.StatusNamed),
			o.serviceCheck("deadletters", "the dead-letter service", "DEADLETTER_ADDRESS", o.DeadLetterAddress, o.DeadLettersNamed))
	}
	return append(checks, check{name: "clocks", looks: "whether all machines have the same time", run: o.clocks})
}

// answerTime bounds the wait for a program.
const answerTime = 5 * time.Second

// ask fetches a page of the gateway and returns what it says and the time there.
func (o Options) ask(ctx context.Context, path string) (code int, body, date string, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(o.Gateway, "/")+path, http.NoBody)
	if err != nil {
		return 0, "", "", err
	}
	resp, err := plain.Do(req)
	if err != nil {
		return 0, "", "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	return resp.StatusCode, strings.TrimSpace(string(text)), resp.Header.Get("Date"), err
}

func (o Options) gateway(ctx context.Context) finding {
	if path := filePath(o.BrokerURL); path != "" {
		if used, err := sqlitefile.InUse(path); err == nil && !used {
			return skip("no server runs on this data folder")
		}
	}
	code, body, _, err := o.ask(ctx, "/readyz")
	switch {
	case err != nil:
		return fail(oneLine(err), "start the server (studycast serve, or the gateway), or name its address: --server http://host:port")
	case code == http.StatusServiceUnavailable:
		return fail("it is not ready: "+strings.Join(strings.Split(body, "\n"), "; "), "mend what it names, or look into its log; the other checks tell more")
	case code != http.StatusOK:
		return fail(fmt.Sprintf("%s/readyz answers %d: that is no gateway of Studycast", o.Gateway, code), "name its address: --server http://host:port")
	}
	return saw(o.Gateway + " is ready")
}

// serviceCheck asks every replica of a service for its health.
func (o Options) serviceCheck(name, service, setting, addresses string, named bool) check {
	return check{name: name, looks: "whether " + service + " does its work", run: func(ctx context.Context) finding {
		var f finding
		all := replicas(addresses)
		for _, address := range all {
			_, err := o.health(ctx, address)
			if err != nil && !named && away(err) && o.gatewayReady(ctx) {
				return skip("nothing is at " + address + ", and the gateway is ready: the service runs in its process")
			}
			if err != nil {
				f.fail(fmt.Sprintf("%s: %s", address, plainly(err)), serviceRemedy(err, service, setting))
			}
		}
		f.says = fmt.Sprintf("%d of %d addresses are ready", len(all)-len(f.failures), len(all))
		return f
	}}
}

// replicas splits a list of addresses; a target of gRPC's own is one.
func replicas(list string) []string {
	if strings.Contains(list, "://") || strings.HasPrefix(list, "unix:") {
		return []string{list}
	}
	var all []string
	for one := range strings.SplitSeq(list, ",") {
		all = append(all, strings.TrimSpace(one))
	}
	return all
}

// health asks one program whether it does its work, and for its clock.
func (o Options) health(ctx context.Context, address string) (time.Time, error) {
	conn, err := rpc.Dial(address, rpc.DialOptions{TLS: o.TLS})
	if err != nil {
		return time.Time{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	clock, err := rpc.AskHealth(ctx, conn)
	if closed := conn.Close(); err == nil {
		err = closed
	}
	return clock, err
}

// away reports whether nobody listens at an address.
func away(err error) bool {
	return status.Code(err) == codes.Unavailable && strings.Contains(err.Error(), syscall.ECONNREFUSED.Error())
}

func (o Options) gatewayReady(ctx context.Context) bool {
	code, _, _, err := o.ask(ctx, "/readyz")
	return err == nil && code == http.StatusOK
}

// plainly is the text of an error of gRPC without its frame.
func plainly(err error) string {
	if s, ok := status.FromError(err); ok {
		return s.Message()
	}
	return oneLine(err)
}

func serviceRemedy(err error, service, setting string) string {
	switch {
	case errors.Is(err, rpc.ErrNotReady):
		return "look at its /readyz on the admin port and into its log: they name what it waits for"
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "certificate"), strings.Contains(err.Error(), "authentication handshake"):
		return "give the doctor the certificates of the programs: GRPC_TLS_CERT, GRPC_TLS_KEY, GRPC_TLS_CA"
	}
	return "start " + service + ", or name its address in " + setting
}
