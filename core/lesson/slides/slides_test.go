package slides

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson"
)

func bullets(texts ...string) []lesson.Bullet {
	var out []lesson.Bullet
	for _, t := range texts {
		out = append(out, lesson.Bullet{Text: t})
	}
	return out
}

func pngOf(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))))
	return b.Bytes()
}

// nasty are texts that have broken slides before, or would like to.
var nasty = map[string]string{
	"empty":         "",
	"spaces":        " \t\n ",
	"plain":         "The moon pulls on the sea, and the sea follows",
	"long title":    strings.Repeat("A title of two hundred letters is long ", 6),
	"long word":     strings.Repeat("unbreakable", 8),
	"very long":     strings.Repeat("x", 20_000),
	"wide letters":  strings.Repeat("W", 300),
	"much text":     strings.Repeat("Many words stand here, one after the other. ", 60),
	"identifier":    "a_very_long_identifier_that_nobody_should_write_but_somebody_does_in_generated_code",
	"call":          "`sorted(items, key=operator.itemgetter(1), reverse=True)` and camelCaseName()",
	"address":       "https://docs.example.org/a/very/long/path/index.html?with=query&and=more#fragment-of-the-page",
	"german":        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
	"cyrillic":      "Иммунная система запоминает врагов — и узнаёт их снова",
	"greek":         "Η μνήμη του ανοσοποιητικού συστήματος διαρκεί",
	"arabic":        "جهاز المناعة يتذكر أعداءه (2024) و antigen",
	"hebrew":        "עברית נכתבת מימין לשמאל",
	"chinese":       strings.Repeat("人体免疫系统能够记住病原体", 20),
	"emoji":         "👩‍👩‍👧‍👦 family 🎉",
	"combining":     "Z" + strings.Repeat("\u0301", 200) + "algo",
	"bad bytes":     "broken \xff\xfe bytes \x00\x1b[31m",
	"bidi controls": "\u202egnirts desrever\u202c \u2066x\u2069",
	"zero width":    strings.Repeat("\u200b\u200d", 50),
	"backticks":     "``` `` ` a `b c` `",
}

func nastyScript(text string) *lesson.Script {
	return &lesson.Script{Title: text, Site: text, Language: "en", Scenes: []lesson.Scene{
		{Kind: lesson.TitleScene, Heading: text},
		{Kind: lesson.IdeaScene, Heading: text, Bullets: bullets(text, text, text, text)},
		{Kind: lesson.IdeaScene, Heading: text, Figure: "f1", Bullets: bullets(text, "short", text)},
		{Kind: lesson.RecapScene, Heading: text, Bullets: bullets(text, text, text+"?")},
		{Kind: lesson.TitleScene, Heading: text, Bullets: bullets(text, text)},
	}}
}

// Every letter of every text stays within the safe area, and body text above
// the source line.
func TestNothingLeavesItsBox(t *testing.T) {
	t.Parallel()
	for name, text := range nasty {
		for shape, o := range shapes {
			t.Run(name+" "+shape, func(t *testing.T) {
				t.Parallel()
				s := nastyScript(text)
				d, err := NewDeck(s, []lesson.Figure{{ID: "f1", PNG: pngOf(t, 640, 480), Caption: text}}, o)
				require.NoError(t, err)
				img := image.NewRGBA(d.Bounds())
				for i, scene := range s.Scenes {
					d.trace = func(what string, at image.Rectangle) {
						require.False(t, strayed(d.frame, what, at, scene.Figure != ""), "%s at %v, scene %d", what, at, i)
					}
					d.Draw(i, len(scene.Bullets), img, 0.5)
				}
			})
		}
	}
}

// shapes are the pictures that videos have, a pixel a unit.
var shapes = map[string]Options{"landscape": {}, "portrait": {Width: 720, Height: 1280}}

// A portrait slide is one of its own, not a landscape slide that was squeezed: its
// text is set no smaller than a phone can show, and a figure stands above what is
// said of it.
func TestPortraitIsSetForAPhone(t *testing.T) {
	t.Parallel()
	const text = "The moon pulls on the sea, and the sea follows it around the earth"
	s := nastyScript(text)
	s.Scenes[2].Heading = "Tides"
	d, err := NewDeck(s, []lesson.Figure{{ID: "f1", PNG: pngOf(t, 640, 360), Caption: "A figure"}}, Options{Width: 720, Height: 1280})
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 720, 1280), d.Bounds())
	seen := map[string]image.Rectangle{}
	d.trace = func(what string, at image.Rectangle) { seen[what] = seen[what].Union(at) }
	img := image.NewRGBA(d.Bounds())
	d.Draw(2, 3, img, 1)
	require.Less(t, seen["heading"].Max.Y, seen["card"].Min.Y)
	require.Less(t, seen["card"].Max.Y, seen["caption"].Min.Y)
	require.Less(t, seen["caption"].Max.Y, seen["bullet"].Min.Y)
	require.Greater(t, seen["picture"].Dx(), 500, "a figure is as wide as the slide allows")
	require.InDelta(t, seen["picture"].Dx()*360/640, seen["picture"].Dy(), 1, "not squeezed")
	const readable = 22 // 12 pixels of a page on a phone 390 wide
	for i, f := range d.frame.bullet {
		require.GreaterOrEqual(t, f, float64(readable), "size %d", i)
	}
	blocks := d.set.stack([]paragraph{d.set.paragraph(text, semiBold)}, box{
		w: d.frame.width() - bulletIndent - bandPadX, h: 300, sizes: d.frame.bullet, whole: d.frame.wholeBullet, leading: 1.32,
	}, 0)
	require.GreaterOrEqual(t, blocks[0].size, 40.0, "an ordinary bullet is large")
}

// strayed reports whether something is drawn outside of its room. Ink may
// overhang the em of a letter a little.
func strayed(f *frame, what string, at image.Rectangle, figure bool) bool {
	const overhang = 6
	room := image.Rect(int(f.left)-overhang, 40, int(f.right)+overhang, int(f.bodyBottom)+overhang)
	switch what {
	case "bar", "edge", "band", "card", "picture", "panel", "rule", "tick", "dot":
		room = image.Rect(0, 0, int(f.wide), int(f.high))
	case "source":
		room = image.Rect(int(f.left)-overhang, int(f.bodyBottom), int(f.right)+overhang, int(f.high)-barHigh)
	case "bullet":
		if figure && !f.stacked {
			room.Max.X = int(f.right - columnW)
		}
	case "caption":
		if !f.stacked {
			room.Min.X = int(f.right-columnW) - overhang
		}
	}
	return !at.Empty() && !at.In(room)
}

// No letter is lost: each text is still there in full, in order.
func TestBulletsAreNeverCutOff(t *testing.T) {
	t.Parallel()
	set, err := newTypesetter("en")
	require.NoError(t, err)
	for name, text := range nasty {
		b := set.stack([]paragraph{set.paragraph(text, semiBold)}, box{
			w: 500, h: 300, sizes: landscape.bullet, whole: 26, leading: 1.3,
		}, 0.3)[0]
		require.LessOrEqual(t, b.height(), 300.0, name)
		require.LessOrEqual(t, b.width(), 500.01, name)
		var shown strings.Builder
		for _, l := range b.lines {
			for _, w := range l.words {
				shown.WriteString(string(w.runes))
			}
		}
		plain := strings.NewReplacer(" ", "", "-", "", "`", "")
		require.Equal(t, plain.Replace(clean(text)), plain.Replace(shown.String()), name)
	}
}

func luminance(c color.RGBA) float64 {
	lin := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(c.R) + 0.7152*lin(c.G) + 0.0722*lin(c.B)
}

func contrast(a, b color.RGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// Every text colour has WCAG AA contrast on every ground that it stands on,
// dimmed bullets and the light in the corner included.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, name := range []lesson.Theme{lesson.Dark, lesson.Paper} {
		s := nastyScript("x")
		d, err := NewDeck(s, nil, Options{Theme: name})
		require.NoError(t, err)
		th := d.theme
		for _, title := range []bool{false, true} {
			g := d.ground(title)
			for y := 0; y < d.size.Y; y += 8 {
				for x := 0; x < d.size.X; x += 8 {
					for _, ink := range []color.RGBA{th.ink, th.dim, th.accent} {
						require.GreaterOrEqual(t, contrast(ink, g.RGBAAt(x, y)), 4.5, "%s: %v at %d, %d", name, ink, x, y)
					}
				}
			}
		}
		for _, ink := range []color.RGBA{th.ink, th.accent} {
			require.GreaterOrEqual(t, contrast(ink, th.tint), 4.5, "%s: %v on a band", name, ink)
		}
		require.GreaterOrEqual(t, contrast(th.onAccent, th.accent), 4.5, "%s: mark", name)
	}
}

// The states of a slide differ only where they should: what was shown stays
// where it was.
func TestStates(t *testing.T) {
	t.Parallel()
	s := nastyScript("The moon pulls on the sea")
	d, err := NewDeck(s, nil, Options{})
	require.NoError(t, err)
	where := func(n int) map[string]image.Rectangle {
		seen := map[string]image.Rectangle{}
		d.trace = func(what string, at image.Rectangle) { seen[what] = seen[what].Union(at) }
		d.Draw(1, n, image.NewRGBA(d.Bounds()), 0.25)
		d.trace = nil
		return seen
	}
	none, two, all, more := where(0), where(2), where(4), where(99)
	require.NotContains(t, none, "bullet")
	require.Equal(t, none["heading"], all["heading"])
	require.Equal(t, two["bullet"].Min, all["bullet"].Min)
	require.Less(t, two["bullet"].Max.Y, all["bullet"].Max.Y)
	require.Equal(t, all, more)
	require.Equal(t, none, where(-1))

	img, again := image.NewRGBA(d.Bounds()), image.NewRGBA(d.Bounds())
	d.Draw(1, 2, img, 0.25)
	d.Draw(3, 1, again, 0.9)
	d.Draw(1, 2, again, 0.25)
	require.Equal(t, img.Pix, again.Pix, "a state is drawn over whatever was there")
	bar := d.Bar()
	require.Equal(t, d.theme.accent, img.RGBAAt(bar.Dx()/4-4, bar.Min.Y+2))
	require.Equal(t, d.theme.rule, img.RGBAAt(bar.Dx()/4+4, bar.Min.Y+2))
	d.Draw(77, 1, img, 0)
	require.Equal(t, d.ground(false).RGBAAt(300, 300), img.RGBAAt(300, 300), "no such scene: an empty slide")
}

func TestLettersComeFromTheFonts(t *testing.T) {
	t.Parallel()
	set, err := newTypesetter("en")
	require.NoError(t, err)
	for text, missing := range map[string]int{
		"Tides é ß ñ": 0, "Приливы": 0, "παλίρροια": 0, "المد": 0, "גאות": 0, "→ ≤ ∑ ✓": 0, "潮汐": 2, "🎉": 1,
	} {
		n := 0
		for _, w := range set.paragraph(text, semiBold).words {
			for _, g := range w.glyphs {
				if g.id == 0 {
					n++
				}
			}
		}
		require.Equal(t, missing, n, text)
	}
}

func TestCodeIsFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"call sorted() first":                               "sorted()",
		"the key_function, once":                            "key_function",
		"use `a b` here":                                    "a b",
		"(os.path.join(a,b))":                               "os.path.join(a,b)",
		"std::vector<int> or std::move":                     "std::move",
		"set --max-width now":                               "--max-width",
		"getElement but not iPhone or GitHub or PostgreSQL": "getElement",
		"a well-known example.com, e.g. this":               "",
		"a lone ` tick":                                     "",
	} {
		var found []string
		for _, tok := range tokens(text) {
			if tok.code {
				found = append(found, tok.text)
			}
		}
		require.Equal(t, want, strings.Join(found, " "), text)
	}
}

func TestHeadingsAreBalanced(t *testing.T) {
	t.Parallel()
	set, err := newTypesetter("en")
	require.NoError(t, err)
	b := set.fit(set.paragraph("How vaccines teach the body to recognise what it has never met", bold), box{
		w: 1120, h: 200, sizes: []float64{60}, whole: 40, leading: 1.1, even: 0.5,
	})
	require.Len(t, b.lines, 2)
	require.Less(t, math.Abs(b.lines[0].width-b.lines[1].width), 0.25*b.lines[0].width)
}

func TestQuestionHasAPanel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Why?": true, "“Why?”": true, "为什么？": true, "لماذا؟": true, "Because.": false, "": false,
	} {
		require.Equal(t, want, asks(text), text)
	}
}

func TestMissingFigures(t *testing.T) {
	t.Parallel()
	huge := pngOf(t, 10, 10)
	copy(huge[16:24], []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff})
	for name, figures := range map[string][]lesson.Figure{
		"none":    nil,
		"garbage": {{ID: "f1", PNG: []byte("\x89PNG\r\n\x1a\nno")}},
		"bomb":    {{ID: "f1", PNG: huge}},
	} {
		d, err := NewDeck(nastyScript("x"), figures, Options{})
		require.NoError(t, err, name)
		require.Equal(t, []string{"f1"}, d.Missing(), name)
		d.Draw(2, 3, image.NewRGBA(d.Bounds()), 0)
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Width: 100, Height: 100}, {Width: 1281, Height: 720}, {Width: -16, Height: -9}, {Width: 16000, Height: 9000}, {Width: 720, Height: 960}} {
		_, err := NewDeck(nastyScript("x"), nil, o)
		require.Error(t, err, o)
	}
	for _, o := range []Options{{Width: 640, Height: 360}, {Width: 1920, Height: 1080}, {Width: 360, Height: 640}} {
		d, err := NewDeck(nastyScript("x"), nil, o)
		require.NoError(t, err)
		require.Zero(t, d.Bar().Min.Y%2)
		d.Draw(0, 0, image.NewRGBA(d.Bounds()), 0.3)
	}
}

func TestLabelsFollowTheLanguage(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Teil 2 von 5", labelsOf("de-AT").partOf(2, 5))
	require.Equal(t, "Part 2 of 5", labelsOf("tlh").partOf(2, 5))
	require.Equal(t, "Source: a.example", labelsOf("").sourceOf("a.example"))
}

// FuzzText draws any text on every kind of slide.
func FuzzText(f *testing.F) {
	for _, text := range nasty {
		if len(text) < 400 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			t.Skip("long texts only make the search slow")
		}
		for _, o := range []Options{{Width: 320, Height: 180}, {Width: 180, Height: 320}} {
			d, err := NewDeck(nastyScript(text), nil, o)
			require.NoError(t, err)
			img := image.NewRGBA(d.Bounds())
			for i := range d.script.Scenes {
				d.Draw(i, 9, img, 1)
			}
		}
	})
}

// BenchmarkDraw is one state of a slide that was drawn before.
func BenchmarkDraw(b *testing.B) {
	d, err := NewDeck(nastyScript(nasty["plain"]), nil, Options{})
	require.NoError(b, err)
	img := image.NewRGBA(d.Bounds())
	for b.Loop() {
		d.Draw(1, 3, img, 0.5)
	}
}
