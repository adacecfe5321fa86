package cli

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// screen is what is known of where output goes.
type screen struct {
	width  int // columns; 0 = no terminal: lines may be as long as they are
	colour bool
}

// usualWidth is that of a terminal that does not tell.
const usualWidth = 80

func screenOf(w io.Writer) screen {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return screen{}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = usualWidth
	}
	// https://no-color.org
	return screen{width: width, colour: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// style is how a terminal shows a text: the parameters of its SGR sequence.
type style string

const (
	unstyled style = ""
	bold     style = "1"
	faint    style = "2"
	bad      style = "31" // red
	good     style = "32" // green
	uneasy   style = "33" // yellow
)

// paint shows a text in a style, where there is colour.
func (s screen) paint(how style, text string) string {
	if !s.colour || how == unstyled || text == "" {
		return text
	}
	return "\x1b[" + string(how) + "m" + text + "\x1b[0m"
}

// interactive reports whether somebody can answer.
func (r *run) interactive() bool {
	f, ok := r.in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// confirm asks before something is done that is not easily undone. It returns
// nil for yes, and refuses at once where nobody can answer.
func (r *run) confirm(yes bool, question string) error {
	switch {
	case yes:
		return nil
	case !r.interactive():
		return &exit{code: exitUnconfirmed, text: "Nobody can confirm this: standard input is no terminal. " +
			"See what it would do with --dry-run, then give --yes."}
	}
	answer, err := r.ask(question + " [y/N] ")
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return &exit{code: exitUnconfirmed, text: "Not confirmed: nothing was changed."}
}

// ask returns the line that answers a question. The end of the input, as Ctrl-D
// makes it, is an empty answer.
func (r *run) ask(question string) (string, error) {
	if _, err := fmt.Fprint(r.err, question); err != nil {
		return "", err
	}
	line := make(chan string, 1)
	go func() { // a read of a terminal can't be called off: it ends with the program
		text, _ := bufio.NewReader(r.in).ReadString('\n')
		line <- text
	}()
	select {
	case text := <-line:
		if !strings.HasSuffix(text, "\n") {
			_, _ = fmt.Fprintln(r.err)
		}
		return text, nil
	case <-r.ctx.Done():
		return "", r.ctx.Err()
	}
}
