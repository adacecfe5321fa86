package media

import "math"

// The rates that every player and both encoders know.
const (
	rateCD  = 44100
	rateDVD = 48000
)

// mixRate is the rate of the mix: a whole multiple of the speech's, so that
// the speech is raised by a short filter, and one that needs no other
// conversion where there is such a multiple.
func mixRate(speech int) (rate, factor int) {
	for _, r := range []int{rateDVD, rateCD} {
		if r%speech == 0 {
			return r, r / speech
		}
	}
	factor = max(1, int(math.Round(rateDVD/float64(speech))))
	return speech * factor, factor
}

// upsampler raises a rate by a whole factor with a windowed-sinc filter, one
// row of taps for each place between two samples.
type upsampler struct {
	factor int
	phases [][upTaps]float32
}

// upTaps is the length of the filter in samples of the lower rate. Images of
// the speech lie 50 dB and more below it.
const upTaps = 16

func newUpsampler(factor int) *upsampler {
	u := &upsampler{factor: factor, phases: make([][upTaps]float32, factor)}
	for p := range u.phases {
		var taps [upTaps]float64
		sum := 0.0
		for i := range taps {
			d := float64(i-upTaps/2+1) - float64(p)/float64(factor)
			window := 0.42 + 0.5*math.Cos(2*math.Pi*d/upTaps) + 0.08*math.Cos(4*math.Pi*d/upTaps)
			taps[i] = sinc(0.94*d) * window
			sum += taps[i]
		}
		for i := range taps {
			u.phases[p][i] = float32(taps[i] / sum)
		}
	}
	return u
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// raise returns x at the higher rate.
func (u *upsampler) raise(x []int16) []float32 {
	padded := make([]float32, len(x)+2*upTaps)
	for i, v := range x {
		padded[i+upTaps] = float32(v)
	}
	if u.factor == 1 {
		return padded[upTaps : upTaps+len(x)]
	}
	out := make([]float32, len(x)*u.factor)
	for i := range x {
		from := i + upTaps/2 + 1
		in := (*[upTaps]float32)(padded[from : from+upTaps])
		for p := range u.phases {
			out[i*u.factor+p] = dot(in, &u.phases[p])
		}
	}
	return out
}

// dot has four sums, so that the processor need not wait for each addition.
func dot(a, b *[upTaps]float32) float32 {
	var s0, s1, s2, s3 float32
	for i := 0; i < upTaps; i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	return s0 + s1 + s2 + s3
}
