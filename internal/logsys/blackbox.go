package logsys

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// recorderSize is how many bytes of lines the flight recorder keeps: 8192*1024
// as the reference's IPC_LOGSYS_SIZE.
const recorderSize = 8192 * 1024

// recorder keeps the last lines as libqb's blackbox entries, whole entries in
// a circle of bytes that grows up to recorderSize.
type recorder struct {
	entries [][]byte // oldest first, from entries[first]
	first   int
	size    int // bytes in entries, with their chunk headers
}

func (b *recorder) add(r *record) {
	e := Entry{
		At: r.at, Level: r.level, Tag: r.subsys.tag,
		Line: uint32(r.line), Func: r.fn, Text: r.text,
	}.appendTo(nil)
	b.entries = append(b.entries, e)
	b.size += chunkSize(len(e))
	for b.size > recorderSize {
		b.size -= chunkSize(len(b.entries[b.first]))
		b.entries[b.first] = nil
		b.first++
	}
	if b.first > 1024 && b.first > len(b.entries)/2 {
		n := copy(b.entries, b.entries[b.first:])
		clear(b.entries[n:])
		b.entries, b.first = b.entries[:n], 0
	}
}

// Entry is one line of a flight recorder.
type Entry struct {
	At    time.Time
	Level loglevel.Level
	Tag   uint32 // the subsystem's number, in the order they came up
	Line  uint32 // in the source
	Func  string
	Text  string
}

// libqb's blackbox file: a header that no old one can have, the header of a
// ring buffer, and its words, in the machine's byte order (lib/log_blackbox.c,
// lib/ringbuffer.c).
const (
	blackboxReadPt  = 0xCCBBCCBB
	blackboxWritePt = 0xBBCCBBCC
	blackboxVersion = 2
	ringVersion     = 1
	chunkMagic      = 0xA1A1A1A1
	pageWords       = 1024
	fileHeaderLen   = 20
)

var native = binary.NativeEndian

// chunkSize is the room that an entry of n bytes takes, in bytes.
func chunkSize(n int) int { return 8 + (n+3)&^3 }

// appendTo encodes the entry. The text travels as the argument of a "%s", so
// that its own percent signs are not taken for conversions.
func (e Entry) appendTo(b []byte) []byte {
	b = native.AppendUint32(b, e.Line)
	b = native.AppendUint32(b, e.Tag)
	b = append(b, byte(e.Level))
	b = native.AppendUint32(b, uint32(len(e.Func)+1))
	b = append(append(b, e.Func...), 0)
	b = native.AppendUint64(b, uint64(e.At.Unix()))
	b = native.AppendUint64(b, uint64(e.At.Nanosecond()))
	b = native.AppendUint32(b, uint32(len("%s\x00")+len(e.Text)+1))
	b = append(b, "%s\x00"...)
	return append(append(b, e.Text...), 0)
}

// appendBlackbox encodes a whole file, of encoded entries.
func appendBlackbox(b []byte, entries [][]byte) []byte {
	used := 0
	for _, e := range entries {
		used += chunkSize(len(e)) / 4
	}
	// The words are a whole number of pages, and more than are used: equal
	// pointers would mean an empty ring.
	words := (used/pageWords + 1) * pageWords
	for _, v := range [...]uint32{
		0, blackboxReadPt, blackboxWritePt, blackboxVersion, 0,
		uint32(words), uint32(used), 0, ringVersion, uint32(words + used + ringVersion),
	} {
		b = native.AppendUint32(b, v)
	}
	for _, e := range entries {
		b = native.AppendUint32(b, uint32(len(e)))
		b = native.AppendUint32(b, chunkMagic)
		b = append(b, e...)
		b = append(b, make([]byte, chunkSize(len(e))-8-len(e))...)
	}
	return append(b, make([]byte, 4*(words-used))...)
}

// Dump writes the flight recorder to dir/fdata-<local time>-<pid> and points
// the symlink dir/fdata at it, as corosync_blackbox_write_to_file does. What
// goes wrong is said in the log of MAIN too.
func (s *System) Dump(dir string) error {
	log := s.Logger("MAIN")
	s.mu.Lock()
	on := s.config.Blackbox
	s.mu.Unlock()
	var file []byte
	err := s.wait(func(w *writer) error {
		if !on {
			return syscall.ENOENT
		}
		file = appendBlackbox(nil, w.recorder.entries[w.recorder.first:])
		return nil
	})
	name := filepath.Join(dir, fmt.Sprintf("fdata-%s-%d", s.opts.Now().Format("2006-01-02T15:04:05"), s.opts.PID))
	if err == nil {
		err = os.WriteFile(name, file, 0o700)
	}
	if err != nil {
		log.Logf(loglevel.Error, "Can't store blackbox file: %s", errnoText(err))
		return err
	}
	link := filepath.Join(dir, "fdata")
	os.Remove(link)
	if err := os.Symlink(name, link); err != nil {
		log.Logf(loglevel.Error, "Can't create symlink to '%s' for corosync blackbox file '%s'", name, link)
		return err
	}
	return nil
}
