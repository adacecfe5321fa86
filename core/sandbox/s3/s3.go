// Package s3 is a private server that speaks the protocol of S3, inside the
// process of a test. It keeps objects in memory, and does to requests what S3
// does: it checks their signatures, their clocks, the region they are for, the
// bytes that were signed, and If-Match. It can be taken away, and a test may put
// itself before it to break what it likes.
package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// What the server knows.
const (
	Bucket    = "studycast"
	Region    = "eu-test-1"
	KeyID     = "AKIATESTTESTTESTTEST"
	SecretKey = "a-secret-that-no-error-may-show"
)

// Handler stands before the server; next goes on.
type Handler func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)

// Server is the server. It is safe for concurrent use.
type Server struct {
	store   *s3mem.Backend
	objects http.Handler
	address string

	mu      sync.Mutex
	http    *http.Server // nil = away
	ended   chan struct{}
	before  Handler // nil = nothing stands before it
	clock   func() time.Time
	methods map[string]int
}

// Start starts a server with one empty bucket.
func Start() (*Server, error) {
	s := &Server{store: s3mem.New(), address: "127.0.0.1:0", clock: time.Now, methods: map[string]int{}}
	s.objects = gofakes3.New(s.store, gofakes3.WithLogger(gofakes3.DiscardLog()), gofakes3.WithTimeSkewLimit(0)).Server()
	if err := s.store.CreateBucket(Bucket); err != nil {
		return nil, err
	}
	return s, s.Up()
}

// Up takes the server into service, at the same address each time.
func (s *Server) Up() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return errors.New("it is up already")
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", s.address)
	if err != nil {
		return err
	}
	s.address = l.Addr().String()
	server, ended := &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}, make(chan struct{})
	s.http, s.ended = server, ended
	go func() {
		defer close(ended)
		_ = server.Serve(l) // until Down
	}()
	return nil
}

// Down cuts all connections and refuses new ones. What is kept stays.
func (s *Server) Down() error {
	s.mu.Lock()
	server, ended := s.http, s.ended
	s.http = nil
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	err := server.Close()
	<-ended
	return err
}

// Endpoint is scheme and host.
func (s *Server) Endpoint() string { return "http://" + s.address }

// URL is the address of the bucket, or of a prefix in it, for ARTIFACTS_URL.
func (s *Server) URL(prefix string) string {
	return "s3://" + Bucket + "/" + prefix + "?path_style=true&region=" + Region + "&endpoint=" + url.QueryEscape(s.Endpoint())
}

// Env is what programs need to use the bucket.
func (s *Server) Env() []string {
	return []string{"ARTIFACTS_URL=" + s.URL(""), "ARTIFACTS_KEY_ID=" + KeyID, "ARTIFACTS_SECRET_KEY=" + SecretKey}
}

// Before puts a handler before the server; nil takes it away.
func (s *Server) Before(h Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = h
}

// SetClock gives the server another clock.
func (s *Server) SetClock(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = now
}

// Versioned makes the bucket keep what is replaced and deleted.
func (s *Server) Versioned() error {
	return s.store.SetVersioningConfiguration(Bucket, gofakes3.VersioningConfiguration{Status: gofakes3.VersioningEnabled})
}

// Names lists all objects of the bucket.
func (s *Server) Names() ([]string, error) {
	list, err := s.store.ListBucket(Bucket, nil, gofakes3.ListBucketPage{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, o := range list.Contents {
		names = append(names, o.Key)
	}
	slices.Sort(names)
	return names, nil
}

// Header returns what is kept beside an object, as a header of an answer.
func (s *Server) Header(name string) (http.Header, error) {
	o, err := s.store.HeadObject(Bucket, name)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	for k, v := range o.Metadata {
		h.Set(k, v)
	}
	return h, o.Contents.Close()
}

// Requests counts the requests with a method that arrived so far.
func (s *Server) Requests(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.methods[method]
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	before, now := s.before, s.clock()
	s.methods[r.Method]++
	s.mu.Unlock()
	next := func(w http.ResponseWriter, r *http.Request) {
		if refusal := check(r, now); refusal != nil {
			refusal.write(w, r)
			return
		}
		s.match(w, r)
	}
	if before != nil {
		before(w, r, next)
		return
	}
	next(w, r)
}

// match heeds If-Match, which the library behind does not.
func (s *Server) match(w http.ResponseWriter, r *http.Request) {
	if tag := r.Header.Get("If-Match"); tag != "" && r.Method == http.MethodGet && r.URL.Query().Get("versionId") == "" {
		if o, err := s.store.HeadObject(Bucket, r.URL.Path[len("/"+Bucket+"/"):]); err == nil {
			_ = o.Contents.Close() // in memory
			if tag != fmt.Sprintf("\"%x\"", o.Hash) {
				(&Refusal{Status: http.StatusPreconditionFailed, Code: "PreconditionFailed"}).write(w, r)
				return
			}
		}
	}
	s.objects.ServeHTTP(w, r)
}

// Refusal is an answer of S3 that refuses a request.
type Refusal struct {
	XMLName xml.Name `xml:"Error"`
	Status  int      `xml:"-"`
	Code    string
	Message string
	Region  string `xml:",omitempty"`
}

// Refuse returns a handler that gives every request this answer.
func (f Refusal) Refuse(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { f.write(w, r) }

func (f *Refusal) write(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20)) // so that the connection can be used again
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.Status)
	if r.Method != http.MethodHead {
		_ = xml.NewEncoder(w).Encode(f) // the client may be gone
	}
}

// Fill puts an object into the bucket past the protocol.
func (s *Server) Fill(name string) error {
	_, err := s.store.PutObject(Bucket, name, map[string]string{"Last-Modified": time.Now().UTC().Format(http.TimeFormat)}, strings.NewReader("x"), 1, nil)
	return err
}
