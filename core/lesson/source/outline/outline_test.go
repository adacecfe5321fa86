package outline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/source/outline"
)

func TestCleanHeading(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"9.3.1. Setup": "Setup", "2. Bounds ¶": "Bounds", "History[edit]": "History", "Chapter 4: Light": "Light", "A.1 Tables": "Tables",
		"10 ways to learn": "10 ways to learn", "2001: a year": "2001: a year", "C#": "C#", "Bounds #": "Bounds", "3.": "3.", "  Two \n words: ": "Two words",
	} {
		require.Equal(t, want, outline.CleanHeading(in), in)
	}
}

func TestBuilderLeavesOut(t *testing.T) {
	t.Parallel()
	b := outline.New("https://example.org/a")
	b.SetTitle("Leaves")
	b.Heading(1, "Leaves", "top")
	b.Add(lesson.Paragraph, outline.Run{Text: "By Robin Baker · 4 March"})
	b.Add(lesson.Paragraph, outline.Run{Text: "Leaves are green. They hold"})
	b.Code("x = 1")
	b.Add(lesson.Paragraph, outline.Run{Text: "where x is one. Then comes more."})
	b.Heading(2, "References", "")
	b.Add(lesson.ListItem, outline.Run{Text: "Green, A. Leaves."})
	b.Heading(3, "Older ones", "")
	b.Add(lesson.ListItem, outline.Run{Text: "Brown, B. Trees."})
	b.Heading(2, "Empty", "")
	b.Heading(2, "Roots", "roots")
	b.Picture(outline.Picture{Source: "https://example.org/r.png"})
	b.Add(lesson.Paragraph, outline.Run{Text: "Roots hold the tree. The force is here.", Lost: []int{33}})
	doc, pictures := b.Document()

	var texts []string
	for _, s := range doc.Sentences() {
		texts = append(texts, s.ID+" "+s.Text+" "+s.Link)
	}
	require.Equal(t, []string{
		"s1 Leaves are green. https://example.org/a#top:~:text=Leaves%20are%20green.",
		"s2 They hold https://example.org/a#top:~:text=They%20hold",
		"s3 Then comes more. https://example.org/a#top:~:text=Then%20comes%20more.",
		"s4 Roots hold the tree. https://example.org/a#roots:~:text=Roots%20hold%20the%20tree.",
	}, texts)
	require.Len(t, doc.Sections, 2)
	require.Equal(t, 1, pictures[0].Section)
}
