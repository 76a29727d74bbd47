//go:build interop

package robust

// attacks are what this program does on a host when told to.
var attacks = map[string]func(args []string) error{}
