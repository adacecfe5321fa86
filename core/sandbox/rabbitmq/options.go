//go:build linux

package rabbitmq

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Options say how a node differs from a plain one.
type Options struct {
	// Dir is the folder in which the node makes its own; "" = that for
	// temporary files. With Root it lies below that.
	Dir string
	// Root is the root folder of another system, as debootstrap makes it, whose
	// server runs; "" = this one's. It takes the rights of root.
	Root string
	// Prefix are the words before each command of the node, such as ip netns
	// exec NAME.
	Prefix []string
	// Host is the IPv4 address on which the server listens; "" = 127.0.0.1.
	Host string
	// Peer shares its epmd and its cookie with this node, so that Join works.
	// With a Prefix it shares the cookie and the ports.
	Peer *Node

	Password string   // of the user guest; "" = guest
	Config   []string // further lines of rabbitmq.conf
	Advanced string   // content of advanced.config; "" = nothing
	Plugins  []string
	TLS      *TLS
}

// TLS makes the node listen for TLS too. The fields but the last are files.
type TLS struct {
	CA, Cert, Key string
	RequireClient bool // clients must show a certificate
}

// Address returns where the server takes AMQP.
func (n *Node) Address() string { return n.address(portAMQP) }

// TLSAddress returns where the server takes AMQP over TLS, if Options.TLS says
// so.
func (n *Node) TLSAddress() string { return n.address(portTLS) }

// Management returns the address of the management API, if the plugin
// rabbitmq_management is on.
func (n *Node) Management() string { return "http://" + n.address(portManagement) }

// Prometheus returns the address of the metrics, if the plugin
// rabbitmq_prometheus is on.
func (n *Node) Prometheus() string { return "http://" + n.address(portPrometheus) }

func (n *Node) address(i int) string { return net.JoinHostPort(n.host(), strconv.Itoa(n.ports.At(i))) }

// URL is where to connect, password included.
func (n *Node) URL() string { return n.UserURL("guest", n.password(), "/") }

// UserURL is where a user connects to a virtual host.
func (n *Node) UserURL(name, password, vhost string) string {
	u := url.URL{Scheme: "amqp", User: url.UserPassword(name, password), Host: n.Address()}
	return u.String() + "/" + strings.TrimPrefix(url.PathEscape(vhost), "%2F")
}

// TLSURL is where to connect with TLS, password included.
func (n *Node) TLSURL() string {
	u := url.URL{Scheme: "amqps", User: url.UserPassword("guest", n.password()), Host: n.TLSAddress(), Path: "/"}
	return u.String()
}

func (n *Node) password() string {
	if n.o.Password != "" {
		return n.o.Password
	}
	return "guest"
}

// Dir returns the folder of the node.
func (n *Node) Dir() string { return n.dir }

// LogDir returns the folder of the server's logs.
func (n *Node) LogDir() string { return filepath.Join(n.dir, "log") }

// inside returns the path of a file of the node as the server sees it.
func (n *Node) inside(name string) string {
	path := filepath.Join(n.dir, name)
	if n.o.Root == "" {
		return path
	}
	return filepath.Join("/", strings.TrimPrefix(path, filepath.Clean(n.o.Root)))
}

func (n *Node) write() error {
	for _, sub := range []string{"home", "data", "log"} {
		if err := os.MkdirAll(filepath.Join(n.dir, sub), 0o700); err != nil {
			return err
		}
	}
	if n.o.Peer != nil {
		if err := n.copyCookie(); err != nil {
			return err
		}
	}
	advanced := "[]."
	if n.o.Advanced != "" {
		advanced = n.o.Advanced
	}
	for name, content := range map[string]string{
		"rabbitmq.conf": n.config(), "advanced.config": advanced + "\n",
		"enabled_plugins": "[" + strings.Join(n.o.Plugins, ",") + "].\n",
	} {
		if err := os.WriteFile(filepath.Join(n.dir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) config() string {
	lines := []string{
		"listeners.tcp.1 = " + n.Address(), "log.console = false", "default_pass = " + n.password(),
	}
	if n.o.Host != "" {
		lines = append(lines, "loopback_users = none")
	}
	for plugin, i := range map[string]int{"management": portManagement, "prometheus": portPrometheus} {
		if slices.Contains(n.o.Plugins, "rabbitmq_"+plugin) {
			lines = append(lines, fmt.Sprintf("%s.tcp.ip = %s", plugin, n.host()), fmt.Sprintf("%s.tcp.port = %d", plugin, n.ports.At(i)))
		}
	}
	if t := n.o.TLS; t != nil {
		verify := "verify_none"
		if t.RequireClient {
			verify = "verify_peer"
		}
		lines = append(lines, "listeners.ssl.1 = "+n.TLSAddress(),
			"ssl_options.cacertfile = "+t.CA, "ssl_options.certfile = "+t.Cert, "ssl_options.keyfile = "+t.Key,
			"ssl_options.verify = "+verify, "ssl_options.fail_if_no_peer_cert = "+strconv.FormatBool(t.RequireClient))
	}
	return strings.Join(append(lines, n.o.Config...), "\n") + "\n"
}

func (n *Node) environment() ([]string, error) {
	ip := net.ParseIP(n.host()).To4()
	if ip == nil {
		return nil, fmt.Errorf("host %s: use an IPv4 address", n.host())
	}
	at := func(i int) string { return strconv.Itoa(n.ports.At(i)) }
	env := []string{
		"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "LANG=C.UTF-8", "HOME=" + n.inside("home"),
		"ERL_EPMD_ADDRESS=" + n.host(), "ERL_EPMD_PORT=" + strconv.Itoa(n.epmdPort()),
		"RABBITMQ_NODENAME=" + n.Name(), "RABBITMQ_USE_LONGNAME=" + strconv.FormatBool(n.o.Host != ""),
		"RABBITMQ_NODE_IP_ADDRESS=" + n.host(), "RABBITMQ_NODE_PORT=" + at(portAMQP), "RABBITMQ_DIST_PORT=" + at(portDistribution),
		"RABBITMQ_CTL_DIST_PORT_MIN=" + at(portCtl), "RABBITMQ_CTL_DIST_PORT_MAX=" + at(portsOfNode-1),
		"RABBITMQ_MNESIA_BASE=" + n.inside("data"), "RABBITMQ_LOG_BASE=" + n.inside("log"), "RABBITMQ_PID_FILE=" + n.inside("pid"),
		"RABBITMQ_CONF_ENV_FILE=/dev/null", "RABBITMQ_CONFIG_FILE=" + n.inside("rabbitmq.conf"),
		"RABBITMQ_ADVANCED_CONFIG_FILE=" + n.inside("advanced.config"), "RABBITMQ_ENABLED_PLUGINS_FILE=" + n.inside("enabled_plugins"),
		fmt.Sprintf("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {%d,%d,%d,%d}", ip[0], ip[1], ip[2], ip[3]),
		"RABBITMQ_ALLOW_INPUT=1",
	}
	return env, nil
}

// epmdPort is that of the peer when the two share an epmd, and the same number
// in another network namespace: nodes find each other by one number.
func (n *Node) epmdPort() int {
	if n.o.Peer != nil {
		return n.o.Peer.epmdPort()
	}
	return n.ports.At(portEPMD)
}

// Name returns the name of the Erlang node.
func (n *Node) Name() string {
	host := "localhost"
	if n.o.Host != "" {
		host = n.o.Host
	}
	return "t" + strconv.Itoa(n.ports.At(portAMQP)) + "@" + host
}
