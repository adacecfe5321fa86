package slides

// frame is how the slides of a shape are laid out, in units: a landscape slide is
// 1280×720 of them, a portrait one 720×1280. What is read on a phone held upright
// is set larger in its frame, and stands one below the other.
type frame struct {
	wide, high  float64
	left, right float64 // edges of the text
	labelY      float64 // middle of the label above the heading
	headingTop  float64
	titleTop    float64
	bodyBottom  float64 // below it a player puts its captions
	sourceY     float64
	stacked     bool // one column: a figure stands above the bullets

	label, source, caption, agenda, panelLabel []float64 // sizes to try
	heading, bullet, title, question           []float64
	headingHigh, questionHigh, captionHigh     float64 // room of these texts
	headingLines, titleLines                   int     // at most
	wholeBullet                                float64 // down to this size no word of a bullet is cut

	bandPadY, bulletGap float64 // above and below a bullet's text; between two, in em
	drop, mostDrop      float64 // part of the spare room that goes above the bullets, and its most
	agendaRow           float64 // room that an entry of the agenda wants
	titleBelow          float64 // room for the bullets of a title card
}

var landscape = frame{
	wide: 1280, high: 720, left: 80, right: 1200, labelY: 68, headingTop: 98, titleTop: 132, bodyBottom: 632, sourceY: 684,
	label: []float64{20, 18, 16}, source: []float64{16, 15, 14}, caption: []float64{18, 17, 16, 15, 14},
	agenda: []float64{25, 24, 23, 22, 21, 20, 19, 18}, panelLabel: []float64{18},
	heading:     []float64{54, 50, 46, 42, 38, 35, 32},
	bullet:      []float64{40, 38, 36, 34, 32, 30, 28, 26, 24, 22, 20, 18},
	title:       []float64{84, 76, 70, 64, 58, 52, 47, 42, 38},
	question:    []float64{30, 28, 26, 24, 22, 20, 18},
	headingHigh: 134, questionHigh: 112, captionHigh: 66, headingLines: 3, titleLines: 4, wholeBullet: 26,
	bandPadY: 13, bulletGap: 0.3, drop: 0.22, mostDrop: 56, agendaRow: 54, titleBelow: 250,
}

var portrait = frame{
	wide: 720, high: 1280, left: 48, right: 672, labelY: 92, headingTop: 132, titleTop: 164, bodyBottom: 1096, sourceY: 1228, stacked: true,
	label: []float64{27, 25, 23}, source: []float64{23, 21, 20}, caption: []float64{25, 24, 23, 22, 21, 20},
	agenda: []float64{36, 34, 32, 30, 28, 26, 24, 22}, panelLabel: []float64{25},
	heading:     []float64{60, 56, 52, 48, 44, 40, 37, 34},
	bullet:      []float64{46, 44, 42, 40, 38, 36, 34, 32, 30, 28, 26, 24, 22},
	title:       []float64{88, 82, 76, 70, 64, 58, 52, 47, 42, 38},
	question:    []float64{42, 40, 38, 36, 34, 32, 30, 28, 26, 24, 22},
	headingHigh: 250, questionHigh: 250, captionHigh: 72, headingLines: 4, titleLines: 5, wholeBullet: 30,
	bandPadY: 20, bulletGap: 0.4, drop: 0.25, mostDrop: 110, agendaRow: 78, titleBelow: 560,
}

func (f *frame) width() float64 { return f.right - f.left }

// frameOf returns the frame for a picture of this size.
func frameOf(width, height int) *frame {
	if height > width {
		return &portrait
	}
	return &landscape
}
