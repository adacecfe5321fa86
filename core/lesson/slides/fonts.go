package slides

import (
	"bytes"
	_ "embed" // the font files
	"fmt"
	"sync"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/dejavu/dejavusansmono"
	"github.com/go-fonts/dejavu/dejavusansmonobold"
	"github.com/go-text/typesetting/font"
)

var (
	//go:embed fonts/Inter-Regular.otf
	interRegular []byte
	//go:embed fonts/Inter-SemiBold.otf
	interSemiBold []byte
	//go:embed fonts/Inter-Bold.otf
	interBold []byte
)

// cut is a weight of the text, or of the code in it.
type cut int

const (
	regular cut = iota
	semiBold
	bold
	monoRegular
	monoBold
	cuts
)

// mono is the cut in which code stands within text of the cut c.
func (c cut) mono() cut {
	if c == regular {
		return monoRegular
	}
	return monoBold
}

// tracking is what is added after each letter, in em: headings are large and
// look better a little tighter.
func (c cut) tracking() float64 {
	if c == bold {
		return -0.016
	}
	return 0
}

const (
	fileInterRegular = iota
	fileInterSemiBold
	fileInterBold
	fileSans
	fileSansBold
	fileMono
	fileMonoBold
)

// chain lists, for each cut, the files that are asked for a letter, in turn.
var chain = [cuts][]int{
	regular:     {fileInterRegular, fileSans},
	semiBold:    {fileInterSemiBold, fileSansBold, fileSans},
	bold:        {fileInterBold, fileSansBold, fileSans},
	monoRegular: {fileMono, fileInterRegular, fileSans},
	monoBold:    {fileMonoBold, fileInterSemiBold, fileSansBold, fileSans},
}

// parsedFonts are read once a process: a Font is safe for concurrent use.
var parsedFonts = sync.OnceValues(func() ([]*font.Font, error) {
	files := [][]byte{
		fileInterRegular: interRegular, fileInterSemiBold: interSemiBold, fileInterBold: interBold,
		fileSans: dejavusans.TTF, fileSansBold: dejavusansbold.TTF,
		fileMono: dejavusansmono.TTF, fileMonoBold: dejavusansmonobold.TTF,
	}
	fonts := make([]*font.Font, len(files))
	for i, data := range files {
		face, err := font.ParseTTF(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("parse embedded font %d: %w", i, err)
		}
		fonts[i] = face.Font
	}
	return fonts, nil
})

// faceChain finds the first face of a cut that has a letter. It is a
// shaping.Fontmap.
type faceChain []*font.Face

// ResolveFace returns the face for r. A letter that no face has goes to the
// first one, which answers with glyph 0: the typesetter draws a box for it.
func (c faceChain) ResolveFace(r rune) *font.Face {
	for _, f := range c {
		if _, ok := f.NominalGlyph(r); ok {
			return f
		}
	}
	return c[0]
}
