package driver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/studycast/studycast/core/broker/driver"
)

// The headers of a dead letter are its file: operators and later versions read
// them by these names.
func TestReasonHeaders(t *testing.T) {
	t.Parallel()
	of := map[string]string{"note": "kept", driver.HeaderDeadFault: "of an earlier death"}
	r := driver.Reason{Fault: "source", Text: "503", Stage: "fetch", Attempt: 4}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("", 3600))
	require.Equal(t, map[string]string{
		"note":                   "kept",
		"studycast-dead-fault":   "source",
		"studycast-dead-reason":  "503",
		"studycast-dead-stage":   "fetch",
		"studycast-dead-attempt": "4",
		"studycast-dead-queue":   "video-generation",
		"studycast-dead-at":      "2026-01-02T02:04:05.000006Z",

		"studycast-dead-exchange": "jobs",
		"studycast-dead-key":      "a key",
	}, r.Headers(of, driver.Origin{Queue: "video-generation", Exchange: "jobs", Key: "a key"}, at))
	require.Len(t, of, 2, "the message's own headers stay as they are")
	require.Equal(t, "video-generation.dead", driver.DeadQueue("video-generation"))
}
