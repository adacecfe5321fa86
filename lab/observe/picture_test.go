//go:build linux

package observe

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Sizes of a picture: Grafana's grid in pixels.
const (
	cell, rise   = 50, 30
	pictureWidth = 24 * cell
	legendLines  = 7
)

// palette is Grafana's.
var palette = []string{"#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#ffb357"}

// drawn are the dashboards of the README.
var drawn = []string{"studycast-students", "studycast-workers"}

// pictures draws dashboards as they look after the load, when the artifacts of
// tests are kept (go test -artifacts). Grafana itself isn't needed for it.
func (r *rig) pictures(t *testing.T) {
	for _, name := range drawn {
		text, err := os.ReadFile(filepath.Join(folder, "grafana/dashboards", name+".json"))
		require.NoError(t, err)
		var d dashboard
		require.NoError(t, json.Unmarshal(text, &d))
		page, height := r.draw(t, d)
		file := filepath.Join(t.TempDir(), name+".html")
		require.NoError(t, os.WriteFile(file, []byte(page), 0o600))
		chromium, err := exec.LookPath("chromium")
		require.NoError(t, err, "install the Debian package chromium")
		picture := filepath.Join(t.ArtifactDir(), "dashboard-"+strings.TrimPrefix(name, "studycast-")+".png")
		out, err := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu",
			"--user-data-dir="+t.TempDir(), fmt.Sprintf("--window-size=%d,%d", pictureWidth, height), "--screenshot="+picture, "file://"+file).CombinedOutput()
		require.NoError(t, err, string(out))
		shrink(t, picture)
		t.Log(picture)
	}
}

// shrink keeps the colours that are used most: the others are the edges of
// letters.
func shrink(t *testing.T, name string) {
	file, err := os.Open(name)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	full, err := png.Decode(file)
	require.NoError(t, err)
	used := map[color.Color]int{}
	box := full.Bounds()
	for y := range box.Max.Y {
		for x := range box.Max.X {
			used[full.At(x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(used), func(a, b color.Color) int { return cmp.Compare(used[b], used[a]) })
	small := image.NewPaletted(box, colors[:min(len(colors), 64)])
	draw.Draw(small, box, full, box.Min, draw.Src)
	to, err := os.Create(name)
	require.NoError(t, err)
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	require.NoError(t, errors.Join(encoder.Encode(to, small), to.Close()))
}

// draw returns a page of HTML with the panels as SVG, and its height.
func (r *rig) draw(t *testing.T, d dashboard) (page string, height int) {
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><meta charset="utf-8"><style>body{margin:0;background:#111217}svg{position:absolute}text{font:11px sans-serif;fill:#ccccdc}</style>`)
	from, now := r.began.Add(windowTime), time.Now()
	for _, p := range d.Panels {
		at := p.GridPos
		height = max(height, (at.Y+at.H)*rise)
		fmt.Fprintf(&b, `<svg style="left:%dpx;top:%dpx" width="%d" height="%d">`, at.X*cell, at.Y*rise, at.W*cell, at.H*rise)
		if p.Type == "row" {
			fmt.Fprintf(&b, `<text x="10" y="20" style="font-size:15px;font-weight:bold">%s</text></svg>`, html.EscapeString(p.Title))
			continue
		}
		c := canvas{w: float64(at.W*cell - 6), h: float64(at.H*rise - 6), unit: p.FieldConfig.Defaults.Unit}
		for _, q := range p.Targets {
			query := strings.NewReplacer("$__rate_interval", window, "$__range", now.Sub(r.began).Round(time.Second).String()).Replace(q.Expr)
			c.series = append(c.series, r.prometheus.series(t, query, q.LegendFormat, from, now)...)
		}
		fmt.Fprintf(&b, `<rect x="3" y="3" width="%g" height="%g" rx="3" fill="#181b1f" stroke="#2c3035"/><text x="11" y="20" style="font-weight:bold">%s</text>`,
			c.w, c.h, html.EscapeString(p.Title))
		if p.Type == "stat" {
			b.WriteString(c.stat())
		} else {
			b.WriteString(c.lines(p.FieldConfig.Defaults.Custom.Stacking.Mode == "normal"))
		}
		b.WriteString("</svg>")
	}
	return b.String(), height
}

// line is a series: its points by their part of the time that is shown.
type line struct {
	name   string
	points [][2]float64
}

func (p *prometheus) series(t *testing.T, query, legend string, from, to time.Time) []line {
	var data struct {
		Result []struct {
			Metric map[string]string
			Values [][2]any
		}
	}
	p.get(t, "/api/v1/query_range", url.Values{"query": {query}, "step": {interval}, "start": {stamp(from)}, "end": {stamp(to)}}, &data)
	var lines []line
	for _, s := range data.Result {
		l := line{name: regexp.MustCompile(`\{\{(\w+)\}\}`).ReplaceAllStringFunc(legend, func(m string) string { return s.Metric[strings.Trim(m, "{}")] })}
		for _, v := range s.Values {
			at, _ := v[0].(float64)
			text, _ := v[1].(string)
			if y, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(y) && !math.IsInf(y, 0) {
				x := (at - float64(from.UnixMilli())/1000) / to.Sub(from).Seconds()
				l.points = append(l.points, [2]float64{x, y})
			}
		}
		if len(l.points) > 0 {
			lines = append(lines, l)
		}
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.name, b.name) })
	return lines
}

// canvas is a panel.
type canvas struct {
	w, h   float64
	unit   string
	series []line
}

func (c canvas) stat() string {
	if len(c.series) == 0 {
		return ""
	}
	last := c.series[0].points[len(c.series[0].points)-1][1]
	hue := palette[0]
	if last < 0 {
		hue = palette[4]
	}
	return fmt.Sprintf(`<text x="%g" y="%g" text-anchor="middle" style="font-size:34px;fill:%s">%s</text>`, c.w/2, c.h/2+24, hue, c.format(last))
}

// lines draws the series with a scale and their names.
func (c canvas) lines(stacked bool) string {
	var b strings.Builder
	names := min(len(c.series), legendLines)
	left, right, top, bottom := 52.0, c.w-8, 30.0, c.h-14-float64((names+1)/2)*13
	sums, most := map[float64]float64{}, 0.0
	for i, s := range c.series {
		for j, p := range s.points {
			if stacked {
				at := math.Round(p[0] * 1000)
				sums[at] += p[1]
				c.series[i].points[j][1] = sums[at]
			}
			most = max(most, c.series[i].points[j][1])
		}
	}
	if most == 0 {
		most = 1
	}
	for i := range 3 {
		y := bottom - (bottom-top)*float64(i)/2
		fmt.Fprintf(&b, `<path d="M%g %gH%g" stroke="#2c3035"/><text x="%g" y="%g" text-anchor="end" style="fill:#8e8e9a">%s</text>`,
			left, y, right, left-5, y+4, c.format(most*float64(i)/2))
	}
	for i, s := range slices.Backward(c.series) {
		hue, path := palette[i%len(palette)], ""
		for j, p := range s.points {
			path += fmt.Sprintf("%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[j == 0], left+(right-left)*p[0], bottom-(bottom-top)*p[1]/most)
		}
		fill := "none"
		if stacked { // from the top down: what lies below covers it
			first, last := s.points[0][0], s.points[len(s.points)-1][0]
			path += fmt.Sprintf("L%.1f %.1fL%.1f %.1fZ", left+(right-left)*last, bottom, left+(right-left)*first, bottom)
			fill = hue
		}
		fmt.Fprintf(&b, `<path d="%s" fill="%s" stroke="%s" stroke-width="1.5"/>`, path, fill, hue)
		if i < names {
			x, y := 14+c.w/2*float64(i%2), bottom+16+float64(i/2)*13
			fmt.Fprintf(&b, `<path d="M%g %gh10" stroke="%s" stroke-width="3"/><text x="%g" y="%g">%s</text>`, x, y-3, hue, x+15, y, html.EscapeString(s.name))
		}
	}
	return b.String()
}

func (c canvas) format(v float64) string {
	short := func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
	switch {
	case c.unit == "percentunit":
		return fmt.Sprintf("%.0f %%", v*100)
	case c.unit == "s" && v < 1:
		return short(math.Round(v*10000)/10) + " ms"
	case c.unit == "s":
		return short(v) + " s"
	case c.unit == "cps":
		return short(v) + "/s"
	case c.unit == "bytes":
		return short(v/(1<<20)) + " MiB"
	}
	return short(v)
}
