// Package pcm works on spoken sound as 16-bit mono samples: it reads WAV data,
// trims silence, brings speech to a loudness, limits peaks and changes the
// sample rate. It knows no engine and runs no program.
package pcm

import "math"

// quiet is the amplitude below which a synthesiser's sample is silence.
const quiet = 200

// Silence returns that many seconds of nothing.
func Silence(rate int, seconds float64) []int16 {
	return make([]int16, int(math.Round(float64(rate)*seconds)))
}

// Trim cuts the silence from both ends of a clip and keeps 20 ms before the
// first sound and 40 ms after the last, because consonants fade in and out. It
// returns the part that is left, which shares memory with samples, and how many
// samples were cut from the front. A clip without sound becomes empty.
func Trim(samples []int16, rate int) (kept []int16, cut int) {
	first, last := -1, -1
	for i, s := range samples {
		if s >= quiet || s <= -quiet {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return nil, 0
	}
	from := max(0, first-rate*20/1000)
	to := min(len(samples), last+1+rate*40/1000)
	return samples[from:to], from
}

func toFloat(samples []int16) []float64 {
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[i] = float64(s) / 32768
	}
	return out
}

func fromFloat(samples []float64) []int16 {
	out := make([]int16, len(samples))
	for i, s := range samples {
		out[i] = clamp16(s * 32768)
	}
	return out
}

func clamp16(v float64) int16 {
	return int16(math.Round(math.Max(-32768, math.Min(32767, v))))
}
