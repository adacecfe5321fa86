package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
)

// TestKinds is the table of what follows from whose fault it was.
func TestKinds(t *testing.T) {
	t.Parallel()
	table := []struct {
		kind              fault.Kind
		retryable, letter bool
	}{
		{fault.Request, false, false},
		{fault.Source, true, true},
		{fault.Dependency, true, true},
		{fault.Internal, true, true},
		{fault.Poison, false, true},
	}
	require.Len(t, fault.Kinds(), len(table))
	for i, row := range table {
		require.Equal(t, row.kind, fault.Kinds()[i])
		require.True(t, row.kind.Valid())
		require.Equal(t, row.retryable, row.kind.Retryable(), row.kind)
		require.Equal(t, row.letter, row.kind.DeadLetters(), row.kind)
	}
	for _, k := range []fault.Kind{"", "Request", "weird"} {
		require.False(t, k.Valid())
		require.False(t, k.Retryable())
	}
}

func TestErrorKeepsUserTextAndCauseApart(t *testing.T) {
	t.Parallel()
	err := fault.Wrap(fault.Source, io.ErrUnexpectedEOF, "The page %s ended early.", "x").After(7 * time.Second)
	require.Equal(t, "The page x ended early.", err.Text)
	require.Equal(t, 7*time.Second, err.Delay)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualError(t, err, "source: The page x ended early.: unexpected EOF")
	require.EqualError(t, fault.New(fault.Internal, "No disk."), "internal: No disk.")
}

func TestInvalidNamesTheField(t *testing.T) {
	t.Parallel()
	err := fault.Invalid("source.url", "%q is no address", "x")
	require.Equal(t, fault.Request, err.Kind)
	require.Equal(t, []fault.Field{{Path: "source.url", Message: `"x" is no address`}}, err.Fields)
	require.Equal(t, `source.url: "x" is no address`, err.Text)
}

func TestDownNamesTheDependency(t *testing.T) {
	t.Parallel()
	err := fault.Down(fault.Speech, io.EOF, "The voice does not answer.")
	require.Equal(t, fault.Dependency, err.Kind)
	require.Equal(t, "speech", fault.From(fault.At("narrate", err)).Down, "it stays on the way up")
	require.ErrorIs(t, err, io.EOF)
	require.Contains(t, fault.Dependencies(), err.Down)
	require.Empty(t, fault.New(fault.Dependency, "x").Down)
}

func TestAtNamesTheStageOnce(t *testing.T) {
	t.Parallel()
	inner := fault.New(fault.Source, "down")
	err := fault.At("script", fault.At("fetch", inner))
	require.Equal(t, "fetch", fault.From(err).Stage, "where it happened, not where it passed")
	require.Empty(t, inner.Stage, "the fault is copied")
	require.EqualError(t, err, "source (fetch): down")
	require.NoError(t, fault.At("fetch", nil))
	require.Equal(t, fault.Internal, fault.From(fault.At("fetch", io.EOF)).Kind)
}

func TestFrom(t *testing.T) {
	t.Parallel()
	own := fault.New(fault.Dependency, "no voice")
	for name, c := range map[string]struct {
		err  error
		kind fault.Kind
		text string
	}{
		"own":       {own, fault.Dependency, "no voice"},
		"wrapped":   {fmt.Errorf("narrate: %w", own), fault.Dependency, "no voice"},
		"joined":    {errors.Join(io.EOF, own), fault.Dependency, "no voice"},
		"anonymous": {io.EOF, fault.Internal, "on our side"},
		"deadline":  {fmt.Errorf("x: %w", context.DeadlineExceeded), fault.Internal, "time limit"},
		"outermost": {fault.Wrap(fault.Source, own, "the site"), fault.Source, "the site"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fault.From(c.err)
			require.Equal(t, c.kind, f.Kind)
			require.Contains(t, f.Text, c.text)
		})
	}
	require.Nil(t, fault.From(nil))
	require.ErrorIs(t, fault.From(io.EOF), io.EOF, "the cause stays")
}
