package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Notice is what a webhook is told.
type Notice struct {
	ID   string    // a notice may arrive twice: the same id
	Type string    // "job.succeeded", "job.failed", "job.cancelled" or "ping"
	At   time.Time // when it happened
	Job  Job       // without its source; read the job for all of it. Zero for a ping
}

// ErrNotOurs is the error of ReadNotice for a request that was not signed with
// the secret, not just now, or changed on its way. Answer it with 401.
var ErrNotOurs = errors.New("not a notice of this webhook")

const (
	// freshness bounds how far the time of a notice may be from ours: an old one
	// that somebody recorded is refused.
	freshness = 5 * time.Minute
	maxNotice = 1 << 20 // bytes
)

// ReadNotice reads the request that a webhook gets and checks that Studycast
// signed it, as Standard Webhooks has it. Answer with a status of 200 to 299
// within seconds, or it is sent again. Give the secrets before and after a
// rotation for as long as both are in use.
func ReadNotice(r *http.Request, secrets ...string) (Notice, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxNotice))
	if err != nil {
		return Notice{}, fmt.Errorf("read the notice: %w", err)
	}
	n := Notice{ID: r.Header.Get("Webhook-Id")}
	sent, err := strconv.ParseInt(r.Header.Get("Webhook-Timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(sent, 0)).Abs() > freshness || !signed(r.Header, body, secrets) {
		return Notice{}, ErrNotOurs
	}
	var event struct {
		Type      string
		Timestamp time.Time
		Data      json.RawMessage
	}
	err = json.Unmarshal(body, &event)
	if err == nil && strings.HasPrefix(event.Type, "job.") {
		err = json.Unmarshal(event.Data, &n.Job)
	}
	if err != nil {
		return Notice{}, fmt.Errorf("read the notice: %w", err)
	}
	n.Type, n.At = event.Type, event.Timestamp
	return n, nil
}

// signed reports whether one of the signatures was made with one of the secrets.
func signed(h http.Header, body []byte, secrets []string) bool {
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) == 0 {
			continue
		}
		mac := hmac.New(sha256.New, key)
		_, _ = mac.Write([]byte(h.Get("Webhook-Id") + "." + h.Get("Webhook-Timestamp") + "."))
		_, _ = mac.Write(body)
		want := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for _, given := range strings.Fields(h.Get("Webhook-Signature")) {
			if hmac.Equal(want, []byte(given)) {
				return true
			}
		}
	}
	return false
}
