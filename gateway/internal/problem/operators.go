package problem

import "net/http"

// MaxImportBytes bounds one import of dead letters.
const MaxImportBytes = 256 << 20

// ErrImportTooLarge is the problem of an import over MaxImportBytes.
func ErrImportTooLarge() error {
	return New(http.StatusRequestEntityTooLarge,
		"An import is at most %d MiB. Split the file between two lines and import the parts; what is there already stays as it is.", MaxImportBytes>>20)
}

// ErrOperators is the problem of everybody else with what operators do.
func ErrOperators() error { return New(http.StatusForbidden, "This is for operators. Sign in as one.") }
