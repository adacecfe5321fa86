package pcm

import "math"

// Resample changes the sample rate with a windowed-sinc filter; equal rates
// return samples as they are. Rates must be positive.
func Resample(samples []int16, from, to int) []int16 {
	if from == to || len(samples) == 0 {
		return samples
	}
	g := gcd(from, to)
	up, down := to/g, from/g
	phases := sincPhases(up, math.Min(1, float64(to)/float64(from)))
	half := len(phases[0]) / 2
	out := make([]int16, len(samples)*up/down)
	for i := range out {
		pos := i * down
		centre, taps := pos/up, phases[pos%up]
		var sum float64
		for t, c := range taps {
			if j := centre + t - half + 1; j >= 0 && j < len(samples) {
				sum += c * float64(samples[j])
			}
		}
		out[i] = clamp16(sum)
	}
	return out
}

// sincPhases returns one filter for each position between two input samples.
// cutoff is the share of the input band that is kept.
func sincPhases(up int, cutoff float64) [][]float64 {
	half := int(math.Ceil(16 / cutoff))
	phases := make([][]float64, up)
	for p := range phases {
		taps := make([]float64, 2*half)
		var sum float64
		for t := range taps {
			d := float64(t-half+1) - float64(p)/float64(up)
			w := 0.5 + 0.5*math.Cos(math.Pi*d/float64(half))
			taps[t] = sinc(d*cutoff) * w
			sum += taps[t]
		}
		for t := range taps {
			taps[t] /= sum
		}
		phases[p] = taps
	}
	return phases
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
