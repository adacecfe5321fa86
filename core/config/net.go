package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"

	"github.com/studycast/studycast/core/mtls"
)

// Broker says which broker carries the jobs.
type Broker struct {
	BrokerURL      string `help:"Broker; several nodes of one cluster after commas; empty = the embedded SQLite queue in the data folder, for one process only. Example: amqp://user:password@host:5672/vhost" secret:"true" env:"BROKER_URL"`
	BrokerTopology string `help:"What is done about exchanges and queues: declare makes them, verify only looks whether they are as they must be." env:"BROKER_TOPOLOGY" default:"declare" enum:"declare,verify"`
	BrokerTLSCert  string `name:"broker-tls-cert" help:"Certificate for the broker, a PEM file; empty = none." env:"BROKER_TLS_CERT"`
	BrokerTLSKey   string `name:"broker-tls-key" help:"Key of BROKER_TLS_CERT, a PEM file." env:"BROKER_TLS_KEY"`
	BrokerTLSCA    string `name:"broker-tls-ca" help:"Who signs the certificate of an amqps broker, a PEM file; empty = the system's roots." env:"BROKER_TLS_CA"`
}

// BrokerFiles are the TLS files for the broker.
func (b Broker) BrokerFiles() mtls.Files {
	return mtls.Files{Cert: b.BrokerTLSCert, Key: b.BrokerTLSKey, CA: b.BrokerTLSCA}
}

// Check checks the address and reads the TLS files.
func (b Broker) Check() error {
	var errs []error
	for one := range strings.SplitSeq(b.BrokerURL, ",") {
		switch scheme, _, _ := strings.Cut(one, ":"); scheme {
		case "", "sqlite", "memory":
			continue
		case "amqp", "amqps":
			if u, err := url.Parse(one); err != nil || u.Host == "" { // the error would show the password
				errs = append(errs, errors.New("BROKER_URL: use an address like amqp://user:password@host:5672/vhost; special characters of the password as %XX"))
			}
		default:
			errs = append(errs, errors.New("BROKER_URL: unknown kind of broker: use amqp://…, amqps://…, or nothing for the embedded queue"))
		}
	}
	errs = append(errs, checkFiles(b.BrokerFiles(), "BROKER_TLS_"))
	return errors.Join(errs...)
}

// TLS are the certificates for gRPC between programs. With all three, both
// sides must show a certificate of the CA.
type TLS struct {
	GRPCTLSCert string `name:"grpc-tls-cert" help:"Certificate of this program for gRPC, a PEM file, shown to those who call and to those who are called; empty = plaintext. Files may be replaced while the program runs." env:"GRPC_TLS_CERT"`
	GRPCTLSKey  string `name:"grpc-tls-key" help:"Key of GRPC_TLS_CERT, a PEM file." env:"GRPC_TLS_KEY"`
	GRPCTLSCA   string `name:"grpc-tls-ca" help:"Who signs the certificates of all programs, a PEM file. With it a caller without such a certificate is refused." env:"GRPC_TLS_CA"`
}

// Files are the TLS files for gRPC.
func (t TLS) Files() mtls.Files {
	return mtls.Files{Cert: t.GRPCTLSCert, Key: t.GRPCTLSKey, CA: t.GRPCTLSCA}
}

// Check reads the files.
func (t TLS) Check() error { return checkFiles(t.Files(), "GRPC_TLS_") }

func checkFiles(f mtls.Files, prefix string) error {
	if f.Empty() {
		return nil
	}
	if err := f.Check(prefix+"CERT", prefix+"KEY"); err != nil {
		return err
	}
	if _, err := mtls.Load(f, slog.New(slog.DiscardHandler)); err != nil {
		return fmt.Errorf("%s…: %w", prefix, err)
	}
	return nil
}

// GRPC says where a program answers other programs.
type GRPC struct {
	GRPCListen          string `name:"grpc-listen" help:"Address of the gRPC server." env:"GRPC_LISTEN" default:"${grpc_listen}"`
	ExposePlaintextGRPC bool   `name:"expose-plaintext-grpc" help:"Allow GRPC_LISTEN on other than loopback addresses without mutual TLS: whoever reaches it may do everything." env:"EXPOSE_PLAINTEXT_GRPC"`

	TLS `embed:""`
}

// Check refuses to serve strangers by mistake.
func (g GRPC) Check() error {
	return onLoopback("GRPC_LISTEN", g.GRPCListen, g.ExposePlaintextGRPC || g.Files().Mutual(),
		"callers need no certificate: use 127.0.0.1, set GRPC_TLS_CERT, GRPC_TLS_KEY and GRPC_TLS_CA, or set EXPOSE_PLAINTEXT_GRPC=true if everybody who reaches it may do everything")
}

// StatusPeer says where the status service is.
type StatusPeer struct {
	StatusAddress string `help:"Address of the status service; replicas after commas." env:"STATUS_ADDRESS" default:"127.0.0.1:7070"`
}

// Check checks the addresses.
func (s StatusPeer) Check() error { return checkPeers("STATUS_ADDRESS", s.StatusAddress) }

// DeadLetterPeer says where the dead-letter service is.
type DeadLetterPeer struct {
	DeadLetterAddress string `name:"deadletter-address" help:"Address of the dead-letter service; replicas after commas." env:"DEADLETTER_ADDRESS" default:"127.0.0.1:7072"`
}

// Check checks the addresses.
func (d DeadLetterPeer) Check() error { return checkPeers("DEADLETTER_ADDRESS", d.DeadLetterAddress) }

func checkPeers(name, list string) error {
	if strings.Contains(list, "://") || strings.HasPrefix(list, "unix:") {
		return nil // a target of gRPC's own
	}
	for one := range strings.SplitSeq(list, ",") {
		if host, port, err := net.SplitHostPort(strings.TrimSpace(one)); err != nil || host == "" || port == "" {
			return fmt.Errorf("%s %q: use host:port, replicas after commas", name, one)
		}
	}
	return nil
}

func isPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}
