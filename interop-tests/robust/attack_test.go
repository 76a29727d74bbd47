//go:build interop

package robust

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/qb"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
	quorumwire "github.com/ringmaster-ha/ringmaster/quorum/wire"
	"golang.org/x/sys/unix"
)

// attacks are what this program does on a host when told to.
var attacks = map[string]func(args []string) error{
	"datagrams": datagrams,
	"garbage":   garbage,
	"half-open": halfOpen,
	"scribble":  scribble,
	"requests":  requests,
}

// captures are packets of real nodes, from the folder of totem/wire's goldens.
func captures(dir string) (list [][]byte, err error) {
	files, err := filepath.Glob(dir + "/*.hex")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var b []byte
		for line := range strings.Lines(string(text)) {
			line, _, _ = strings.Cut(line, "#")
			part, err := hex.DecodeString(strings.Join(strings.Fields(line), ""))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f, err)
			}
			b = append(b, part...)
		}
		list = append(list, b)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no captures in %s", dir)
	}
	return list, nil
}

// datagrams sends to ADDRESS:PORT for SECONDS from the captures in FOLDER. KIND
// junk: noise, and captures that are cut off or whose header is not totem's, of
// which nothing may come; mutated: captures with bits and fields changed, which
// may well be valid messages of nodes that do not exist.
func datagrams(args []string) error {
	seconds, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	seeds, err := captures(args[3])
	if err != nil {
		return err
	}
	conn, err := net.Dial("udp", args[0])
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, 2))
	n := 0
	for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); n++ {
		b := junk
		if args[1] == "mutated" {
			b = mutated
		}
		// A full queue or a refusal told by ICMP is none of our business.
		_, _ = conn.Write(b(r, seeds[r.IntN(len(seeds))]))
		if n%20 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	fmt.Println(n)
	return nil
}

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func junk(r *rand.Rand, seed []byte) []byte {
	switch r.IntN(4) {
	case 0:
		return noise(r, r.IntN(200))
	case 1:
		return noise(r, r.IntN(60000))
	case 2: // a header says less than what all messages have
		return seed[:r.IntN(10)]
	}
	b := append([]byte(nil), seed...)
	b[0] ^= 1 << r.IntN(8) // not totem's magic number in either byte order
	return b
}

func mutated(r *rand.Rand, seed []byte) []byte {
	b := append([]byte(nil), seed...)
	for range 1 + r.IntN(4) {
		i := r.IntN(len(b))
		switch r.IntN(4) {
		case 0:
			b[i] ^= 1 << r.IntN(8)
		case 1:
			b[i] = byte(r.Uint32())
		case 2: // a count or a length
			for j := i &^ 3; j < min(i&^3+4, len(b)); j++ {
				b[j] = []byte{0xff, 0x7f, 0, 1}[r.IntN(4)]
			}
		default:
			b = b[:max(i, 1)]
		}
	}
	if r.IntN(8) == 0 {
		b = append(b, noise(r, r.IntN(2000))...)
	}
	return b
}

// services are the names that clients of corosync connect to.
var services = []string{"cmap", "cfg", "cpg", "quorum", "votequorum"}

func dial(name string) (int, error) {
	addr, err := qb.ServiceAddress(name, "")
	if err != nil {
		return -1, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := addr.Connect(fd); err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// garbage connects N times to each service and says nonsense.
func garbage(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range n * len(services) {
		fd, err := dial(services[i%len(services)])
		if err != nil {
			return err
		}
		b := noise(r, r.IntN(3000))
		if r.IntN(2) == 0 { // nearly right: a request for a connection of any size
			b = wire.ConnectRequest{MaxMsgSize: r.Uint32()}.AppendTo(nil)
			b = b[:len(b)-r.IntN(2)]
		}
		_, _ = unix.Write(fd, b) // the service may have closed it
		_ = unix.Close(fd)
	}
	return nil
}

// halfOpen keeps N connections to each service that say half of what they
// should, until it is ended.
func halfOpen(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	half := wire.ConnectRequest{MaxMsgSize: 8192}.AppendTo(nil)
	half = half[:len(half)/2]
	for i := range n * len(services) {
		fd, err := dial(services[i%len(services)])
		if err != nil {
			return err
		}
		_, _ = unix.Write(fd, half)
	}
	fmt.Println("open")
	select {}
}

// setup connects as libqb does and returns where the rings are.
func setup(name string) (fd int, r wire.ConnectResponse, err error) {
	if fd, err = dial(name); err != nil {
		return fd, r, err
	}
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5})
	if _, err = unix.Write(fd, wire.ConnectRequest{MaxMsgSize: 0x10000}.AppendTo(nil)); err != nil {
		return fd, r, err
	}
	b := make([]byte, wire.ConnectResponseSize)
	n, err := unix.Read(fd, b)
	for err == unix.EINTR { // with a timeout the kernel does not go on after a signal of Go's runtime
		n, err = unix.Read(fd, b)
	}
	if err != nil {
		return fd, r, err
	}
	r, err = wire.ParseConnectResponse(b[:n])
	return fd, r, err
}

// scribble sets up N connections to each service, writes nonsense over the words
// of its rings, or cuts their files off, and says that there are requests.
func scribble(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(5, 6))
	for i := range n * len(services) {
		name := services[i%len(services)]
		fd, resp, err := setup(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, ring := range []string{resp.Request, resp.Response, resp.Event} {
			path := ring + []string{"-header", "-data"}[r.IntN(2)]
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if errors.Is(err, os.ErrNotExist) {
				break // the daemon has noticed, and thrown us out
			}
			if err != nil {
				return err
			}
			st, err := f.Stat()
			if err != nil {
				return err
			}
			if r.IntN(4) == 0 {
				_ = f.Truncate(r.Int64N(st.Size()))
			}
			for range 50 {
				at := r.Int64N(st.Size()/4) * 4
				if r.IntN(2) == 0 {
					at = []int64{0, 4, 8, 8192, 8196, 8200, 8204, 8208, 8212, 8216}[r.IntN(10)]
				}
				word := noise(r, 4)
				if r.IntN(3) == 0 {
					word = []byte{1, 0, 0, 0}
				}
				_, _ = f.WriteAt(word, at)
			}
			f.Close()
		}
		_, _ = unix.Write(fd, make([]byte, 1+r.IntN(20)))
		_ = unix.SetNonblock(fd, true)
		time.Sleep(2 * time.Millisecond)
		_ = unix.Close(fd)
	}
	return nil
}

// requests sends N requests with every number and any content to each service,
// as a client that libqb takes for a good one.
func requests(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(7, 8))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Second)
	defer cancel()
	for _, name := range services {
		var c *client.Conn
		for range n {
			if c == nil {
				if c, err = client.Dial(ctx, name, client.Options{}); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			size := wire.RequestHeaderSize + r.IntN(400)
			id := int32(r.IntN(24))
			// Root may end corosync, or a node, or give it any number of votes:
			// not what is asked here.
			allowed := name == "cfg" && (id == cfgwire.ReqKillNode || id == cfgwire.ReqTryShutdown) ||
				name == "votequorum" && (id == quorumwire.ReqSetExpected || id == quorumwire.ReqSetVotes)
			if allowed || r.IntN(20) == 0 {
				id = 200 + int32(r.Uint32()>>2)
			}
			b := wire.RequestHeader{ID: id, Size: int32(size)}.AppendTo(nil)
			body := noise(r, size-len(b))
			if r.IntN(2) == 0 { // mostly zeroes: small lengths, short names
				for i := range body {
					if r.IntN(8) != 0 {
						body[i] = 0
					}
				}
			}
			if err := c.Send(append(b, body...)); err != nil && !errors.Is(err, client.ErrAgain) {
				_ = c.Close()
				c = nil // it was disconnected: once more
			}
		}
		if c != nil {
			_ = c.Close()
		}
	}
	return nil
}
