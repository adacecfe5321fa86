package source

import (
	"errors"
	"net/url"

	"github.com/studycast/studycast/core/fault"
	"github.com/studycast/studycast/core/guard"
)

const field = "source.url"

// Addresses says which addresses may be read.
type Addresses guard.Addresses

// CheckURL refuses, without any lookup, an address that no Reader with default
// options would read. See Addresses.Check.
func CheckURL(raw string) error { return Addresses{}.Check(raw) }

// Check refuses, without any lookup, an address that is none, is not http or
// https, holds a user name, names a port that is not allowed, or plainly leads
// into a private network in whatever spelling. The error is a *fault.Error of
// kind Request for the field source.url. A name that resolves to a private
// address passes here and is refused when it is dialled.
func (a Addresses) Check(raw string) error {
	_, err := a.parse(raw)
	return err
}

func (a Addresses) parse(raw string) (*url.URL, error) {
	u, err := guard.Addresses(a).Parse(raw)
	var r *guard.RefusedError
	if errors.As(err, &r) {
		return nil, refused(r)
	}
	return u, err
}

// refused says to a student what is wrong with an address.
func refused(r *guard.RefusedError) *fault.Error {
	switch r.Reason {
	case guard.Empty:
		return fault.Invalid(field, "is empty. Paste the address of a page, like https://example.org/article.")
	case guard.TooLong:
		return fault.Invalid(field, "is longer than %d characters. Use the short address of the page, or upload it.", guard.MaxURLBytes)
	case guard.NoAddress:
		return fault.Invalid(field, "is not an address. Paste one like https://example.org/article.")
	case guard.Scheme:
		return fault.Invalid(field, "does not begin with http:// or https://. Paste the address of a web page, or upload the file.")
	case guard.UserInfo:
		return fault.Invalid(field, "holds a user name or password. Remove the part before the @; "+
			"if the page needs a login, save it and upload the file.")
	case guard.NoHost:
		return fault.Invalid(field, "names no web site. Paste an address like https://example.org/article.")
	case guard.Port:
		return fault.Invalid(field, "uses port %d. Only the usual web ports are read; upload the page instead.", r.Port)
	case guard.Number:
		return fault.Invalid(field, "is a number in an unusual spelling. Paste the name of the site, like https://example.org/article.")
	default:
		return fault.Invalid(field, "does not lead to the public internet, so it is not read. "+
			"Paste the address of a public page, or save the page and upload the file.")
	}
}
