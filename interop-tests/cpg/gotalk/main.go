// Command gotalk is talk.c with our client; as "gotalk cpgtool ..." it is
// corosync-cpgtool.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/cpg"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cpgtool"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "cpgtool" {
		args := append([]string{filepath.Join(filepath.Dir(os.Args[0]), "corosync-cpgtool")}, os.Args[2:]...)
		os.Exit(cpgtool.Main(args, os.Stdin, os.Stdout, os.Stderr))
	}
	ctx := context.Background()
	conn, err := cpg.Dial(ctx, cpg.Options{InitialRing: true})
	fmt.Printf("pid %d\n= %d\n", os.Getpid(), code(err))
	if err != nil {
		os.Exit(1)
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		cmd, arg, _ := strings.Cut(in.Text(), " ")
		fmt.Printf("= %d\n", code(command(ctx, conn, cmd, arg)))
	}
	conn.Close()
}

func code(err error) int {
	var c cpg.Error
	switch {
	case err == nil:
		return 1
	case errors.As(err, &c):
		return int(c)
	}
	fmt.Fprintln(os.Stderr, err)
	return 2
}

func command(ctx context.Context, conn *cpg.Conn, cmd, arg string) error {
	switch cmd {
	case "join":
		return conn.Join(ctx, arg)
	case "leave":
		return conn.Leave(ctx)
	case "mcast":
		return conn.Mcast(ctx, []byte(arg))
	case "big":
		n, err := strconv.Atoi(arg)
		if err != nil {
			return err
		}
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i*7 + i/251)
		}
		return conn.Mcast(ctx, b)
	case "zerocopy":
		buf, err := conn.NewBuffer(ctx, 4096)
		if err != nil {
			return err
		}
		return errors.Join(buf.Mcast(ctx, copy(buf.Bytes(), arg)), buf.Free(ctx))
	case "local":
		id, err := conn.LocalNode(ctx)
		fmt.Println(id)
		return err
	case "members":
		list, err := conn.Members(ctx, arg)
		fmt.Println(" members" + members(list))
		return err
	case "names":
		return iterate(ctx)(conn.IterateNames(ctx))
	case "group":
		return iterate(ctx)(conn.IterateGroup(ctx, arg))
	case "all":
		return iterate(ctx)(conn.IterateAll(ctx))
	case "next":
		ev, err := conn.Next(ctx)
		print(ev)
		return err
	}
	return errors.New("unknown command")
}

func iterate(ctx context.Context) func(*cpg.Iteration, error) error {
	return func(it *cpg.Iteration, err error) error {
		for err == nil {
			var p cpg.Process
			if p, err = it.Next(ctx); err == io.EOF {
				return it.Close(ctx)
			}
			if err == nil {
				fmt.Printf("%s %v\n", p.Group, p.Member)
			}
		}
		return err
	}
}

func print(ev cpg.Event) {
	switch ev := ev.(type) {
	case *cpg.Message:
		sum := fnv.New64a()
		sum.Write(ev.Data)
		fmt.Printf("message %s %v %d %016x\n", ev.Group, ev.From, len(ev.Data), sum.Sum64())
	case *cpg.Membership:
		fmt.Printf("membership %s members%s left%s joined%s\n", ev.Group, members(ev.Members), changes(ev.Left), changes(ev.Joined))
	case *cpg.RingChange:
		fmt.Print("ring")
		for _, n := range ev.Nodes {
			fmt.Printf(" %d", n)
		}
		fmt.Println()
	}
}

func members(list []cpg.Member) string {
	s := ""
	for _, m := range list {
		s += " " + m.String()
	}
	return s
}

func changes(list []cpg.Change) string {
	s := ""
	for _, c := range list {
		s += fmt.Sprintf(" %v/%v", c.Member, c.Reason)
	}
	return s
}
