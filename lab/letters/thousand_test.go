//go:build linux

package letters

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/client"
	"github.com/studycast/studycast/core/deadletterclient"
	"github.com/studycast/studycast/lab/local"
)

// How many letters have which cause; together 1,000.
const (
	slots     = 20
	down      = 500 // pages of a site that answers 500
	refused   = 254 // lessons that the script endpoint refuses to write
	malformed = 200 // messages that can't be read
	killed    = 2 * slots
	full      = 6 // lessons that the artifact store has no room for
	some      = 3 // of the refused ones, replayed by their ids
)

func TestThousandLetters(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]local.Options{"RabbitMQ": {}, "embedded": {Embedded: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			thousand(t, o)
		})
	}
}

func thousand(t *testing.T, o local.Options) {
	s := newSite(t)
	o.Bin = wrapped(t, local.AudioWorker, local.Single)
	o.Env = []string{
		fmt.Sprintf("AUDIO_SLOTS=%d", slots), "SPEECH_COMMAND=" + voice(t),
		"SCRIPT_URL=" + s.url + "/v1/", "SCRIPT_MODEL=tutor", "SCRIPT_FALLBACK=false",
	}
	r := start(t, o)
	began := time.Now()
	everything := deadletterclient.Filter{States: []string{deadletterclient.Open}}
	r.submit(r.school, down, pages(s.url))
	r.submit(r.school, refused, texts("Tides"))
	r.dead(down+refused, everything)
	r.trapped(s, killed/slots, slots)
	r.dead(down+refused+killed, everything)
	r.stop(r.maker())
	r.malformed(malformed)
	r.begin(r.maker(), fullDisk+"="+filepath.Join(r.dir, "system", "artifacts"), "SCRIPT_URL=")
	late := r.submit(r.school, full, texts("Stars"))
	r.dead(down+refused+killed+malformed+full, everything)
	r.stop(r.maker())
	r.begin(r.maker(), fullDisk+"=")
	t.Logf("1000 dead letters in %s", time.Since(began).Round(time.Second))

	groups := r.fiveCauses(everything)
	r.unmended(groups["source fetch"])
	r.mended(groups["dependency publish"], late)
	r.someOf(groups["dependency script"])
	r.unreadable(groups["poison "])
	r.onRecord(groups)
}

// fiveCauses finds one group for each cause, by whose fault it was and where.
func (r *rig) fiveCauses(f deadletterclient.Filter) map[string]deadletterclient.Group {
	t := r.t
	t.Helper()
	asked := time.Now()
	page, err := r.olga.letters.Groups(t.Context(), f)
	took := time.Since(asked)
	require.NoError(t, err)
	counts, groups := map[string]int{}, map[string]deadletterclient.Group{}
	for _, g := range page.Groups {
		counts[g.Fault+" "+g.Stage] += g.Letters
		groups[g.Fault+" "+g.Stage] = g
		t.Logf("%4d %s %-10s %-7s %s", g.Letters, g.Fingerprint, g.Fault, g.Stage, g.Template)
	}
	t.Logf("grouped in %s", took.Round(time.Millisecond))
	require.Len(t, page.Groups, 5)
	require.Empty(t, page.NextPageToken)
	require.Equal(t, map[string]int{
		"source fetch": down, "dependency script": refused, "poison ": malformed, "internal fetch": killed, "dependency publish": full,
	}, counts)
	return groups
}

// unmended: a replay stops by itself after its first letters when nothing got
// better, and leaves the others as they are.
func (r *rig) unmended(g deadletterclient.Group) {
	t := r.t
	t.Helper()
	in := deadletterclient.ReplayInput{
		Selection: deadletterclient.Selection{Filter: deadletterclient.Filter{Fingerprint: g.Fingerprint}},
		Author:    r.olga.name, Reason: "the site should be back",
	}
	plan, err := r.olga.letters.PlanReplay(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, down, plan.Letters)
	require.Len(t, plan.Groups, 1)
	p := r.replayed(r.olga, in)
	require.Equal(t, deadletterclient.ReplayStopped, p.State)
	require.False(t, p.CanaryPassed)
	require.Contains(t, p.Why, g.Fingerprint)
	require.Equal(t, deadletterclient.ReplayCounts{FailedAgain: 3, Skipped: down - 3}, p.Counts)
	now := r.dead(down, deadletterclient.Filter{States: []string{deadletterclient.Open}, Fingerprint: g.Fingerprint})
	require.Equal(t, g.Template, now[0].Template)
}

// mended: a replay runs through when the cause is gone.
func (r *rig) mended(g deadletterclient.Group, jobs []string) {
	t := r.t
	t.Helper()
	p := r.replayed(r.omar, deadletterclient.ReplayInput{
		Selection: deadletterclient.Selection{Filter: deadletterclient.Filter{Fingerprint: g.Fingerprint}},
		Author:    r.omar.name, Reason: "the disk has room again",
	})
	require.Equal(t, deadletterclient.ReplayDone, p.State, p.Why)
	require.True(t, p.CanaryPassed)
	require.Equal(t, deadletterclient.ReplayCounts{Recovered: full}, p.Counts)
	for _, id := range jobs {
		j, err := r.school.Get(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, client.Succeeded, j.State)
		require.NotEmpty(t, j.Artifacts)
	}
}

// someOf replays a few letters by their ids: the endpoint is given up, and the
// offline writer takes its place.
func (r *rig) someOf(g deadletterclient.Group) {
	t := r.t
	t.Helper()
	page, err := r.omar.letters.List(t.Context(), deadletterclient.Filter{Fingerprint: g.Fingerprint, PageSize: some})
	require.NoError(t, err)
	var in deadletterclient.ReplayInput
	for _, l := range page.Letters {
		in.Selection.IDs = append(in.Selection.IDs, l.ID)
	}
	in.Author, in.Reason, in.Canary = r.omar.name, "written offline from now on", 1
	p := r.replayed(r.omar, in)
	require.Equal(t, deadletterclient.ReplayCounts{Recovered: some}, p.Counts, p.Why)
	r.dead(refused-some, deadletterclient.Filter{States: []string{deadletterclient.Open}, Fingerprint: g.Fingerprint})
}

// unreadable: what can't be read is not replayed; it is looked at and discarded.
func (r *rig) unreadable(g deadletterclient.Group) {
	t := r.t
	t.Helper()
	all := deadletterclient.Selection{Filter: deadletterclient.Filter{Fingerprint: g.Fingerprint}}
	plan, err := r.omar.letters.PlanReplay(t.Context(), deadletterclient.ReplayInput{Selection: all})
	require.NoError(t, err)
	require.Zero(t, plan.Letters)
	require.Equal(t, []deadletterclient.Skipped{{Why: deadletterclient.SkippedUndecodable, Letters: malformed}}, plan.Skipped)
	whole, err := r.omar.letters.Get(t.Context(), g.Sample)
	require.NoError(t, err)
	require.NotEmpty(t, whole.Body)
	require.NotEmpty(t, whole.Undecodable)
	done, err := r.omar.letters.Discard(t.Context(), all, r.omar.name, "another team's test wrote them")
	require.NoError(t, err)
	require.Equal(t, malformed, done.Letters)
}

// replayed makes a replay and waits until nothing about it will change.
func (r *rig) replayed(by operator, in deadletterclient.ReplayInput) (p deadletterclient.Replay) {
	t := r.t
	t.Helper()
	began := time.Now()
	made, err := by.letters.CreateReplay(t.Context(), in)
	require.NoError(t, err)
	for p, err = range by.letters.WatchReplay(t.Context(), made.Replay.ID) {
		require.NoError(t, err)
		require.Equal(t, p.Letters, p.Counts.Sum())
	}
	t.Logf("replay of %d by %s: %s after %s, %+v; %s", p.Letters, by.name, p.State, time.Since(began).Round(100*time.Millisecond), p.Counts, p.Why)
	return p
}

// onRecord: the audit log tells who did what, and why.
func (r *rig) onRecord(groups map[string]deadletterclient.Group) {
	t := r.t
	t.Helper()
	page, err := r.olga.letters.Audit(t.Context(), deadletterclient.AuditFilter{PageSize: 200})
	require.NoError(t, err)
	var told [][3]string
	for _, a := range page.Records {
		told = append(told, [3]string{a.Author, a.Action, a.Reason})
		t.Logf("%s %s %s: %s → %s", a.Author, a.Action, a.Reason, a.Selection, a.Outcome)
	}
	require.Len(t, told, 5)
	require.Equal(t, [3]string{r.omar.name, deadletterclient.ActionDiscard, "another team's test wrote them"}, told[0])
	require.Equal(t, [3]string{r.omar.name, deadletterclient.ActionReplayCreate, "written offline from now on"}, told[1])
	require.Equal(t, [3]string{r.omar.name, deadletterclient.ActionReplayCreate, "the disk has room again"}, told[2])
	require.Equal(t, [2]string{deadletterclient.Service, deadletterclient.ActionReplayStop}, [2]string{told[3][0], told[3][1]})
	require.Contains(t, told[3][2], groups["source fetch"].Fingerprint)
	require.Equal(t, [3]string{r.olga.name, deadletterclient.ActionReplayCreate, "the site should be back"}, told[4])
}
