package client

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func decodeAll(stream string) (all []message, d *decoder, err error) {
	d = newDecoder(strings.NewReader(stream), func() {})
	for {
		m, err := d.next()
		if errors.Is(err, io.EOF) {
			return all, d, nil
		}
		if err != nil {
			return all, d, err
		}
		all = append(all, m)
	}
}

func TestDecoder(t *testing.T) {
	t.Parallel()
	all, d, err := decodeAll("retry: 700\r\n\r\n:comment\nid:1\nevent:job\ndata:a\ndata: b\ndata\n\nevent: lonely\n\ndata: c\n\nid: 9\nretry: soon\ndata: cut")
	if err != nil || d.retry != 700*time.Millisecond {
		t.Fatal(err, d.retry)
	}
	want := []message{{id: "1", name: "job", data: "a\nb\n"}, {id: "1", data: "c"}}
	if len(all) != 2 || all[0] != want[0] || all[1] != want[1] {
		t.Fatalf("%+v", all)
	}
}

// Whatever a server sends ends in events or an error, and what was read before
// the stream was cut stays the same.
func FuzzDecoder(f *testing.F) {
	f.Add("id: 1\nevent: job\ndata: {}\n\n", 12)
	f.Add(": still here\n\nretry: 1\n\ndata\n\n", 3)
	f.Fuzz(func(t *testing.T, stream string, cut int) {
		all, _, err := decodeAll(stream)
		if err != nil {
			return
		}
		before, _, _ := decodeAll(stream[:min(max(cut, 0), len(stream))])
		if len(before) > len(all) {
			t.Fatal("a cut stream has more events")
		}
		for i := range before[:max(len(before)-1, 0)] {
			if before[i] != all[i] {
				t.Fatalf("event %d changed", i)
			}
		}
	})
}
