package client

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"
)

// message is a server-sent event.
type message struct {
	id, name, data string
}

// maxLine bounds a line of a stream, in bytes.
const maxLine = 4 << 20

// decoder reads a stream of server-sent events.
type decoder struct {
	lines *bufio.Scanner
	id    string        // of the latest event that had one
	retry time.Duration // the pause that the server asked for; 0 = none
	alive func()        // called for every line: the connection works
}

func newDecoder(r io.Reader, alive func()) *decoder {
	d := &decoder{lines: bufio.NewScanner(r), alive: alive}
	d.lines.Buffer(nil, maxLine)
	return d
}

// next returns the next event, or io.EOF at the end of the stream; an event
// that was cut there is left out, as the standard wants it.
func (d *decoder) next() (message, error) {
	m := message{}
	var data []string
	for d.lines.Scan() {
		d.alive()
		line := d.lines.Text()
		if line == "" {
			if data == nil {
				m.name = ""
				continue
			}
			m.id, m.data = d.id, strings.Join(data, "\n")
			return m, nil
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			d.id = value
		case "event":
			m.name = value
		case "data":
			data = append(data, value)
		case "retry":
			if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
				d.retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
	if err := d.lines.Err(); err != nil {
		return message{}, err
	}
	return message{}, io.EOF
}
