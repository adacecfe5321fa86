package config

import (
	"fmt"
	"time"
)

// Sharing says whether owners who ask for the same lesson share the work.
type Sharing struct {
	ShareLessons     bool          `help:"Make a lesson once when several users ask for the same one, each with a job of their own. A request may opt out with fresh." negatable:"" default:"true" env:"SHARE_LESSONS"`
	ShareFinishedFor time.Duration `help:"How long after its end a lesson answers others who ask for the same at once; 0 = not at all. Holds with SHARE_LESSONS only." default:"10m" env:"SHARE_FINISHED_FOR"`
}

// longestShare keeps what is given to others from being stale for long.
const longestShare = 24 * time.Hour

// Check checks the time.
func (s Sharing) Check() error {
	if s.ShareFinishedFor < 0 || s.ShareFinishedFor > longestShare {
		return fmt.Errorf("SHARE_FINISHED_FOR %s: use 0s to %s", s.ShareFinishedFor, longestShare)
	}
	return nil
}
