package media

import (
	"golang.org/x/sys/unix"

	"github.com/studycast/studycast/core/fault"
)

// MinFree is how much of the disk must be free before a lesson is begun, in
// bytes. A lesson of three minutes needs about 60 MB at its peak.
const MinFree = 1 << 30

// Free returns how many bytes of the file system of dir are free for us.
func Free(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return st.Bavail * uint64(st.Bsize), nil
}

// CheckSpace returns an Internal fault when the file system of dir has less
// than least bytes free for us; 0 means MinFree.
func CheckSpace(dir string, least uint64) error {
	if least == 0 {
		least = MinFree
	}
	free, err := Free(dir)
	if err != nil {
		return fault.Wrap(fault.Internal, err, "The server cannot tell how much disk is free.")
	}
	if free < least {
		return fault.New(fault.Internal,
			"The server's disk is nearly full: %d MiB free, %d needed. An operator has to free space.",
			free>>20, least>>20)
	}
	return nil
}
