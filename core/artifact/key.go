package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/studycast/studycast/core/job"
)

// Bounds of a key: what every file system and object store takes.
const (
	MaxKeyBytes     = 512
	MaxSegmentBytes = 128
)

// CheckKey returns ErrInvalidKey, wrapped with what is wrong, unless key is
// made of segments of letters, digits, '-', '_', '=' and '.', joined by "/",
// none of them empty or starting with '.'. So a key can't leave its store, nor
// meet the names that a store keeps for itself.
func CheckKey(key string) error {
	if len(key) == 0 || len(key) > MaxKeyBytes {
		return fmt.Errorf("%w: %d bytes: use 1 to %d", ErrInvalidKey, len(key), MaxKeyBytes)
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "":
			return fmt.Errorf("%w: %.80q has an empty segment", ErrInvalidKey, key)
		case segment[0] == '.':
			return fmt.Errorf("%w: %.80q has a segment that starts with a dot", ErrInvalidKey, key)
		case len(segment) > MaxSegmentBytes:
			return fmt.Errorf("%w: a segment of %d bytes: at most %d", ErrInvalidKey, len(segment), MaxSegmentBytes)
		case strings.ContainsFunc(segment, notInKey):
			return fmt.Errorf("%w: %.80q: use letters, digits and - _ . =", ErrInvalidKey, key)
		}
	}
	return nil
}

func notInKey(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("-_=.", r)
}

// JobKey is the key of a file made by an attempt. Each attempt writes under
// its own number, so that an older one can't touch the files of a newer one.
func JobKey(id job.ID, attempt int, name string) string {
	return JobPrefix(id) + "/" + strconv.Itoa(attempt) + "/" + name
}

// JobPrefix is the key to delete when a job goes with everything it made.
func JobPrefix(id job.ID) string { return "jobs/" + string(id) }

// UploadKey is the key of an upload. Owners are hashed: their names may hold
// anything, and need not be read off a bucket listing.
func UploadKey(owner, upload string) string {
	return "uploads/" + hash(owner)[:32] + "/" + upload
}

// StageKey is the key of what a stage of a job keeps for the next attempt. The
// stage's own key may be any text.
func StageKey(id job.ID, key string) string {
	return StagePrefix(id) + "/" + hash(key)
}

// StagePrefix is the key to delete when no attempt of a job will come any more.
func StagePrefix(id job.ID) string { return JobPrefix(id) + "/stages" }

// IsStage reports whether key is a StageKey: what can be made again when it is
// lost.
func IsStage(key string) bool {
	segments := strings.Split(key, "/")
	return len(segments) == 4 && segments[0] == "jobs" && segments[2] == "stages"
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
