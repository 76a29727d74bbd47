// Command listen writes what is multicast in closed process groups into files:
// listen DIRECTORY GROUP...; each message becomes DIRECTORY/GROUP.NUMBER.NODE.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ringmaster-ha/ringmaster/cpg"
)

func main() {
	failed := make(chan error)
	for _, group := range os.Args[2:] {
		go func() { failed <- listen(os.Args[1], group) }()
	}
	fmt.Fprintln(os.Stderr, "listen:", <-failed)
	os.Exit(1)
}

func listen(dir, group string) error {
	ctx := context.Background()
	conn, err := cpg.Dial(ctx, cpg.Options{})
	if err != nil {
		return err
	}
	// Pacemaker counts the zero byte that ends the name.
	if err := conn.Join(ctx, group+"\x00"); err != nil {
		return err
	}
	for n := 0; ; {
		ev, err := conn.Next(ctx)
		if err != nil {
			return err
		}
		switch ev := ev.(type) {
		case *cpg.Membership:
			// The first one says that the group is joined.
			if n == 0 {
				if err := os.WriteFile(filepath.Join(dir, group), nil, 0o644); err != nil {
					return err
				}
			}
		case *cpg.Message:
			n++
			name := fmt.Sprintf("%s.%05d.%d", group, n, ev.From.Node)
			if err := os.WriteFile(filepath.Join(dir, name), ev.Data, 0o644); err != nil {
				return err
			}
		}
	}
}
