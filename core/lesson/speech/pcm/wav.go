package pcm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The sample rates that are taken for speech, in Hz.
const (
	MinRate = 8000
	MaxRate = 48000
)

// ErrNotWAV marks data that is not a WAV file that can be read.
var ErrNotWAV = errors.New("not a WAV file of speech")

type format struct {
	coding, channels, bits int
	rate                   int
}

// The codings of a WAV file that are read.
const (
	codingPCM        = 1
	codingFloat      = 3
	codingExtensible = 0xFFFE
)

// DecodeWAV reads WAV data of 8, 16, 24 or 32 bits or 32-bit float and mixes
// its channels to one. Lengths that a streaming server left open, or that say
// more than there is, end at the end of data. It returns ErrNotWAV, wrapped,
// for anything else.
func DecodeWAV(data []byte) (rate int, samples []int16, err error) {
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return 0, nil, fmt.Errorf("%w: no RIFF header", ErrNotWAV)
	}
	var f *format
	for rest := data[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:8]))
		rest = rest[8:]
		body := rest[:min(uint64(len(rest)), size)]
		switch id {
		case "fmt ":
			if f, err = readFormat(body); err != nil {
				return 0, nil, err
			}
		case "data":
			if f == nil {
				return 0, nil, fmt.Errorf("%w: sound before its format", ErrNotWAV)
			}
			return f.rate, f.decode(body), nil
		}
		rest = rest[min(uint64(len(rest)), size+size%2):]
	}
	return 0, nil, fmt.Errorf("%w: no sound in it", ErrNotWAV)
}

func readFormat(b []byte) (*format, error) {
	if len(b) < 16 {
		return nil, fmt.Errorf("%w: short format", ErrNotWAV)
	}
	f := &format{
		coding:   int(binary.LittleEndian.Uint16(b)),
		channels: int(binary.LittleEndian.Uint16(b[2:])),
		rate:     int(binary.LittleEndian.Uint32(b[4:])),
		bits:     int(binary.LittleEndian.Uint16(b[14:])),
	}
	if f.coding == codingExtensible && len(b) >= 26 {
		f.coding = int(binary.LittleEndian.Uint16(b[24:]))
	}
	whole := f.coding == codingPCM && (f.bits == 8 || f.bits == 16 || f.bits == 24 || f.bits == 32)
	if !whole && (f.coding != codingFloat || f.bits != 32) {
		return nil, fmt.Errorf("%w: coding %d with %d bits", ErrNotWAV, f.coding, f.bits)
	}
	if f.channels < 1 || f.channels > 8 || f.rate < MinRate || f.rate > MaxRate {
		return nil, fmt.Errorf("%w: %d channels at %d Hz", ErrNotWAV, f.channels, f.rate)
	}
	return f, nil
}

func (f *format) decode(b []byte) []int16 {
	width := f.bits / 8
	frame := width * f.channels
	out := make([]int16, len(b)/frame)
	for i := range out {
		var sum float64
		for c := range f.channels {
			sum += f.sample(b[i*frame+c*width:])
		}
		out[i] = clamp16(sum / float64(f.channels))
	}
	return out
}

// sample reads one sample on the scale of 16 bits.
func (f *format) sample(b []byte) float64 {
	switch {
	case f.coding == codingFloat:
		v := float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		if math.IsNaN(v) {
			return 0
		}
		return math.Max(-1, math.Min(1, v)) * 32767
	case f.bits == 8:
		return (float64(b[0]) - 128) * 256
	case f.bits == 16:
		return float64(int16(binary.LittleEndian.Uint16(b)))
	case f.bits == 24:
		return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / 65536
	}
	return float64(int32(binary.LittleEndian.Uint32(b))) / 65536
}

// DecodeRaw reads headerless 16-bit little-endian mono samples; an odd last
// byte is dropped.
func DecodeRaw(data []byte) []int16 {
	out := make([]int16, len(data)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
	}
	return out
}
