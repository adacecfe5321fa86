package caller

import "slices"

// Permission is what an operator may do only when it was given by name: no role
// brings it, nor does a key that is limited to nothing.
type Permission string

// Edit is to change what the job of a dead letter asks for before it runs again.
const Edit Permission = "edit"

// Permissions lists all of them.
func Permissions() []Permission { return []Permission{Edit} }

// Known reports whether p is one of the permissions.
func (p Permission) Known() bool { return slices.Contains(Permissions(), p) }

// Permitted reports whether the caller was given a permission.
func (i Identity) Permitted(p Permission) bool { return slices.Contains(i.Permissions, p) }
