package media

import (
	"math"
	"math/rand/v2"
)

// The music is made here, note by note, so that no one else has a right to it:
// plucked strings by the method of Karplus and Strong, eight chords of eight
// notes, played round and round.

// chord is a bass note and the notes of its arpeggio, as MIDI numbers.
type chord struct {
	bass  int
	notes [4]int
}

// chords are I, vi, IV, V of D major in open positions, twice, the second
// time with a suspended turn home.
var chords = [8]chord{
	{38, [4]int{57, 62, 66, 69}},
	{35, [4]int{54, 59, 62, 69}},
	{31, [4]int{55, 59, 62, 66}},
	{33, [4]int{52, 57, 61, 64}},
	{38, [4]int{57, 62, 66, 73}},
	{35, [4]int{54, 59, 62, 66}},
	{40, [4]int{55, 59, 64, 66}},
	{33, [4]int{52, 57, 62, 64}},
}

// pattern is the order in which a chord's notes are plucked.
var pattern = [8]int{0, 1, 2, 3, 2, 1, 3, 2}

const (
	noteSeconds = 0.30 // from one note to the next
	ringSeconds = 2.6  // how long a string is heard
)

// music is a stereo loop; a sample is a left and a right value around ±1.
type music struct{ left, right []float32 }

// compose plays the loop once. What rings on past its end is heard at its
// start, so that it has no seam. The result depends on the rate alone.
func compose(rate int) music {
	length := int(float64(len(chords)*len(pattern)) * noteSeconds * float64(rate))
	m := music{left: make([]float32, length), right: make([]float32, length)}
	rng := rand.New(rand.NewPCG(1812, 1827)) // a player's unevenness, the same each time
	for c, ch := range chords {
		for n, which := range pattern {
			at := int((float64(c*len(pattern)+n)*noteSeconds + 0.012*rng.Float64()) * float64(rate))
			loud := 0.55 + 0.12*rng.Float64()
			if n == 0 {
				m.pluck(at, hertz(ch.bass), 0.9, 0, rate, rng)
				loud += 0.2
			}
			m.pluck(at, hertz(ch.notes[which]), loud, 0.5*(float64(which)/1.5-1), rate, rng)
		}
	}
	m.normalise()
	return m
}

func hertz(midi int) float64 { return 440 * math.Pow(2, float64(midi-69)/12) }

// pluck adds one note at sample at; pan is -1 (left) to 1.
func (m music) pluck(at int, freq, loud, pan float64, rate int, rng *rand.Rand) {
	period := float64(rate) / freq
	n := int(period - 0.5)
	// The loop's mean of two samples delays by half of one; an allpass adds the rest.
	rest := period - 0.5 - float64(n)
	allpass := (1 - rest) / (1 + rest)
	str := excite(n, rate, rng)
	// Low strings ring longer than high ones.
	decay := math.Pow(0.001, 1/(freq*(1.2+260/freq)))
	gl, gr := loud*math.Sqrt((1-pan)/2), loud*math.Sqrt((1+pan)/2)
	length, ring := len(m.left), int(ringSeconds*float64(rate))
	var last, in, out float64
	for i := range ring {
		k := i % n
		v := str[k]
		mean := decay * 0.5 * (v + last)
		last = v
		out = allpass*(mean-out) + in
		in = mean
		str[k] = out
		fade := 1.0
		if left := ring - i; left < rate/4 {
			fade = float64(left) / float64(rate/4)
		}
		j := (at + i) % length
		m.left[j] += float32(v * gl * fade)
		m.right[j] += float32(v * gr * fade)
	}
}

// excite is the shape of a string as a soft finger leaves it: noise without
// its sharpest part and without a mean.
func excite(n, rate int, rng *rand.Rand) []float64 {
	str := make([]float64, n)
	a := math.Exp(-2 * math.Pi * 2200 / float64(rate))
	low, mean := 0.0, 0.0
	for range 2 { // twice round, so that the filter has no start
		for i := range str {
			low = a*low + (1-a)*(2*rng.Float64()-1)
			str[i] = low
		}
	}
	for _, v := range str {
		mean += v / float64(n)
	}
	power := 1e-9
	for i := range str {
		str[i] -= mean
		power += str[i] * str[i] / float64(n)
	}
	for i := range str {
		str[i] *= 0.3 / math.Sqrt(power)
	}
	return str
}

// normalise brings the loop to an effective value of musicRMS.
func (m music) normalise() {
	power := 0.0
	for i := range m.left {
		power += float64(m.left[i]*m.left[i]+m.right[i]*m.right[i]) / float64(2*len(m.left))
	}
	k := float32(musicRMS / math.Sqrt(power+1e-12))
	for i := range m.left {
		m.left[i] *= k
		m.right[i] *= k
	}
}

// musicRMS is the effective value of the loop at full level, of 1: about
// -20 LUFS, a little below the speech.
const musicRMS = 0.042
