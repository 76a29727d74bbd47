//go:build !amd64 || purego

package crypto

func newCBC(key []byte) (cbc, error) { return newStandardCBC(key) }
