package slides

import (
	"image/color"

	"github.com/studycast/studycast/core/lesson"
)

// theme is the set of colours of a slide. Every text colour keeps WCAG AA
// contrast (4.5:1) on every ground that it is drawn on; a test computes it.
type theme struct {
	top, bottom color.RGBA // ends of the ground's vertical gradient
	glow        float64    // strength of the accent's light in the corner, 0 to 1
	ink         color.RGBA // headings and the newest bullet
	dim         color.RGBA // older bullets, labels, the source line
	accent      color.RGBA // marks, and labels set in it
	onAccent    color.RGBA // a mark drawn on the accent
	tint        color.RGBA // ground of the newest bullet's band and of panels
	rule        color.RGBA // hairlines and the unplayed part of the bar
	card        color.RGBA // ground of a figure
	cardEdge    color.RGBA
}

var (
	dark = theme{
		top: hex(0x0f172a), bottom: hex(0x1e293b), glow: 0.10,
		ink: hex(0xf8fafc), dim: hex(0xa3b1c6), accent: hex(0x38bdf8), onAccent: hex(0x0b1324),
		tint: hex(0x22314d), rule: hex(0x334155), card: hex(0xffffff), cardEdge: hex(0x334155),
	}
	paper = theme{
		top: hex(0xfdfaf3), bottom: hex(0xf3ecdc), glow: 0.07,
		ink: hex(0x1f2937), dim: hex(0x5a6270), accent: hex(0xb93a0b), onAccent: hex(0xffffff),
		tint: hex(0xf7e6d0), rule: hex(0xddd2bc), card: hex(0xffffff), cardEdge: hex(0xe2d8c3),
	}
)

func themeOf(t lesson.Theme) theme {
	if t == lesson.Paper {
		return paper
	}
	return dark
}

func hex(v uint32) color.RGBA {
	return color.RGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}
