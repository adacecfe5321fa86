package sqlitebroker

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/studycast/studycast/core/broker/driver"
	"github.com/studycast/studycast/core/broker/internal/dispatch"
)

// row is a message as the table keeps it.
type row struct {
	queue     string
	item      dispatch.Item
	m         driver.Message
	notBefore int64
	headers   string
}

func newRow(queue string, it *dispatch.Item, m driver.Message) (*row, error) {
	r := &row{queue: queue, item: *it, m: m}
	if !m.NotBefore.IsZero() {
		r.notBefore = m.NotBefore.UnixMicro()
	}
	// A copy, never nil (which would be NULL): a caller whose context ends while
	// the row is written has its buffer back.
	r.m.Body = append(make([]byte, 0, len(m.Body)), m.Body...)
	var err error
	r.headers, err = encodeHeaders(m.Headers)
	return r, err
}

func (r *row) insert(s *store) error {
	_, err := s.sInsert.Exec(r.item.Seq, r.queue, r.item.Place, r.item.Delayed, r.m.ID, r.m.Kind, r.m.Attempt, r.m.Schema,
		r.m.Traceparent, r.m.Owner, r.notBefore, r.headers, r.m.Body)
	return err
}

func (r *row) message() (driver.Message, error) {
	if r.notBefore != 0 {
		r.m.NotBefore = time.UnixMicro(r.notBefore).UTC()
	}
	var err error
	r.m.Headers, err = decodeHeaders(r.headers)
	return r.m, err
}

func encodeHeaders(h map[string]string) (string, error) {
	if len(h) == 0 {
		return "", nil
	}
	text, err := json.Marshal(h)
	if err != nil {
		return "", fmt.Errorf("encode headers: %w", err)
	}
	return string(text), nil
}

func decodeHeaders(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil
	}
	var h map[string]string
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		return nil, fmt.Errorf("decode headers: %w", err)
	}
	return h, nil
}
