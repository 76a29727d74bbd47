// Command echoserver serves the echo service until its standard input ends:
//
//	echoserver NAME shm|socket
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
	"github.com/ringmaster-ha/ringmaster/interop-tests/qb/echo"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("got %d arguments, want NAME shm|socket", len(args))
	}
	opts := server.Options{Name: args[0], Type: wire.Shm, Handler: echo.Service{}}
	if args[1] == "socket" {
		opts.Type = wire.Socket
	}
	s, err := server.Listen(opts)
	if err != nil {
		return err
	}
	s.SetRate(server.Fast)
	fmt.Println("ready")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // ends with standard input, as the process does
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return s.Serve(ctx)
}
