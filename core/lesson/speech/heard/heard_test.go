package heard

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWER(t *testing.T) {
	t.Parallel()
	require.Zero(t, WER("The plant's leaves.", "the plant's leaves"))
	require.InDelta(t, 1.0/3, WER("one two three", "one too three"), 1e-9)
	require.InDelta(t, 1.0/3, WER("one two three", "one three"), 1e-9)
	require.InDelta(t, 1, WER("one two", "nothing of it"), 1)
	require.InDelta(t, 1, WER("one two", ""), 1e-9)
	require.InDelta(t, 2, WER("", "heard something"), 1e-9)
}

// Silence is heard as nothing, or next to nothing.
func TestTranscribeSilence(t *testing.T) {
	t.Parallel()
	said, err := Transcribe(t.Context(), make([]int16, Rate), t.TempDir())
	require.NoError(t, err)
	require.LessOrEqual(t, len(said), 10)
}
