// Command crds prints the files with the CRDs of the kinds that the manifests
// use, one a line.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/studycast/studycast/deploy/k8s/verify"
)

func main() {
	files, err := verify.CRDs(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "crds:", err)
		os.Exit(1)
	}
	for _, f := range files {
		fmt.Println(f)
	}
}
