package script

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// fixtures are the test documents with their titles.
var fixtures = map[string]string{
	"vaccines":     "How vaccines work",
	"transactions": "Chapter 9. Transactions",
	"readme":       "quickcache",
	"city":         "Port Alder",
	"news":         "Old bridge closes for two years",
	"tides":        "Why the sea rises twice a day",
}

func fixture(t testing.TB, name string) *lesson.Document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	require.NoError(t, err)
	doc := document(fixtures[name], string(text))
	doc.Figures = []lesson.Figure{{ID: "f1", Section: 1, Width: 800, Height: 600}}
	return doc
}

func write(t testing.TB, doc *lesson.Document, k lesson.Kind, l lesson.Length) *lesson.Script {
	t.Helper()
	s, err := NewOffline().Write(context.Background(), doc, lesson.Options{Kind: k, Length: l}, lesson.NoProgress)
	require.NoError(t, err)
	return s
}

// every runs f for all fixtures, kinds and lengths, and for a long document.
func everyScript(t *testing.T, f func(t *testing.T, doc *lesson.Document, s *lesson.Script)) {
	names := []string{"long"}
	for name := range fixtures {
		names = append(names, name)
	}
	for _, name := range names {
		doc := longDocument(60_000)
		if name != "long" {
			doc = fixture(t, name)
		}
		for _, k := range []lesson.Kind{lesson.Video, lesson.Audio} {
			for _, l := range []lesson.Length{lesson.Short, lesson.Medium, lesson.Long} {
				t.Run(fmt.Sprintf("%s/%s/%s", name, k, l), func(t *testing.T) {
					t.Parallel()
					f(t, doc, write(t, doc, k, l))
				})
			}
		}
	}
}

func TestScriptsAreValid(t *testing.T) {
	t.Parallel()
	everyScript(t, func(t *testing.T, doc *lesson.Document, s *lesson.Script) {
		require.NoError(t, Validate(s, doc))
		require.Equal(t, "offline", s.Writer)
		data, err := json.Marshal(s)
		require.NoError(t, err)
		back, err := Load(strings.NewReader(string(data)))
		require.NoError(t, err)
		require.Equal(t, s, back)
	})
}

// clauseInside finds a sentence pasted into a frame that takes a thing.
var clauseInside = regexp.MustCompile(`(?i)\b(?:at|to|about|with|on) (?:tides come|the earth turns|tides slow|the shape of the coast decides)`)

func TestHeadingsFitTheirFrames(t *testing.T) {
	t.Parallel()
	said := ""
	everyScript(t, func(t *testing.T, doc *lesson.Document, s *lesson.Script) {
		for _, scene := range s.Scenes {
			require.NotEqual(t, "Overview", scene.Heading)
			for _, l := range scene.Lines {
				require.NotRegexp(t, clauseInside, l.Text)
			}
		}
	})
	for _, k := range []lesson.Kind{lesson.Video, lesson.Audio} {
		for _, scene := range write(t, fixture(t, "tides"), k, lesson.Long).Scenes {
			for _, l := range scene.Lines {
				said += l.Text + "\n"
			}
		}
	}
	require.Contains(t, said, "The first point: tides come from a difference in pull.")
	require.Contains(t, said, "The page makes a claim: tides come from a difference in pull. What does that mean?")
}

func TestAnExplanationKeepsItsPremises(t *testing.T) {
	t.Parallel()
	for _, k := range []lesson.Kind{lesson.Video, lesson.Audio} {
		s := write(t, fixture(t, "tides"), k, lesson.Medium)
		first := ""
		for _, l := range s.Scenes[1].Lines {
			first += l.Text + " "
		}
		premise, term := strings.Index(first, "Gravity grows weaker"), strings.Index(first, "is called the tidal force")
		require.Greater(t, premise, 0)
		require.Greater(t, term, premise)
		recap := s.Scenes[len(s.Scenes)-1]
		data, err := json.Marshal(recap)
		require.NoError(t, err)
		require.Contains(t, string(data), "ides are caused by a difference in pull", "the page's own summary")
		require.Contains(t, string(data), "The answer: the tidal force is the difference in pull")
	}
}

func TestMachinesAreNotNamedAloud(t *testing.T) {
	t.Parallel()
	for _, site := range []string{"127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "localhost", "localhost:8080", "10.1.2.3", ""} {
		doc := fixture(t, "vaccines")
		doc.Site = site
		for _, scene := range write(t, doc, lesson.Audio, lesson.Short).Scenes {
			for _, l := range scene.Lines {
				require.NotContains(t, l.Text, "127.0")
				require.NotContains(t, l.Text, "localhost")
				require.NotContains(t, l.Text, "10.1")
				require.NotContains(t, l.Text, "::1")
				require.NotContains(t, l.Text, "from in")
			}
		}
	}
}

func TestLinesCanBeReadAloud(t *testing.T) {
	t.Parallel()
	everyScript(t, func(t *testing.T, doc *lesson.Document, s *lesson.Script) {
		seen, asked := map[string]bool{}, ""
		for _, scene := range s.Scenes {
			require.LessOrEqual(t, prose.Runes(scene.Heading), maxHeading)
			for _, l := range scene.Lines {
				require.LessOrEqual(t, prose.Runes(l.Text), maxLine, l.Text)
				require.True(t, prose.Closed(l.Text), l.Text)
				require.Equal(t, prose.Upper(l.Text), l.Text)
				for _, bad := range []string{"…", "...", "http", "[", "`", "{", "  ", "?.", "..", "%s", "{site}", "%!"} {
					require.NotContains(t, l.Text, bad)
				}
				if !strings.HasSuffix(l.Text, "?") && (s.Kind == lesson.Video || len(l.Sources) > 0) {
					require.False(t, seen[l.Text], "said twice: %s", l.Text)
					seen[l.Text] = true
					continue
				}
				require.NotEqual(t, asked, l.Text, "asked twice in a row")
				asked = l.Text
			}
		}
	})
}

func TestClaimsAreThePagesOwnSentences(t *testing.T) {
	t.Parallel()
	everyScript(t, func(t *testing.T, doc *lesson.Document, s *lesson.Script) {
		texts := map[string]string{}
		for _, x := range doc.Sentences() {
			texts[x.ID] = x.Text
		}
		for _, scene := range s.Scenes {
			for _, l := range scene.Lines {
				require.Len(t, l.Citations, len(l.Sources))
				cited := ""
				for _, c := range l.Citations {
					require.Equal(t, texts[c.ID], c.Text)
					cited += " " + c.Text
				}
				if len(l.Sources) > 0 {
					requireWordsFrom(t, l.Text, cited)
				}
			}
			for _, b := range scene.Bullets {
				cited := scene.Heading
				for _, id := range b.Sources {
					require.Contains(t, texts, id)
					cited += " " + texts[id]
				}
				if scene.Kind == lesson.IdeaScene {
					require.NotEmpty(t, b.Sources)
					requireWordsFrom(t, b.Text, cited)
				}
			}
		}
	})
}

// requireWordsFrom demands that text has no word that cited lacks, framing
// apart.
func requireWordsFrom(t *testing.T, text, cited string) {
	t.Helper()
	have := prose.Words(cited)
	for _, w := range prose.Words(text) {
		switch w {
		case "first", "second", "third", "and", "finally", "above", "all", "the", "answer":
			continue
		}
		require.Contains(t, have, w, "%q is not from %q", text, cited)
	}
}

func TestVideoScenes(t *testing.T) {
	t.Parallel()
	everyScript(t, func(t *testing.T, doc *lesson.Document, s *lesson.Script) {
		if s.Kind != lesson.Video {
			return
		}
		if len(s.Notes) == 0 {
			require.GreaterOrEqual(t, len(s.Scenes), map[lesson.Length]int{lesson.Short: 4, lesson.Medium: 5, lesson.Long: 5}[s.Length])
		}
		require.LessOrEqual(t, len(s.Scenes), 12)
		require.Len(t, s.Speakers, 1)
		last := len(s.Scenes) - 1
		for i, scene := range s.Scenes {
			switch i {
			case 0:
				require.Equal(t, lesson.TitleScene, scene.Kind)
			case last:
				require.Equal(t, lesson.RecapScene, scene.Kind)
			default:
				require.Equal(t, lesson.IdeaScene, scene.Kind)
				require.GreaterOrEqual(t, len(scene.Bullets), 2, scene.Heading)
				require.LessOrEqual(t, len(scene.Bullets), maxBullets)
				for _, b := range scene.Bullets {
					require.LessOrEqual(t, prose.Runes(b.Text), lastBullet, b.Text)
					require.False(t, strings.HasSuffix(b.Text, "."), b.Text)
					require.NotContains(t, []string{"and", "or", "but", "the", "of", "to", "which", "that", "is", "a"}, prose.Last(b.Text), b.Text)
				}
			}
			require.Equal(t, len(scene.Bullets), scene.Lines[len(scene.Lines)-1].Bullet, "every bullet is revealed")
		}
		requireSelfCheck(t, s.Scenes[last].Lines)
		require.GreaterOrEqual(t, len(s.Scenes[last].Bullets), 2, "key points and the question")
	})
}

// requireSelfCheck demands a question that is answered after a pause or left
// to the listener.
func requireSelfCheck(t *testing.T, lines []lesson.Line) {
	t.Helper()
	asked := slices.IndexFunc(lines, func(l lesson.Line) bool {
		return strings.HasSuffix(l.Text, "?") && len(l.Sources) == 0 && !strings.HasPrefix(l.Text, "Time to")
	})
	require.GreaterOrEqual(t, asked, 0)
	for _, l := range lines[asked+1:] {
		if strings.HasPrefix(l.Text, "The answer: ") {
			require.NotEmpty(t, l.Sources)
			return
		}
	}
	require.False(t, slices.ContainsFunc(lines, func(l lesson.Line) bool { return strings.HasPrefix(l.Text, "Take a moment") }), "no answer is promised")
}

func TestAudioTurns(t *testing.T) {
	t.Parallel()
	everyScript(t, func(t *testing.T, doc *lesson.Document, s *lesson.Script) {
		if s.Kind != lesson.Audio {
			return
		}
		require.Equal(t, []lesson.Speaker{{Name: "Ada", Voice: "ada"}, {Name: "Ben", Voice: "ben"}}, s.Speakers)
		said := ""
		for _, l := range s.Scenes[0].Lines {
			said += l.Text + " "
		}
		require.Contains(t, said, "example.org")
		for i, scene := range s.Scenes {
			voices, run, prev := map[int]bool{}, 0, -1
			for j, l := range scene.Lines {
				voices[l.Speaker] = true
				if run++; l.Speaker != prev {
					run, prev = 1, l.Speaker
				}
				if scene.Kind == lesson.IdeaScene {
					require.LessOrEqual(t, run, 2, "a turn is no lecture")
				}
				if scene.Kind == lesson.IdeaScene && len(l.Sources) == 0 {
					require.Less(t, j+1, len(scene.Lines), "a question has an answer")
					require.NotEqual(t, l.Speaker, scene.Lines[j+1].Speaker)
				}
			}
			require.Len(t, voices, 2, "scene %d", i+1)
		}
		recap := s.Scenes[len(s.Scenes)-1].Lines
		requireSelfCheck(t, recap[1:])
		require.Equal(t, "Goodbye, and happy learning.", recap[len(recap)-1].Text)
	})
}

func TestLengthIsWhatWasAsked(t *testing.T) {
	t.Parallel()
	everyScript(t, func(t *testing.T, doc *lesson.Document, s *lesson.Script) {
		got, want := Estimate(s).Seconds(), s.Length.Seconds()
		require.LessOrEqual(t, got, want*1.15)
		if got < want*0.85 {
			require.Len(t, s.Notes, 1)
			require.Contains(t, s.Notes[0], "too short")
		}
	})
}

func TestLongPagesFillEveryLength(t *testing.T) {
	t.Parallel()
	for _, k := range []lesson.Kind{lesson.Video, lesson.Audio} {
		for _, l := range []lesson.Length{lesson.Short, lesson.Medium, lesson.Long} {
			s := write(t, longDocument(60_000), k, l)
			require.Empty(t, s.Notes)
			require.InEpsilon(t, l.Seconds(), Estimate(s).Seconds(), 0.15)
		}
	}
}

func TestWritingIsDeterministic(t *testing.T) {
	t.Parallel()
	for range 3 {
		require.Equal(t, write(t, fixture(t, "city"), lesson.Audio, lesson.Medium), write(t, fixture(t, "city"), lesson.Audio, lesson.Medium))
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	all := ""
	for name := range fixtures {
		data, err := json.Marshal(write(t, fixture(t, name), lesson.Video, lesson.Long).Scenes)
		require.NoError(t, err)
		all += string(data)
	}
	for _, gone := range []string{"newsletter\",\"source", "Subscribe to our", "The following table", "badge.svg", "Open an issue", "List of harbour", "variolae"} {
		require.NotContains(t, all, gone)
	}
	require.Contains(t, all, "four main kinds of vaccine: live vaccines, inactivated vaccines, subunit vaccines and")
	require.Contains(t, all, `"figure":"f1"`)
}

func TestOtherLanguages(t *testing.T) {
	t.Parallel()
	doc := document("Das Watt", `Das Watt ist der Boden des Meeres, der bei Ebbe trocken fällt. Es liegt zwischen der Küste und den Inseln.
# Tiere
Im Schlick leben Würmer, Muscheln und Krebse. Ein Wattwurm frisst am Tag so viel Sand wie er selbst wiegt. Viele Vögel finden hier ihre Nahrung.
# Gezeiten
Zweimal am Tag steigt und fällt das Wasser. Der Mond zieht das Wasser an, weil seine Schwerkraft auf die Erde wirkt. Bei Flut steht das Watt unter Wasser.`)
	doc.Language = ""
	for _, k := range []lesson.Kind{lesson.Video, lesson.Audio} {
		s := write(t, doc, k, lesson.Short)
		require.Equal(t, "de", s.Language)
		require.NoError(t, Validate(s, doc))
		data, err := json.Marshal(s.Scenes)
		require.NoError(t, err)
		require.NotContains(t, string(data), "Welcome")
		require.Contains(t, string(data), "Das Thema")
	}
	doc.Language = "fi"
	for _, k := range []lesson.Kind{lesson.Video, lesson.Audio} {
		require.NoError(t, Validate(write(t, doc, k, lesson.Short), doc))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w, doc := NewOffline(), fixture(t, "news")
	for name, o := range map[string]lesson.Options{"kind": {Kind: "film"}, "length": {Length: "eternal"}} {
		_, err := w.Write(context.Background(), doc, o, lesson.NoProgress)
		require.Equal(t, fault.Request, fault.From(err).Kind, name)
	}
	_, err := w.Write(context.Background(), document("Nothing", "~ x := 1"), lesson.Options{}, lesson.NoProgress)
	require.Equal(t, fault.Request, fault.From(err).Kind)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = w.Write(ctx, doc, lesson.Options{}, lesson.NoProgress)
	require.ErrorIs(t, err, context.Canceled)
}

func TestAnotherLanguageThanThePagesIsNoted(t *testing.T) {
	t.Parallel()
	s, err := NewOffline().Write(context.Background(), fixture(t, "vaccines"), lesson.Options{Language: "fr"}, lesson.NoProgress)
	require.NoError(t, err)
	require.Contains(t, strings.Join(s.Notes, " "), "does not translate")
}
