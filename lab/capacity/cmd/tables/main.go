// Command tables writes the tables of package capacity into a document, between
// its marks.
package main

import (
	"fmt"
	"os"

	"github.com/studycast/studycast/lab/capacity"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: tables FILE")
		os.Exit(2)
	}
	old, err := os.ReadFile(os.Args[1]) //nolint:gosec // the file that was named
	if err == nil {
		var text []byte
		if text, err = capacity.Fill(old); err == nil {
			err = os.WriteFile(os.Args[1], text, 0o644) //nolint:gosec // a document for everybody
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
