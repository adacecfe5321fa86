package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	workerv1 "github.com/studycast/studycast/proto/gen/studycast/worker/v1"
)

// asProgram makes the test binary be the program.
const asProgram = "STUDYCAST_TEST_AS_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const patience = 30 * time.Second

// A worker starts without its broker and its status service, says over gRPC
// that it does no work yet, and ends when an operator drains it.
func TestOperatorsSeeAndDrainTheWorker(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = []string{
		asProgram + "=1", "PATH=" + os.Getenv("PATH"), "DATA_DIR=" + t.TempDir(), "GRPC_LISTEN=127.0.0.1:0", "ADMIN_LISTEN=127.0.0.1:0",
		"BROKER_URL=amqp://guest:guest@127.0.0.1:1/", "STATUS_ADDRESS=127.0.0.1:1", // nobody listens on port 1
	}
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	addresses, text := make(chan string, 1), make(chan string, 1)
	go func() {
		var all strings.Builder
		for lines := bufio.NewScanner(log); lines.Scan(); {
			all.WriteString(lines.Text() + "\n")
			if m := regexp.MustCompile(`takes calls" grpc=(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
				addresses <- m[1]
			}
		}
		text <- all.String()
	}()
	var address string
	select {
	case address = <-addresses:
	case said := <-text:
		require.Fail(t, "it ended: "+said)
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	health, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, health.GetStatus())
	w, err := workerv1.NewWorkerServiceClient(conn).GetWorker(ctx, &workerv1.GetWorkerRequest{})
	require.NoError(t, err)
	require.Equal(t, "video", w.GetWorker().GetKind())
	require.NotEmpty(t, w.GetWorker().GetNotReady())
	_, err = workerv1.NewWorkerServiceClient(conn).DrainWorker(ctx, &workerv1.DrainWorkerRequest{Reason: "maintenance"})
	require.NoError(t, err)
	said := <-text
	require.NoError(t, cmd.Wait(), said)
	require.Contains(t, said, "maintenance")
}
