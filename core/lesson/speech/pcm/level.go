package pcm

import "math"

// loudest is the gain that Level gives at most, in dB: beyond it a clip is
// noise that should not be lifted to speech.
const loudest = 36

// Level brings a clip of speech to a loudness in LUFS with one gain, and keeps
// its peaks below a ceiling in dBFS with a limiter. The clip is not changed; a
// silent one comes back as it is.
func Level(samples []int16, rate int, target, ceiling float64) []int16 {
	x := toFloat(samples)
	now := loudness(x, rate)
	if math.IsInf(now, -1) {
		return samples
	}
	gain := math.Pow(10, math.Min(target-now, loudest)/20)
	for i := range x {
		x[i] *= gain
	}
	limit(x, rate, math.Pow(10, ceiling/20))
	return fromFloat(x)
}

// Loudness measures a mono clip as EBU R128 does (K weighting, blocks of
// 400 ms, both gates), in LUFS. A clip shorter than a block is measured as one.
// Silence is negative infinity.
func Loudness(samples []int16, rate int) float64 { return loudness(toFloat(samples), rate) }

func loudness(x []float64, rate int) float64 {
	steps := stepEnergies(kWeight(x, rate), max(1, rate/10))
	blocks := make([]float64, 0, len(steps))
	for i := 0; i+4 <= len(steps); i++ {
		blocks = append(blocks, (steps[i]+steps[i+1]+steps[i+2]+steps[i+3])/4)
	}
	if len(blocks) == 0 {
		blocks = append(blocks, mean(steps))
	}
	const absolute = -70
	relative := lufs(mean(above(blocks, absolute))) - 10
	return lufs(mean(above(blocks, math.Max(absolute, relative))))
}

func lufs(energy float64) float64 { return -0.691 + 10*math.Log10(energy) }

func above(blocks []float64, gate float64) []float64 {
	var kept []float64
	for _, b := range blocks {
		if lufs(b) > gate {
			kept = append(kept, b)
		}
	}
	return kept
}

func mean(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	var sum float64
	for _, e := range v {
		sum += e
	}
	return sum / float64(len(v))
}

// stepEnergies returns the mean square of each whole step of n samples; a clip
// shorter than a step is one step.
func stepEnergies(x []float64, n int) []float64 {
	if len(x) < n && len(x) > 0 {
		n = len(x)
	}
	var out []float64
	for i := 0; i+n <= len(x); i += n {
		var sum float64
		for _, v := range x[i : i+n] {
			sum += v * v
		}
		out = append(out, sum/float64(n))
	}
	return out
}

// kWeight applies the two filters of ITU-R BS.1770 at any sample rate, from
// their analogue prototypes: a shelf of +4 dB and a high pass at 38 Hz.
func kWeight(x []float64, rate int) []float64 {
	k, q := math.Tan(math.Pi*1681.974450955533/float64(rate)), 0.7071752369554196
	vh := math.Pow(10, 3.999843853973347/20)
	vb := math.Pow(vh, 0.4996667741545416)
	a0 := 1 + k/q + k*k
	y := biquad(x,
		[3]float64{(vh + vb*k/q + k*k) / a0, 2 * (k*k - vh) / a0, (vh - vb*k/q + k*k) / a0},
		[2]float64{2 * (k*k - 1) / a0, (1 - k/q + k*k) / a0})
	k, q = math.Tan(math.Pi*38.13547087602444/float64(rate)), 0.5003270373238773
	a0 = 1 + k/q + k*k
	return biquad(y, [3]float64{1, -2, 1}, [2]float64{2 * (k*k - 1) / a0, (1 - k/q + k*k) / a0})
}

func biquad(x []float64, b [3]float64, a [2]float64) []float64 {
	y := make([]float64, len(x))
	var s1, s2 float64
	for i, v := range x {
		out := b[0]*v + s1
		s1 = b[1]*v - a[0]*out + s2
		s2 = b[2]*v - a[1]*out
		y[i] = out
	}
	return y
}

// limit keeps the true peak at or below the ceiling. The gain falls before a peak and
// recovers after it, so that the wave is turned down and not bent.
func limit(x []float64, rate int, ceiling float64) {
	ahead, release := max(1, rate*5/1000), math.Exp(-1/(0.05*float64(rate)))
	gain := make([]float64, len(x))
	g := 1.0
	between := sincPhases(4, 1)[1:]
	for i := range x { // instant attack, slow recovery
		g = 1 - (1-g)*release
		if p := peakAt(x, i, ceiling/2, between); p*g > ceiling {
			g = ceiling / p
		}
		gain[i] = g
	}
	for i := len(gain) - 2; i >= 0; i-- { // a ramp towards each peak from before it
		step := (1 - gain[i+1]) / float64(ahead)
		gain[i] = math.Min(gain[i], gain[i+1]+step)
	}
	for i := range x {
		x[i] *= gain[i]
	}
}

// peakAt is the true peak at sample i: of the sample, and of the wave between it
// and the next, which may be higher. Where both are under floor it cannot matter.
func peakAt(x []float64, i int, floor float64, between [][]float64) float64 {
	peak := math.Abs(x[i])
	if i+1 == len(x) || math.Max(peak, math.Abs(x[i+1])) < floor {
		return peak
	}
	for _, taps := range between {
		var sum float64
		for t, c := range taps {
			if j := i + t - len(taps)/2 + 1; j >= 0 && j < len(x) {
				sum += c * x[j]
			}
		}
		peak = math.Max(peak, math.Abs(sum))
	}
	return peak
}
