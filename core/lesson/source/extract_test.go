package source_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/lesson/process"
	"github.com/studycast/studycast/core/lesson/source"
)

// enough is running text of more than the least length.
const enough = `Plants turn light into sugar, and they need water and air for it. The green pigment catches the light. ` +
	`The sugar feeds the plant while it grows, and what is left is stored as starch in roots and seeds. Animals live on that store, ` +
	`so almost all food on earth begins with light that fell on a leaf.`

func TestMain(m *testing.M) {
	for program, debian := range map[string]string{"pdftotext": "poppler-utils"} {
		if !process.Available(program) {
			fmt.Fprintf(os.Stderr, "these tests need %s: apt-get install %s\n", program, debian)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func TestExtractRefuses(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 20_000)
	random := rand.NewChaCha8([32]byte{7})
	_, _ = random.Read(noise)
	html := func(body string) source.Raw {
		return source.Raw{Data: []byte("<html><body>" + body + "</body></html>"), MediaType: "text/html", URL: "https://example.org/"}
	}
	file := func(data string) source.Raw { return source.Raw{Data: []byte(data), Name: "upload"} }
	for name, c := range map[string]struct {
		raw  source.Raw
		text string
	}{
		"empty page":             {source.Raw{URL: "https://example.org/"}, "page is empty"},
		"empty file":             {file(" \n\t "), "file is empty"},
		"three words":            {html("<p>Only three words.</p>"), "too little text"},
		"three words pasted":     {file("Only three words."), "too little text for a lesson: 3 words"},
		"no text at all":         {html("<p></p>"), "no sentences"},
		"needs JavaScript":       {source.Raw{Data: fixture(t, "shell.html"), URL: "https://example.org/"}, "JavaScript"},
		"login wall":             {source.Raw{Data: fixture(t, "login.html"), URL: "https://example.org/"}, "login"},
		"5,000 digits":           {html("<p>" + strings.Repeat("31415", 1000) + "</p>"), "no sentences"},
		"5,000 digits as text":   {file(strings.Repeat("3141592653 ", 500)), "no sentences"},
		"token of 20 kB":         {html("<p>" + strings.Repeat("a", 20_000) + "</p>"), "no sentences"},
		"binary as HTML":         {source.Raw{Data: noise, MediaType: "text/html"}, "not text"},
		"binary as text":         {source.Raw{Data: noise, MediaType: "text/plain"}, "not text"},
		"PNG as HTML":            {source.Raw{Data: []byte("\x89PNG\r\n\x1a\n"), MediaType: "text/html"}, "picture"},
		"zip":                    {file("PK\x03\x04rest"), "archive"},
		"gzip":                   {file("\x1f\x8b\x08rest"), "archive"},
		"xz":                     {file("\xfd7zXZ\x00rest"), "archive"},
		"old office document":    {file("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "archive"},
		"new office document":    {source.Raw{Data: []byte("x"), MediaType: "application/vnd.oasis.opendocument.text"}, "office"},
		"video":                  {file("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42mp41"), "video"},
		"sound":                  {file("ID3\x03\x00\x00\x00"), "recording"},
		"SVG":                    {source.Raw{Data: []byte("<svg/>"), MediaType: "image/svg+xml"}, "picture"},
		"feed":                   {source.Raw{Data: []byte("<?xml version='1.0'?><rss/>"), MediaType: "application/rss+xml"}, "XML"},
		"not a PDF":              {source.Raw{Data: []byte("hello"), MediaType: "application/pdf"}, "calls itself a PDF"},
		"broken PDF":             {file("%PDF-1.7\nnothing more"), "damaged"},
		"PDF without text layer": {file(scannedPDF), "holds no text"},
		"PDF with password":      {file(lockedPDF), "password"},
		"nested too deep":        {html(strings.Repeat("<div>", 400) + strings.Repeat("word ", 100_000)), "too large"},
		"too many elements":      {html(strings.Repeat("<p>x</p>", 70_000)), "too large"},
		"nested beyond parsing":  {html(strings.Repeat("<b><i>", 600) + enough), "nested too deeply"},
		"only references":        {html("<h2>References</h2><p>" + enough + "</p>"), "no sentences"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			_, err := source.NewReader(source.Options{}).Extract(t.Context(), c.raw, dir)
			_ = requireFault(t, err, fault.Request, c.text)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// scannedPDF is a page without a letter; lockedPDF cannot be opened without a
// password.
const (
	scannedPDF = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R/Size 4>>\n%%EOF\n"
	lockedPDF = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n" +
		"4 0 obj<</Filter/Standard/V 2/R 3/Length 128/P -4" +
		"/O<0102030405060708091011121314151617181920212223242526272829303132>" +
		"/U<0102030405060708091011121314151617181920212223242526272829303132>>>endobj\n" +
		"xref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R/Size 5/Encrypt 4 0 R" +
		"/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]>>\n%%EOF\n"
)

func TestExtractPreformattedPage(t *testing.T) {
	t.Parallel()
	page := "<html><title>A memo</title><body><pre>1. Purpose\n\n" + strings.Repeat(enough+"\n\n", 3) + "Editor     A memo    [Page 1]\n</pre>"
	doc := extract(t, source.Raw{Data: []byte(page), URL: "https://example.org/memo"})
	require.Equal(t, "Purpose", doc.Sections[0].Heading)
	require.NotContains(t, textOf(doc), "Page 1")
}

func TestExtractCharsets(t *testing.T) {
	t.Parallel()
	german := "Die Größe der Blätter hängt vom Licht ab, und die Pflanze wächst schneller, wenn sie genügend Wasser und Wärme bekommt. " + enough
	russian := strings.Repeat("Растения превращают свет в сахар, и для этого им нужны вода и воздух. ", 8)
	kanji := strings.Repeat("植物は光を糖に変える。そのためには水と空気が必要である。", 8)
	must := func(data []byte, err error) []byte {
		require.NoError(t, err)
		return data
	}
	for name, c := range map[string]struct {
		data     []byte
		declared string
		want     string
	}{
		"UTF-8":                          {[]byte(german), "utf-8", "Größe der Blätter"},
		"UTF-8 declared as Latin-1":      {[]byte(german), "iso-8859-1", "Größe der Blätter"},
		"Latin-1 undeclared":             {must(charmap.ISO8859_1.NewEncoder().Bytes([]byte(german))), "", "Größe der Blätter"},
		"Latin-1 declared as UTF-8":      {must(charmap.ISO8859_1.NewEncoder().Bytes([]byte(german))), "utf-8", "Größe der Blätter"},
		"Windows-1251":                   {must(charmap.Windows1251.NewEncoder().Bytes([]byte(russian))), "windows-1251", "Растения превращают"},
		"Windows-1251 undeclared":        {must(charmap.Windows1251.NewEncoder().Bytes([]byte(russian))), "", "Растения превращают"},
		"Shift JIS":                      {must(japanese.ShiftJIS.NewEncoder().Bytes([]byte(kanji))), "shift_jis", "植物は光を"},
		"ISO-2022-JP":                    {must(japanese.ISO2022JP.NewEncoder().Bytes([]byte(kanji))), "iso-2022-jp", "植物は光を"},
		"UTF-16 with mark":               {must(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(german))), "", "Größe der Blätter"},
		"a broken byte":                  {[]byte(german + " \xff"), "utf-8", "Größe der Blätter"},
		"a charset nobody has heard of":  {[]byte(german), "klingon", "Größe der Blätter"},
		"UTF-8 with byte order mark":     {[]byte("\xef\xbb\xbf" + german), "", "Größe der Blätter"},
		"an escape that is no ISO-2022":  {[]byte(enough + " \x1b"), "", "green pigment"},
		"declared in the page, in UTF-8": {[]byte("<meta charset=windows-1252><p>" + german), "", "Größe der Blätter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := extract(t, source.Raw{Data: c.data, Charset: c.declared, MediaType: "text/html"})
			require.Contains(t, textOf(doc), c.want)
		})
	}
}

func TestExtractLanguages(t *testing.T) {
	t.Parallel()
	for want, text := range map[string]string{
		"de": strings.Repeat("Die Pflanze braucht das Licht, und sie wächst nicht ohne Wasser auf dem Land. ", 6),
		"fr": strings.Repeat("Les plantes ont besoin de la lumière pour vivre et elles ne sont pas seules dans le monde. ", 6),
		"ru": strings.Repeat("Растения превращают свет в сахар. ", 15),
		"zh": strings.Repeat("植物需要光。它们也需要水！", 15),
		"ja": strings.Repeat("植物は光を糖に変える。", 15),
		"en": enough,
	} {
		require.Equal(t, want, extract(t, source.Raw{Data: []byte(text)}).Language, want)
		wrong := source.Raw{Data: []byte(`<html lang="es-MX"><p>` + strings.Repeat(text+" ", 4) + `</p></html>`)}
		require.Equal(t, want, extract(t, wrong).Language, "declared wrongly: %s", want)
	}
	require.Equal(t, "uk", extract(t, source.Raw{
		Data: []byte(`<html lang="uk-UA"><p>` + strings.Repeat("Рослини перетворюють світло на цукор. ", 15) + `</p></html>`),
	}).Language)
}

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = uint8(i % 251)
	}
	img.Set(1, 1, color.White)
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

// bombPNG is the header of a picture of 30000 x 30000 pixels.
func bombPNG() []byte {
	head := []byte("IHDR\x00\x00\x75\x30\x00\x00\x75\x30\x08\x02\x00\x00\x00")
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(head))
}

func TestFigures(t *testing.T) {
	t.Parallel()
	good, wide := picture(t, 400, 300), picture(t, 1200, 600)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good.png":
			_, _ = w.Write(good)
		case "/wide.png":
			_, _ = w.Write(wide)
		case "/small.png":
			_, _ = w.Write(picture(t, 60, 60))
		case "/bomb.png":
			_, _ = w.Write(bombPNG())
		case "/text.png":
			_, _ = w.Write([]byte("#EXTM3U not a picture"))
		case "/away.png":
			http.Redirect(w, r, "http://10.0.0.1/x.png", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	})
	page := `<html><title>Leaves</title><body><main><h1>Leaves</h1><p>` + enough + `</p><h2 id="x">More</h2><p>` + enough + `</p>
		<figure><img src="/good.png" alt="a leaf"><figcaption>The green leaf.</figcaption></figure>
		<p>` + enough + ` <img src="wide.png"></p><img src="/small.png"><img src="/bomb.png"><img src="/text.png"><img src="/away.png">
		<img src="/logo.png"><img src="/a.svg"><img src="/good.png" width="16" height="16"></main></body></html>`
	r := source.NewReader(source.Options{Addresses: source.Addresses{AllowLoopback: true}, Limits: source.Limits{Figures: 8}})
	doc, err := r.Extract(t.Context(), source.Raw{Data: []byte(page), URL: url + "/page"}, t.TempDir())
	require.NoError(t, err)
	require.Len(t, doc.Figures, 2)
	require.Equal(t, "The green leaf.", doc.Figures[0].Caption)
	require.Equal(t, "a leaf", doc.Figures[0].Alt)
	require.Equal(t, "f1", doc.Figures[0].ID)
	require.Equal(t, "More", doc.Sections[doc.Figures[0].Section].Heading)
	require.Equal(t, []int{400, 300, 960, 480}, []int{doc.Figures[0].Width, doc.Figures[0].Height, doc.Figures[1].Width, doc.Figures[1].Height})
	config, err := png.DecodeConfig(bytes.NewReader(doc.Figures[1].PNG))
	require.NoError(t, err)
	require.Equal(t, 960, config.Width)
	require.Equal(t, []string{"Figures left out, because they could not be fetched or shown: 3."}, doc.Notes)

	spent := source.Raw{Data: []byte(page), URL: url + "/page", Took: time.Hour}
	doc, err = r.Extract(t.Context(), spent, t.TempDir())
	require.NoError(t, err)
	require.Empty(t, doc.Figures)
}

func TestFiguresOfUploads(t *testing.T) {
	t.Parallel()
	inline := "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture(t, 200, 200))
	page := `<html><body><main><h1>Leaves</h1><p>` + enough + `</p><figure><img src="` + inline + `"></figure>
		<img src="https://example.org/never-fetched.png"></main></body></html>`
	doc, err := source.NewReader(source.Options{}).Extract(t.Context(), source.Raw{Data: []byte(page), Name: "leaves.html"}, t.TempDir())
	require.NoError(t, err)
	require.Len(t, doc.Figures, 1)
	require.Equal(t, "leaves.html", doc.Site)
}

func TestExtractStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range []string{"paper.pdf", "blog.html"} {
		_, err := source.NewReader(source.Options{}).Extract(ctx, source.Raw{Data: fixture(t, name), Name: name}, t.TempDir())
		require.ErrorIs(t, err, context.Canceled, name)
	}
}

func FuzzExtract(f *testing.F) {
	for _, name := range []string{"blog.html", "wiki.html", "docs.html", "readme.md", "notes.txt"} {
		f.Add(fixture(f, name), strings.HasSuffix(name, ".md"))
	}
	f.Add([]byte("<table><tr><td><table><tr><td>"+enough), false)
	f.Add([]byte("<p>a <math>x</math> ()<sup>1</sup>"+enough), false)
	f.Add([]byte("> [!NOTE]\n> "+enough+"\n\n- a\n  - b\n\n|a|\n|-|\n|b|\n"), true)
	r := source.NewReader(source.Options{Limits: source.Limits{Figures: -1}})
	f.Fuzz(func(t *testing.T, data []byte, markdown bool) {
		raw := source.Raw{Data: data, MediaType: "text/html", URL: "https://example.org/"}
		if markdown {
			raw.MediaType = "text/markdown"
		}
		if bytes.Contains(data, []byte("%PDF-")) {
			return
		}
		doc, err := r.Extract(t.Context(), raw, t.TempDir())
		if err != nil {
			require.Equal(t, fault.Request, fault.From(err).Kind, "%v", err)
			return
		}
		checkDocument(t, doc)
	})
}

func TestSiteIsWhatThePageCallsItself(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("Tides rise and fall twice a day along most of the coasts of the world. ", 6)
	for want, meta := range map[string]string{
		"Harbour School": `<meta property="og:site_name" content=" Harbour  School ">`,
		"example.org":    `<meta property="og:site_name" content="` + strings.Repeat("long ", 20) + `">`,
	} {
		doc, err := source.NewReader(source.Options{}).Extract(t.Context(), source.Raw{
			Data: []byte("<html><head>" + meta + "<title>Tides</title></head><body><p>" + text + "</p></body></html>"), URL: "https://www.example.org/tides",
		}, t.TempDir())
		require.NoError(t, err)
		require.Equal(t, want, doc.Site)
	}
}
