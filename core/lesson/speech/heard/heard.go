// Package heard listens to speech with an offline recogniser, so that tests can
// tell whether a listener would understand it.
package heard

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/studycast/studycast/core/lesson/process"
)

// Rate is the sample rate that Transcribe needs, in Hz.
const Rate = 16000

// Transcribe returns the words that pocketsphinx hears in mono English speech
// of Rate, in lower case. Its files go to dir and are removed. It takes about a
// third of the length of the speech. A missing program or model is an error that
// names the Debian packages.
func Transcribe(ctx context.Context, samples []int16, dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("folder of the recogniser: %w", err)
	}
	f, err := os.CreateTemp(dir, "heard-*.raw")
	if err != nil {
		return "", fmt.Errorf("write speech: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	// The recogniser drops the first syllable of speech that starts at once.
	silence := make([]int16, Rate/2)
	for _, part := range [][]int16{silence, samples, silence} {
		if err := binary.Write(f, binary.LittleEndian, part); err != nil {
			return "", errors.Join(fmt.Errorf("write speech: %w", err), f.Close())
		}
	}
	if err := f.Close(); err != nil {
		return "", fmt.Errorf("write speech: %w", err)
	}
	var out strings.Builder
	err = process.Run(ctx, process.Cmd{
		Name: "pocketsphinx_continuous", Dir: dir, Stdout: &out,
		Args:   []string{"-infile", f.Name(), "-logfn", "/dev/null"},
		Limits: process.Limits{CPU: 10 * time.Minute},
	})
	if err != nil {
		return "", fmt.Errorf("hear speech (Debian packages pocketsphinx and pocketsphinx-en-us): %w", err)
	}
	return strings.Join(normal(out.String()), " "), nil
}

// WER is the word error rate of hyp against ref: substitutions, insertions and
// deletions for each word of ref. 0 is the same words; it may exceed 1. Case
// and punctuation do not count.
func WER(ref, hyp string) float64 {
	r, h := normal(ref), normal(hyp)
	if len(r) == 0 {
		return float64(len(h))
	}
	row := make([]int, len(h)+1)
	for j := range row {
		row[j] = j
	}
	for i, want := range r {
		diagonal := row[0]
		row[0] = i + 1
		for j, got := range h {
			cost := diagonal
			if want != got {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return float64(row[len(h)]) / float64(len(r))
}

func normal(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	})
}
