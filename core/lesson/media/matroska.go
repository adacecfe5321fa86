package media

import (
	"encoding/binary"
	"io"
	"math/bits"
	"time"
)

// matroska writes raw I420 frames with their times as a live Matroska stream:
// the one format in which ffmpeg takes raw frames of varying duration from a
// pipe. Sizes of the segment are left unknown, as the format allows for
// streams; each frame is a cluster of its own.
type matroska struct{ w io.Writer }

// The ids of the elements that are written.
const (
	ebmlHead       = 0x1A45DFA3
	ebmlDocType    = 0x4282
	mkvSegment     = 0x18538067
	mkvInfo        = 0x1549A966
	mkvScale       = 0x2AD7B1
	mkvTracks      = 0x1654AE6B
	mkvEntry       = 0xAE
	mkvNumber      = 0xD7
	mkvUID         = 0x73C5
	mkvType        = 0x83
	mkvCodec       = 0x86
	mkvDuration    = 0x23E383
	mkvVideo       = 0xE0
	mkvWidth       = 0xB0
	mkvHeight      = 0xBA
	mkvFourCC      = 0x2EB524
	mkvCluster     = 0x1F43B675
	mkvTime        = 0xE7
	mkvSimpleBlock = 0xA3
)

// header opens the stream for frames of w×h pixels.
func (m matroska) header(w, h int) error {
	video := element(mkvVideo, concat(
		unsigned(mkvWidth, w), unsigned(mkvHeight, h), element(mkvFourCC, []byte("I420"))))
	entry := element(mkvEntry, concat(
		unsigned(mkvNumber, 1), unsigned(mkvUID, 1), unsigned(mkvType, 1),
		// Without it ffmpeg guesses a frame a second and rounds every time to it.
		unsigned(mkvDuration, int(framePeriod)),
		element(mkvCodec, []byte("V_UNCOMPRESSED")), video))
	_, err := m.w.Write(concat(
		element(ebmlHead, element(ebmlDocType, []byte("matroska"))),
		id(mkvSegment), []byte{0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		element(mkvInfo, unsigned(mkvScale, int(time.Millisecond))),
		element(mkvTracks, entry)))
	return err
}

// frame writes one picture. Its pixels go to the pipe as they are, uncopied.
func (m matroska) frame(at time.Duration, pix []byte) error {
	stamp := unsigned(mkvTime, int(at.Milliseconds()))
	block := concat(id(mkvSimpleBlock), size(len(pix)+4), []byte{0x81, 0, 0, 0x80}) // track 1, key frame
	head := concat(id(mkvCluster), size(len(stamp)+len(block)+len(pix)), stamp, block)
	if _, err := m.w.Write(head); err != nil {
		return err
	}
	_, err := m.w.Write(pix)
	return err
}

func element(name uint32, body []byte) []byte { return concat(id(name), size(len(body)), body) }

func unsigned(name uint32, v int) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(v))
	return element(name, b)
}

func id(name uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, name)
	return b[bits.LeadingZeros32(name)/8:]
}

// size writes a length in eight bytes, marked by the first one.
func size(n int) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(n))
	b[0] = 0x01
	return b
}

func concat(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}
