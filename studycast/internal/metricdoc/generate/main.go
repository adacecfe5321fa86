// Command generate prints docs/metrics.md; its argument is the folder of the
// repository.
package main

import (
	"fmt"
	"os"

	"github.com/studycast/studycast/studycast/internal/metricdoc"
)

func main() {
	page, err := metricdoc.Page(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(page)
}
