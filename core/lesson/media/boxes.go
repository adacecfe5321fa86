package media

import (
	"encoding/binary"
	"io"
)

// fastStart reports whether an MP4 can play while it is still being loaded:
// its index (moov) stands before its data (mdat). Only the heads of the
// topmost boxes are read. A file that is no MP4 is not.
func fastStart(r io.ReadSeeker) bool {
	var head [16]byte
	for {
		if _, err := io.ReadFull(r, head[:8]); err != nil {
			return false
		}
		length, used := int64(binary.BigEndian.Uint32(head[:4])), int64(8)
		switch string(head[4:8]) {
		case "moov":
			return true
		case "mdat":
			return false
		}
		if length == 1 { // the length follows in 64 bits
			if _, err := io.ReadFull(r, head[8:16]); err != nil {
				return false
			}
			length, used = int64(binary.BigEndian.Uint64(head[8:16])), 16
		}
		if length < used {
			return false
		}
		if _, err := r.Seek(length-used, io.SeekCurrent); err != nil {
			return false
		}
	}
}
