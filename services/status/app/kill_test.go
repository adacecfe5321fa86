package app_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/studycast/studycast/core/job"
	"github.com/studycast/studycast/core/statusclient"
	"github.com/studycast/studycast/services/status/app"
)

const childStore = "STUDYCAST_TEST_CHILD_STORE"

// runChild is the whole status service in a process that can be killed.
func runChild(address string) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	a, err := app.New(context.Background(), app.Options{StoreURL: address, Listener: lis})
	if err != nil {
		panic(err)
	}
	fmt.Println(lis.Addr())
	if err := a.Run(context.Background()); err != nil {
		panic(err)
	}
}

// startChild starts a service in a process of its own.
func startChild(t *testing.T, store string) (child *exec.Cmd, address string) {
	t.Helper()
	child = exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childStore+"="+store)
	child.Stderr = os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	address, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return child, strings.TrimSuffix(address, "\n")
}

// TestKilledServiceKeepsEveryAnsweredJob is G1: kill -9 at a random moment
// while 200 creates run.
func TestKilledServiceKeepsEveryAnsweredJob(t *testing.T) {
	t.Parallel()
	const creates, workers, killAfter = 200, 16, 90
	path := filepath.Join(t.TempDir(), "status.db")
	child, address := startChild(t, "sqlite://"+path)
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close() //nolint:errcheck // a test's client
	client := statusclient.New(conn, statusclient.Options{})

	var mu sync.Mutex
	answered := map[job.ID]bool{}
	todo := make(chan int, creates)
	for i := range creates {
		todo <- i
	}
	close(todo)
	var wg sync.WaitGroup
	var kill sync.Once
	for range workers {
		wg.Go(func() {
			for i := range todo {
				c, err := client.Create(t.Context(), statusclient.CreateInput{
					Owner: "ada", Request: ask(job.Video), IdempotencyKey: fmt.Sprint(i),
				})
				if err != nil {
					return
				}
				mu.Lock()
				answered[c.Job.ID] = true
				n := len(answered)
				mu.Unlock()
				if n >= killAfter {
					kill.Do(func() { _ = child.Process.Kill() })
				}
			}
		})
	}
	wg.Wait()
	require.Error(t, child.Wait(), "the child was to be killed")
	require.GreaterOrEqual(t, len(answered), killAfter)
	require.Less(t, len(answered), creates, "the kill came too late to mean anything")

	s := startOn(t, path)
	for id := range answered {
		require.Equal(t, job.Queued, s.get(id).State)
	}
	// Whatever was kept beyond that has its promise as well: nothing hangs.
	page, err := s.client.List(t.Context(), statusclient.ListFilter{PageSize: 200})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(page.Jobs), len(answered))
	s.sessionOf("w", creates) // room for all
	claimed := map[job.ID]bool{}
	for len(claimed) < len(page.Jobs) {
		entries, err := s.client.ClaimOutbox(t.Context(), 200, 10e9)
		require.NoError(t, err)
		require.NotEmpty(t, entries)
		for _, e := range entries {
			claimed[e.JobID] = true
		}
	}
}
