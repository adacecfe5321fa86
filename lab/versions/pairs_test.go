//go:build linux

package versions

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/lab/local"
	"github.com/studycast/studycast/lab/site"
)

// rolled are the programs that are rolled out one by one.
var rolled = []local.Role{local.Status, local.Gateway, local.DeadLetter, local.VideoWorker, local.AudioWorker}

// fleet is a system whose programs change their version.
type fleet struct {
	*system
	pages    *site.Site
	dir      string // of links to the binaries in use
	of       map[bool]string
	mixtures int
}

// Every mixture in which one program is of another version than the rest: first
// each new program among old ones, then a whole roll-out, then each old program
// among new ones, which is what a roll-back or a late restart is. In each of them
// jobs of both kinds succeed, one at its second attempt, one dies and is replayed.
func TestPairs(t *testing.T) {
	old := neighbour(t)
	pages := site.Open()
	t.Cleanup(pages.Close)
	f := &fleet{pages: pages, dir: t.TempDir(), of: map[bool]string{false: old, true: bin}}
	for _, role := range rolled {
		f.link(t, role, false)
	}
	f.system = start(t.Context(), t, local.Options{Bin: f.dir})
	f.works(t, "all old")
	for _, today := range []bool{true, false} {
		for _, role := range rolled {
			f.change(t, role, today)
			f.works(t, fmt.Sprintf("%s new=%t, the rest new=%t", role, today, !today))
			f.change(t, role, !today)
		}
		for _, role := range rolled {
			f.change(t, role, today)
		}
		f.works(t, fmt.Sprintf("all new=%t", today))
		if today {
			continue
		}
		require.Equal(t, 2*len(rolled)+3, f.mixtures)
	}
}

// link chooses the version of a program for its next start.
func (f *fleet) link(t *testing.T, role local.Role, today bool) {
	t.Helper()
	path := filepath.Join(f.dir, string(role))
	if err := os.Remove(path); !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	require.NoError(t, os.Symlink(filepath.Join(f.of[today], string(role)), path))
}

// change ends a program in order and starts it in another version.
func (f *fleet) change(t *testing.T, role local.Role, today bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	f.link(t, role, today)
	for _, p := range f.Programs(role) {
		require.NoError(t, p.Term())
		require.NoError(t, p.Wait(ctx), p.Name())
		require.NoError(t, p.Start(ctx))
		require.NoError(t, p.Ready(ctx))
	}
	require.NoError(t, f.Ready(ctx), "the others must find the new one")
}

// works runs jobs through all programs.
func (f *fleet) works(t *testing.T, mixture string) {
	t.Helper()
	f.mixtures++
	t.Log(mixture)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	page := func(name string, failures int) client.Source {
		return client.Source{URL: f.pages.Page(fmt.Sprintf("%d-%s", f.mixtures, name), failures)}
	}
	audio := f.submit(ctx, t, client.Audio, client.Source{Text: "# Tides\n\n" + site.Text})
	second := f.submit(ctx, t, client.Video, page("second", 1))
	dying := f.submit(ctx, t, client.Audio, page("dying", 1))
	f.ended(ctx, t, dying, client.Failed)
	letter := f.letter(ctx, t, dying)
	_, err := f.olga.Replay(ctx, letter.ID, "the site is back")
	require.NoError(t, err)
	f.ended(ctx, t, audio, client.Succeeded)
	require.Equal(t, 2, f.ended(ctx, t, second, client.Succeeded).Attempt)
	f.ended(ctx, t, dying, client.Succeeded)
	var all []string
	for j, err := range f.school.List(ctx, client.Filter{}) {
		require.NoError(t, err)
		all = append(all, j.ID)
	}
	for _, id := range []string{audio, second, dying} {
		require.True(t, slices.Contains(all, id))
	}
}
