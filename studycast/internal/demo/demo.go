// Package demo serves the bundled article, so that the first lesson needs no
// network.
package demo

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"time"
)

//go:embed site
var site embed.FS

// Site returns the files of the bundled article.
func Site() fs.FS {
	sub, err := fs.Sub(site, "site")
	if err != nil {
		return site
	}
	return sub
}

// Serve serves the article on a free loopback port and returns its address.
// Call stop when done.
func Serve(ctx context.Context) (url string, stop func(), err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: http.FileServerFS(Site()), ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			_ = l.Close()
		}
	}()
	return "http://" + l.Addr().String() + "/", func() { _ = srv.Close(); <-done }, nil
}
