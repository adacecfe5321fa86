package pcm

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func sine(rate int, hz, amplitude, seconds float64) []int16 {
	out := make([]int16, int(float64(rate)*seconds))
	for i := range out {
		out[i] = int16(amplitude * 32767 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return out
}

// The reference of EBU Tech 3341: a sine of 1 kHz at -23 dBFS on one channel
// measures 3 LU less than on two, so -26.
func TestLoudnessOfReferenceTone(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{16000, 22050, 24000, 48000} {
		tone := sine(rate, 1000, math.Pow(10, -23.0/20), 5)
		require.InDelta(t, -26, Loudness(tone, rate), 0.15, rate)
	}
	require.True(t, math.IsInf(Loudness(nil, 16000), -1))
	require.True(t, math.IsInf(Loudness(make([]int16, 16000), 16000), -1))
}

func TestLevel(t *testing.T) {
	t.Parallel()
	for _, amplitude := range []float64{0.02, 0.1, 0.9} {
		got := Level(sine(16000, 440, amplitude, 1), 16000, -16, -1.5)
		require.InDelta(t, -16, Loudness(got, 16000), 0.2)
	}
	loud := Level(sine(16000, 440, 0.1, 1), 16000, -1, -1.5)
	for _, s := range loud {
		require.LessOrEqual(t, math.Abs(float64(s))/32768, math.Pow(10, -1.5/20)+0.001)
	}
	silence := make([]int16, 100)
	require.Equal(t, silence, Level(silence, 16000, -16, -1.5))
	require.Empty(t, Level(nil, 16000, -16, -1.5))
}

func TestTrim(t *testing.T) {
	t.Parallel()
	clip := append(append(Silence(16000, 0.2), sine(16000, 440, 0.5, 0.5)...), Silence(16000, 0.2)...)
	kept, cut := Trim(clip, 16000)
	require.InDelta(t, 0.18*16000, cut, 20)
	require.InDelta(t, 0.56*16000, len(kept), 40)
	kept, _ = Trim(Silence(16000, 1), 16000)
	require.Empty(t, kept)
}

func TestResample(t *testing.T) {
	t.Parallel()
	for _, rates := range [][2]int{{22050, 16000}, {24000, 16000}, {16000, 24000}, {48000, 16000}, {44100, 22050}} {
		in := sine(rates[0], 1000, 0.5, 1)
		out := Resample(in, rates[0], rates[1])
		require.InDelta(t, rates[1], len(out), 2)
		want := sine(rates[1], 1000, 0.5, 1)
		for i := 200; i < len(out)-200; i++ {
			require.InDelta(t, want[i], out[i], 60, "%v at %d", rates, i)
		}
	}
	high := Resample(sine(48000, 12000, 0.5, 1), 48000, 16000) // above the new band
	for _, s := range high[200 : len(high)-200] {
		require.InDelta(t, 0, s, 100)
	}
	in := []int16{1, 2}
	require.Equal(t, in, Resample(in, 16000, 16000))
}

func header(coding, channels, rate, bits int, data []byte) []byte {
	var b bytes.Buffer
	b.WriteString("RIFF\x00\x00\x00\x00WAVEfmt ")
	for _, v := range []any{uint32(16), uint16(coding), uint16(channels), uint32(rate), uint32(0), uint16(0), uint16(bits)} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString("LIST\x03\x00\x00\x00abc\x00data")
	_ = binary.Write(&b, binary.LittleEndian, uint32(len(data)))
	return append(b.Bytes(), data...)
}

func TestDecodeWAV(t *testing.T) {
	t.Parallel()
	half := binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.5))
	for name, c := range map[string]struct {
		data []byte
		want []int16
	}{
		"8 bit":        {header(1, 1, 8000, 8, []byte{128, 192}), []int16{0, 16384}},
		"16 bit":       {header(1, 1, 16000, 16, []byte{0, 0x40}), []int16{16384}},
		"stereo":       {header(1, 2, 16000, 16, []byte{0, 0x40, 0, 0x20}), []int16{12288}},
		"24 bit":       {header(1, 1, 48000, 24, []byte{0, 0, 0xC0}), []int16{-16384}},
		"32 bit":       {header(1, 1, 48000, 32, []byte{0, 0, 0, 0x40}), []int16{16384}},
		"float":        {header(3, 1, 24000, 32, half), []int16{16384}},
		"cut off":      {header(1, 1, 16000, 16, []byte{0, 0x40, 9}), []int16{16384}},
		"without data": {header(1, 1, 16000, 16, nil), []int16{}},
	} {
		_, got, err := DecodeWAV(c.data)
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("<html>nothing here</html>"), "mp3": header(85, 1, 16000, 16, nil), "rate": header(1, 1, 99, 16, nil),
		"channels": header(1, 0, 16000, 16, nil), "header only": []byte("RIFF\x00\x00\x00\x00WAVE"), "no format": []byte("RIFF\x00\x00\x00\x00WAVEdata\x00\x00\x00\x00"),
	} {
		_, _, err := DecodeWAV(data)
		require.ErrorIs(t, err, ErrNotWAV, name)
	}
	require.Equal(t, []int16{1, -1}, DecodeRaw([]byte{1, 0, 255, 255, 7}))
}

func FuzzDecodeWAV(f *testing.F) {
	f.Add(header(1, 2, 16000, 16, []byte{1, 2, 3, 4}))
	f.Add(header(3, 1, 48000, 32, []byte{1, 2, 3, 4}))
	f.Fuzz(func(t *testing.T, data []byte) {
		rate, samples, err := DecodeWAV(data)
		if err != nil {
			require.ErrorIs(t, err, ErrNotWAV)
			return
		}
		require.LessOrEqual(t, rate, MaxRate)
		require.LessOrEqual(t, len(samples), len(data))
	})
}
