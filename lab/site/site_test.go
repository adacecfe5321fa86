package site_test

import (
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/lab/site"
)

func TestPagesFailAsTheyAreTold(t *testing.T) {
	t.Parallel()
	s := site.Open()
	defer s.Close()
	status := func(url string) int {
		resp, err := http.Get(url)
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, resp.StatusCode == http.StatusOK, strings.Contains(string(text), site.Text))
		return resp.StatusCode
	}
	once := s.Page("once", 1)
	require.Equal(t, []int{500, 200, 200}, []int{status(once), status(once), status(once)})
	require.Equal(t, http.StatusOK, status(s.Page("never", 0)))
	require.Equal(t, http.StatusInternalServerError, status(s.Page("ever", 9)))
	s.Mend()
	require.Equal(t, http.StatusOK, status(s.Page("ever", 9)))
}

func TestVoiceWritesATone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	voice, err := site.Voice(t.Context(), dir)
	require.NoError(t, err)
	said := filepath.Join(dir, "said.wav")
	words := strings.Fields(strings.ReplaceAll(voice, "{output}", said))
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin = strings.NewReader("The moon.")
	require.NoError(t, cmd.Run())
	require.FileExists(t, said)
}
