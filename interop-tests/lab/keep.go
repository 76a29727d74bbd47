package lab

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// keepDir makes the folder for what is to be kept of a test that fails; none if
// RINGMASTER_KEEP does not say where.
func (l *Lab) keepDir() (string, error) {
	dir := os.Getenv("RINGMASTER_KEEP")
	if dir == "" {
		return "", nil
	}
	dir = filepath.Join(dir, strings.ReplaceAll(l.t.Name(), "/", "-"))
	return dir, os.MkdirAll(dir, 0o755)
}

// keep writes a file of a host's.
func (h *Host) keep(name, text string) error {
	dir, err := h.lab.keepDir()
	if dir == "" || err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%v-%s", h.Name, h.kind, name)), []byte(text), 0o644)
}

// KeepFrames writes every frame that a host sends onto network N to networkN.pcap,
// before any fault of a link, where RINGMASTER_KEEP says; if the test passes, the
// files go.
func (l *Lab) KeepFrames() {
	l.t.Helper()
	dir, err := l.keepDir()
	if err != nil {
		l.t.Fatalf("keep the frames: %v", err)
	}
	if dir == "" {
		return
	}
	for i, s := range append([]*lanSwitch{l.lan()}, l.more...) {
		path := filepath.Join(dir, fmt.Sprintf("network%d.pcap", i))
		c, err := newCapture(path)
		if err != nil {
			l.t.Fatalf("keep the frames: %v", err)
		}
		s.mu.Lock()
		s.watch = append(s.watch, c.frame)
		s.mu.Unlock()
		l.t.Cleanup(func() {
			if err := c.close(); err != nil {
				l.t.Logf("keep the frames: %v", err)
			}
			if !l.t.Failed() {
				_ = os.Remove(path)
				_ = os.Remove(dir) // unless there is more in it
			}
		})
	}
}

// capture is a file of frames as tcpdump writes them.
type capture struct {
	mu  sync.Mutex
	f   *os.File
	out *bufio.Writer
	err error // the first
}

// The head of such a file: its magic number says that times are in nanoseconds.
const (
	captureMagic    = 0xa1b23c4d
	captureLongest  = 1 << 16
	captureEthernet = 1
)

func newCapture(path string) (*capture, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	c := &capture{f: f, out: bufio.NewWriter(f)}
	head := binary.LittleEndian.AppendUint32(nil, captureMagic)
	head = append(head, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0) // version 2.4
	head = binary.LittleEndian.AppendUint32(head, captureLongest)
	c.write(binary.LittleEndian.AppendUint32(head, captureEthernet))
	return c, nil
}

func (c *capture) frame(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	head := binary.LittleEndian.AppendUint32(nil, uint32(now.Unix()))
	head = binary.LittleEndian.AppendUint32(head, uint32(now.Nanosecond()))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(b)))
	c.write(binary.LittleEndian.AppendUint32(head, uint32(len(b))))
	c.write(b)
}

func (c *capture) write(b []byte) {
	if _, err := c.out.Write(b); c.err == nil {
		c.err = err
	}
}

func (c *capture) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.out.Flush(); c.err == nil {
		c.err = err
	}
	if err := c.f.Close(); c.err == nil {
		c.err = err
	}
	return c.err
}
