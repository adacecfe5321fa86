// Command say prints which build it is.
package main

import (
	"fmt"

	"github.com/studycast/studycast/core/version"
)

func main() { fmt.Println(version.Version(), version.Revision()) }
