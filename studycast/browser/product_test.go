package browser

import (
	"context"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/config"
	"github.com/studycast/studycast/studycast/internal/demo"
	"github.com/studycast/studycast/studycast/internal/single"
)

const drainLimit = 20 * time.Second

// settings are those of `serve`.
type settings struct {
	config.Data     `embed:""`
	config.Policies `embed:""`
	config.Workers  `embed:""`
	config.Lesson   `embed:""`
}

// product is everything in this process, on a data folder of its own.
type product struct {
	url     string
	site    *site
	options single.Options
	stop    func() // ends it in order; may be called twice
}

// start runs the product with a web site on loopback to make lessons of; change
// may alter its options.
func start(t testing.TB, change ...func(*single.Options)) *product {
	t.Helper()
	var s settings
	parser, err := kong.New(&s)
	require.NoError(t, err)
	_, err = parser.Parse([]string{"--data-dir", filepath.Join(t.TempDir(), "data"), "--allow-loopback", "--drain-grace", "1s"})
	require.NoError(t, err)
	p := &product{options: single.Options{
		Data: s.Data, Policies: s.Policies, Workers: s.Workers, Lesson: s.Lesson, Version: "test",
	}}
	for _, c := range change {
		c(&p.options)
	}
	p.run(t, "127.0.0.1:0")
	p.site = newSite(t)
	return p
}

// run starts it, or starts it again, at an address.
func (p *product) run(t testing.TB, address string) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	options := p.options
	options.Listener = listener
	server, err := single.New(t.Context(), options)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	p.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(drainLimit):
			require.FailNow(t, "the product does not end")
		}
		requireNoScratch(t, p.options.Data.Filled().ScratchDir)
	})
	t.Cleanup(p.stop)
	require.Eventually(t, func() bool { return server.Ready() == nil }, stepLimit, 10*time.Millisecond)
	p.url = "http://" + listener.Addr().String()
}

// requireNoScratch checks that no file of an attempt is left. The gate lock
// stays for ever and is empty.
func requireNoScratch(t testing.TB, dir string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		require.True(t, path == dir || e.Name() == "gate.lock", "%s is left behind", path)
		return nil
	}))
}

// site is the bundled article, a copy of it behind a gate, and copies that fail
// at times.
type site struct {
	*httptest.Server
	came chan struct{} // a signal for each visitor of the gate
	open func()        // lets all visitors in; may be called twice

	broken atomic.Bool // what is flaky answers 500
}

func newSite(t testing.TB) *site {
	t.Helper()
	opened := make(chan struct{})
	s := &site{came: make(chan struct{}, 100), open: sync.OnceFunc(func() { close(opened) })}
	files := http.FileServerFS(demo.Site())
	mux := http.NewServeMux()
	mux.Handle("/", files)
	mux.Handle("/flaky/", s.flaky(files))
	mux.HandleFunc("/gated/", func(w http.ResponseWriter, r *http.Request) {
		s.came <- struct{}{}
		select {
		case <-opened:
			http.StripPrefix("/gated", files).ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// visitor waits until somebody stands before the gate.
func (s *site) visitor(t testing.TB) {
	t.Helper()
	select {
	case <-s.came:
	case <-time.After(lessonLimit):
		require.FailNow(t, "nobody fetches the page behind the gate")
	}
}
