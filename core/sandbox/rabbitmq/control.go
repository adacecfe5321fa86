//go:build linux

package rabbitmq

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Ctl runs rabbitmqctl; it takes about a second.
func (n *Node) Ctl(ctx context.Context, args ...string) error {
	_, err := n.Ask(ctx, args...)
	return err
}

// Ask runs rabbitmqctl and returns what it says.
func (n *Node) Ask(ctx context.Context, args ...string) (string, error) {
	out, err := n.command(ctx, ctl, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("rabbitmqctl %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// Eval runs an Erlang expression in the server and returns its value.
func (n *Node) Eval(ctx context.Context, expression string) (string, error) {
	return n.Ask(ctx, "eval", expression)
}

// CloseConnections closes all client connections, as an operator would. One that
// ends by itself while it is told to is closed as well.
func (n *Node) CloseConnections(ctx context.Context) error {
	_, err := n.Eval(ctx, `[(catch rabbit_networking:close_connection(P, "closed by the operator")) || P <- rabbit_networking:connections()], ok.`)
	return err
}

// Rights are regular expressions for what a user may do in a virtual host.
type Rights struct{ Configure, Write, Read string }

// AddUser makes a user, and the virtual host when it is missing, and returns
// where the user connects.
func (n *Node) AddUser(ctx context.Context, name, password, vhost string, r Rights) (string, error) {
	script := [][]string{
		{"add_user", name, password}, {"set_permissions", "-p", vhost, name, r.Configure, r.Write, r.Read},
	}
	if vhost != "/" {
		script = append([][]string{{"add_vhost", vhost}}, script...)
	}
	for _, args := range script {
		if err := n.Ctl(ctx, args...); err != nil {
			return "", err
		}
	}
	return n.UserURL(name, password, vhost), nil
}

// Join makes the node, which must run, a member of the cluster of its peer.
// What it held is lost.
func (n *Node) Join(ctx context.Context) error {
	for _, args := range [][]string{{"stop_app"}, {"join_cluster", n.o.Peer.Name()}, {"start_app"}} {
		if err := n.Ctl(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

const cookie = "home/.erlang.cookie"

// copyCookie takes that of the peer, which has one once it was started.
func (n *Node) copyCookie() error {
	secret, err := os.ReadFile(filepath.Join(n.o.Peer.dir, cookie))
	if err != nil {
		return fmt.Errorf("the peer must have been started before: %w", err)
	}
	return os.WriteFile(filepath.Join(n.dir, cookie), secret, 0o400) //nolint:gosec // the peer's folder and ours, both made here
}
