package program

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// probeLimit bounds the asking.
const probeLimit = 2 * time.Second

// probe asks the program that runs on this machine with the same settings
// whether it is ready: for container engines, where an image has no other
// program that could ask.
func probe(ctx context.Context, adminListen string) error {
	host, port, err := net.SplitHostPort(adminListen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return fmt.Errorf("it does not answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it is not ready: %s", said)
	}
	return nil
}
