// Package mtls keeps the certificates of a program: mutual TLS whose files may
// be replaced while the program runs. They are looked at when a connection is
// made, so that a rotation needs no restart and no watcher; files that are wrong
// or expired change nothing but the log.
package mtls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files are the PEM files of a program.
type Files struct {
	Cert string // its certificate, intermediates after it
	Key  string // the key of the certificate
	CA   string // who signs the certificates of others; "" = the system's roots
}

// Check returns an error when the files make no sense together; names are those
// of the three settings, for its text.
func (f Files) Check(cert, key string) error {
	if (f.Cert == "") != (f.Key == "") {
		return fmt.Errorf("%s and %s: set both or none", cert, key)
	}
	return nil
}

// Empty reports whether no file is named: no TLS.
func (f Files) Empty() bool { return f == Files{} }

// Mutual reports whether both sides have to show a certificate.
func (f Files) Mutual() bool { return f.Cert != "" && f.Key != "" && f.CA != "" }

// Keeper holds the newest good content of the files. It is safe for concurrent
// use.
type Keeper struct {
	files Files
	log   *slog.Logger
	now   func() time.Time

	mu     sync.Mutex
	stamps []os.FileInfo // of what was looked at last, good or bad
	wrong  string        // what was wrong with it
	good   *material
}

// material is immutable.
type material struct {
	cert *tls.Certificate // nil = none to show
	pool *x509.CertPool   // nil = the system's roots
}

// Load reads the files; log may be nil. An error names the file and says what is wrong with it.
func Load(f Files, log *slog.Logger) (*Keeper, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	k := &Keeper{files: f, log: log, now: time.Now}
	stamps, err := k.look()
	if err != nil {
		return nil, err
	}
	if k.good, err = k.read(); err != nil {
		return nil, err
	}
	k.stamps = stamps
	return k, nil
}

// Server returns the configuration of a server: TLS 1.3, and whoever connects
// must show a certificate of the CA when one is configured.
func (k *Keeper) Server() *tls.Config {
	asks := tls.NoClientCert
	if k.files.CA != "" {
		asks = tls.RequireAndVerifyClientCert
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ClientAuth: asks, // for those who look; what holds is below
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			m := k.current()
			if m.cert == nil {
				return nil, errors.New("no certificate is configured")
			}
			c := &tls.Config{
				MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}, Certificates: []tls.Certificate{*m.cert},
				ClientAuth: asks, ClientCAs: m.pool,
				// A ticket from before a rotation would let its bearer skip the check.
				SessionTicketsDisabled: true,
			}
			return c, nil
		},
	}
}

// Client returns the configuration of a client: TLS 1.3, the server's
// certificate must name its host and be of the CA, and ours is shown when the
// server asks.
func (k *Keeper) Client() *tls.Config {
	c := &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if m := k.current(); m.cert != nil {
				return m.cert, nil
			}
			return &tls.Certificate{}, nil // none
		},
	}
	if k.files.CA != "" {
		// RootCAs are fixed once a connection type holds the configuration; the
		// same check is made here with those of now.
		c.InsecureSkipVerify, c.VerifyConnection = true, k.verify
	}
	return c
}

func (k *Keeper) verify(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the server showed no certificate")
	}
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{
		DNSName: s.ServerName, Roots: k.current().pool, Intermediates: between, CurrentTime: k.now(),
	})
	return err
}

// current returns the newest good material.
func (k *Keeper) current() *material {
	k.mu.Lock()
	defer k.mu.Unlock()
	stamps, err := k.look()
	if err == nil && same(stamps, k.stamps) {
		return k.good
	}
	var fresh *material
	if err == nil {
		fresh, err = k.read()
	}
	k.stamps = stamps
	switch {
	case err == nil:
		k.good, k.wrong = fresh, ""
		k.log.Info("new certificates are in use", "file", k.files.Cert)
	case err.Error() != k.wrong:
		k.wrong = err.Error()
		k.log.Error("the new certificates are not usable: the old ones stay in use", "error", err)
	}
	return k.good
}

func (k *Keeper) names() []string {
	var names []string
	for _, n := range []string{k.files.Cert, k.files.Key, k.files.CA} {
		if n != "" {
			names = append(names, n)
		}
	}
	return names
}

// look tells the files apart from those of another look.
func (k *Keeper) look() ([]os.FileInfo, error) {
	var stamps []os.FileInfo
	for _, name := range k.names() {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		stamps = append(stamps, info)
	}
	return stamps, nil
}

func same(a, b []os.FileInfo) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !os.SameFile(a[i], b[i]) || a[i].Size() != b[i].Size() || !a[i].ModTime().Equal(b[i].ModTime()) {
			return false
		}
	}
	return true
}

func (k *Keeper) read() (*material, error) {
	m := &material{}
	if k.files.Cert != "" {
		cert, err := tls.LoadX509KeyPair(k.files.Cert, k.files.Key)
		if err != nil {
			return nil, fmt.Errorf("certificate %s with key %s: %w", k.files.Cert, k.files.Key, err)
		}
		if now := k.now(); now.After(cert.Leaf.NotAfter) || now.Before(cert.Leaf.NotBefore) {
			return nil, fmt.Errorf("certificate %s: it is valid from %s to %s only",
				k.files.Cert, cert.Leaf.NotBefore.UTC().Format(time.RFC3339), cert.Leaf.NotAfter.UTC().Format(time.RFC3339))
		}
		m.cert = &cert
	}
	if k.files.CA != "" {
		text, err := os.ReadFile(k.files.CA)
		if err != nil {
			return nil, err
		}
		m.pool = x509.NewCertPool()
		if !m.pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", k.files.CA)
		}
	}
	return m, nil
}
