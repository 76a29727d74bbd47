// Command member is in the group of one of Pacemaker's daemons, by package cluster, and
// writes down what it hears of it:
//
//	member -group attrd -service 5 -log FILE [-quorum] [-go FILE -send N -size BYTES]
//
// When the file that -go names is there, it sends N documents of that size to all. The log
// has the package's own lines, and
//
//	changed NODE/NAME KIND BEFORE NOW
//	message NUMBER NODE SERVICE BYTES
//	heard COUNT DIGEST       after every message of -send's: of all so far, in their order
//	quorate YES RING
//	lost ERROR
package main

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cluster"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
)

type log struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *log) Enabled(level loglevel.Level) bool { return level <= loglevel.Info }
func (l *log) Logf(_ loglevel.Level, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, format+"\n", args...)
}

type member struct {
	log    *log
	digest [sha256.Size]byte
	heard  int
	over   chan struct{}
}

func (m *member) Message(msg *cpgmsg.Message, from *peers.Peer) {
	m.log.Logf(loglevel.Info, "message %d %d %v %d", msg.ID, from.ID, msg.Sender.Service, len(msg.Text))
	if strings.HasPrefix(msg.Text, "<flood") {
		m.heard++
		m.digest = sha256.Sum256(fmt.Appendf(m.digest[:], "%d %d %s", from.ID, msg.ID, msg.Text))
		m.log.Logf(loglevel.Info, "heard %d %x", m.heard, m.digest[:8])
	}
}

func (m *member) Changed(c peers.Change) {
	switch c.Kind {
	case peers.Named:
		m.log.Logf(loglevel.Info, "changed %d/%s named", c.Peer.ID, c.Peer.Name)
	case peers.StateChanged:
		m.log.Logf(loglevel.Info, "changed %d/%s state %s %s", c.Peer.ID, c.Peer.Name, c.Before, c.Peer.State)
	case peers.ProcessesChanged:
		m.log.Logf(loglevel.Info, "changed %d/%s processes %x %x", c.Peer.ID, c.Peer.Name, uint32(c.Ran), uint32(c.Peer.Processes))
	}
}

// quorate is a member that follows quorum too.
type quorate struct{ *member }

func (q quorate) Quorate(ring uint64, quorate bool) {
	q.log.Logf(loglevel.Info, "quorate %v %d", quorate, ring)
}

func (m *member) Lost(err error) {
	m.log.Logf(loglevel.Info, "lost %v", err)
	close(m.over)
}

// filler is text that cannot be packed much.
func filler(size int) string {
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, size)
	for i := range b {
		b[i] = 'a' + byte(random.IntN(26))
	}
	return string(b)
}

func main() {
	group := flag.String("group", "", "name of the group, if not the service's")
	service := flag.Int("service", int(cpgmsg.Attrd), "number of the service")
	file := flag.String("log", "", "file to write")
	quorum := flag.Bool("quorum", false, "follow quorum")
	start := flag.String("go", "", "file that has the sending begin")
	send := flag.Int("send", 0, "documents to send")
	size := flag.Int("size", 100, "their size")
	flag.Parse()
	f, err := os.Create(*file)
	if err != nil {
		fmt.Fprintln(os.Stderr, "member:", err)
		os.Exit(1)
	}
	m := &member{log: &log{w: f}, over: make(chan struct{})}
	var handler cluster.Handler = m
	if *quorum {
		handler = quorate{m}
	}
	c, err := cluster.Join(context.Background(), cluster.Options{Service: cpgmsg.Service(*service), Group: *group, Handler: handler, Log: m.log})
	if err != nil {
		m.log.Logf(loglevel.Info, "failed %v", err)
		os.Exit(1)
	}
	m.log.Logf(loglevel.Info, "begun as %d/%s in %s", c.NodeID(), c.NodeName(), c.ClusterName(context.Background()))
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-stop:
			c.Close()
			return
		case <-m.over:
			c.Close()
			os.Exit(2)
		case <-poll.C:
			if _, err := os.Stat(*start); *start == "" || err != nil {
				continue
			}
			*start = ""
			filler := filler(*size)
			for i := range *send {
				if err := c.Send(nil, cpgmsg.Service(*service), fmt.Sprintf(`<flood n="%d">%s</flood>`, i, filler)); err != nil {
					m.log.Logf(loglevel.Info, "failed %v", err)
				}
			}
		}
	}
}
