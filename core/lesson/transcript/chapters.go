package transcript

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/studycast/studycast/core/lesson"
)

// ChaptersVTT returns the chapters as WebVTT, for a <track kind="chapters">.
func ChaptersVTT(_ *lesson.Script, t *lesson.Timeline) []byte {
	var b bytes.Buffer
	b.WriteString("WEBVTT\n")
	for i, c := range t.Chapters {
		fmt.Fprintf(&b, "\n%d\n%s --> %s\n%s\n", i+1, clock(c.Start), clock(c.End), escapeVTT(title(c.Title, i)))
	}
	return b.Bytes()
}

// ChaptersJSON returns the chapters in the podcast namespace's JSON format,
// version 1.2.0, with times in seconds.
func ChaptersJSON(s *lesson.Script, t *lesson.Timeline) []byte {
	type chapter struct {
		StartTime float64 `json:"startTime"`
		EndTime   float64 `json:"endTime"`
		Title     string  `json:"title"`
	}
	doc := struct {
		Version  string    `json:"version"`
		Title    string    `json:"title"`
		Chapters []chapter `json:"chapters"`
	}{"1.2.0", oneLine(s.Title), []chapter{}}
	for i, c := range t.Chapters {
		doc.Chapters = append(doc.Chapters, chapter{millis(c.Start.Seconds()), millis(c.End.Seconds()), title(c.Title, i)})
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil { // only strings and finite numbers are in it
		return nil
	}
	return append(out, '\n')
}

func millis(seconds float64) float64 { return math.Round(seconds*1000) / 1000 }

// title is what a chapter is called; players skip one without a name.
func title(heading string, i int) string {
	if h := oneLine(heading); h != "" {
		return h
	}
	return fmt.Sprintf("Part %d", i+1)
}

var metaEscape = strings.NewReplacer(`\`, `\\`, "=", `\=`, ";", `\;`, "#", `\#`, "\n", "\\\n")

// FFMetadata returns the title and the chapters as ffmpeg reads them with
// "-f ffmetadata", times in milliseconds.
func FFMetadata(s *lesson.Script, t *lesson.Timeline) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ";FFMETADATA1\ntitle=%s\n", escapeMeta(s.Title))
	for i, c := range t.Chapters {
		fmt.Fprintf(&b, "[CHAPTER]\nTIMEBASE=1/1000\nSTART=%d\nEND=%d\ntitle=%s\n",
			c.Start.Milliseconds(), c.End.Milliseconds(), escapeMeta(title(c.Title, i)))
	}
	return b.Bytes()
}

func escapeMeta(text string) string { return metaEscape.Replace(oneLine(text)) }
