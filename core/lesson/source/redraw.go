package source

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // a format that pages use
	_ "image/jpeg" // a format that pages use
	"image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // a format that pages use

	"github.com/studycast/studycast/core/lesson"
)

const (
	minSide   = 120        // pixels; smaller is an icon
	maxPixels = 20_000_000 // checked before decoding
	maxRatio  = 6          // of the sides; beyond it is a rule or a banner
	boxWidth  = 960        // pixels of the figure as kept
	boxHeight = 720
)

var errTooSmall = errors.New("picture is an icon or a rule")

// redraw decodes a picture whose size was checked first, scales it down into
// the box and encodes it anew, so that no byte of the source goes on.
func redraw(data []byte) (*lesson.Figure, error) {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotPicture, err)
	}
	w, h := config.Width, config.Height
	switch {
	case w < minSide || h < minSide || w > maxRatio*h || h > maxRatio*w:
		return nil, errTooSmall
	case int64(w)*int64(h) > maxPixels:
		return nil, fmt.Errorf("%w: %d x %d pixels", errNotPicture, w, h)
	}
	src, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotPicture, err)
	}
	// The scaler is quick only into RGBA.
	scale := min(1, float64(boxWidth)/float64(w), float64(boxHeight)/float64(h))
	dst := image.NewRGBA(image.Rect(0, 0, max(1, int(float64(w)*scale)), max(1, int(float64(h)*scale))))
	if scale < 1 {
		draw.CatmullRom.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
	} else {
		draw.Draw(dst, dst.Bounds(), src, src.Bounds().Min, draw.Src)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, dst); err != nil {
		return nil, fmt.Errorf("encode figure: %w", err)
	}
	return &lesson.Figure{Width: dst.Bounds().Dx(), Height: dst.Bounds().Dy(), PNG: out.Bytes()}, nil
}
