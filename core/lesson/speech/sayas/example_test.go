package sayas_test

import (
	"fmt"

	"github.com/studycast/studycast/core/lesson/speech/sayas"
)

func ExampleEnglish() {
	fmt.Println(sayas.English("In 1998 the API answered in 2.5 ms (50% of 5 ms), e.g. for `SELECT`."))
	// Output: In nineteen ninety-eight the A P I answered in two point five milliseconds, fifty percent of five milliseconds, for example for select.
}
