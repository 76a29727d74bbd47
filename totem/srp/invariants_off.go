//go:build !invariants

package srp

// check looks at the invariants of doc.go in a build with -tags invariants.
func (m *Machine) check() {}
