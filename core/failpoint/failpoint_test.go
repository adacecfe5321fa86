package failpoint

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKillsAtTheNthPassing(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]int{"here": 1, "here:1": 1, "here:3": 3, "there": 0} {
		kills, died := 0, 0
		hit, err := parse(spec, func() { kills++ })
		require.NoError(t, err)
		for n := 1; n <= 5; n++ {
			before := kills
			hit("elsewhere")
			require.Equal(t, before, kills)
			if hit("here"); kills > before {
				died = n
			}
		}
		require.Equal(t, want, died, spec)
		require.LessOrEqual(t, kills, 1)
	}
}

func TestUnsetAndWrong(t *testing.T) {
	t.Parallel()
	hit, err := parse("", nil)
	require.NoError(t, err)
	require.Nil(t, hit)
	for _, spec := range []string{"here:", "here:0", "here:-1", "here:x"} {
		_, err := parse(spec, nil)
		require.ErrorContains(t, err, Variable, spec)
	}
}

// The process that dies is this test binary, started once more.
func TestProcessDiesByKill(t *testing.T) {
	if os.Getenv(Variable) != "" {
		hit, err := FromEnv()
		require.NoError(t, err)
		hit("moment")
		hit("moment")
		return
	}
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcessDiesByKill$")
	cmd.Env = append(os.Environ(), Variable+"=moment:2")
	err := cmd.Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	status, ok := exit.Sys().(syscall.WaitStatus)
	require.True(t, ok)
	require.Equal(t, syscall.SIGKILL, status.Signal())
}
