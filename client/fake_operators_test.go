package client_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/studycast/studycast/client"
)

// control is what the fake knows for operators: a queue and the record. It has
// no dead letters.
type control struct {
	mu     sync.Mutex
	pause  *client.Pause
	record []client.AuditRecord
}

func operators(mux *http.ServeMux) {
	c := &control{}
	mux.HandleFunc("POST /v1/queues/{name}", c.steer)
	mux.HandleFunc("GET /v1/audit", c.audit)
	mux.HandleFunc("POST /v1/dead-letters:import", c.importLetters)
	mux.HandleFunc("POST /v1/dead-letters:replay", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"plan": client.Plan{Groups: []client.DeadGroup{}, Skipped: []client.Skipped{}}})
	})
}

// note puts something on the record.
func (c *control) note(action, reason string) {
	c.record = slices.Insert(c.record, 0, client.AuditRecord{Author: "local", Action: action, Reason: reason, At: time.Now()})
}

func (c *control) steer(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name, verb, _ := strings.Cut(r.PathValue("name"), ":")
	var why struct{ Reason string }
	_ = json.NewDecoder(r.Body).Decode(&why)
	if c.pause = nil; verb == "pause" {
		c.pause = &client.Pause{Author: "local", Reason: why.Reason, At: time.Now()}
	}
	c.note("queue."+verb, why.Reason)
	answer(w, http.StatusOK, client.Queue{Name: name, Pause: c.pause})
}

func (c *control) audit(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	page := client.AuditPage{}
	for _, n := range c.record {
		if strings.Contains(r.URL.Query().Get("action"), n.Action) {
			page.Records = append(page.Records, n)
		}
	}
	answer(w, http.StatusOK, page)
}

func (c *control) importLetters(w http.ResponseWriter, r *http.Request) {
	found := client.Imported{}
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		found.Refused++
		found.BadLines = append(found.BadLines, client.BadLine{Line: found.Refused, Why: "no dead letter"})
	}
	answer(w, http.StatusOK, found)
}
