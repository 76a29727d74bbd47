package logsys

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// recorderSize is how many bytes of lines the flight recorder keeps: 8192*1024
// as the reference's IPC_LOGSYS_SIZE.
const recorderSize = 8192 * 1024

// segmentSize is how much of them is forgotten at a time, in bytes.
const segmentSize = 256 * 1024

// recorder keeps the last lines as they go into a file, in few pieces of memory
// without pointers, which is little work for the collector.
type recorder struct {
	segments [][]byte // oldest first; whole entries each
}

func (b *recorder) add(r *record) {
	last := len(b.segments) - 1
	if last < 0 || cap(b.segments[last])-len(b.segments[last]) < maxEntry {
		if last+1 == recorderSize/segmentSize {
			copy(b.segments, b.segments[1:])
			b.segments = b.segments[:last]
		}
		b.segments = append(b.segments, make([]byte, 0, segmentSize))
		last = len(b.segments) - 1
	}
	b.segments[last] = appendChunk(b.segments[last], Entry{
		At: r.at, Level: r.level, Tag: r.subsys.tag,
		Line: uint32(r.line), Func: r.fn, Text: r.text,
	})
}

// snapshot is a copy of all that is kept.
func (b *recorder) snapshot() []byte {
	return slices.Concat(b.segments...)
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

// maxEntry is the most room that an entry takes, in bytes: a name and a text of
// full length.
const maxEntry = 2*(maxLine+1) + 64

// appendChunk adds an entry as the ring buffer has it: its length, a magic
// number, itself, padding to a word.
func appendChunk(b []byte, e Entry) []byte {
	start := len(b)
	b = native.AppendUint32(b, 0)
	b = native.AppendUint32(b, chunkMagic)
	b = e.appendTo(b)
	native.PutUint32(b[start:], uint32(len(b)-start-8))
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

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

// blackboxFile makes a whole file of chunks.
func blackboxFile(chunks []byte) []byte {
	used := len(chunks) / 4
	// The words are a whole number of pages, and more than are used: equal
	// pointers would mean an empty ring.
	words := (used/pageWords + 1) * pageWords
	b := make([]byte, 0, 2*fileHeaderLen+4*words)
	for _, v := range [...]uint32{
		0, blackboxReadPt, blackboxWritePt, blackboxVersion, 0,
		uint32(words), uint32(used), 0, ringVersion, uint32(words + used + ringVersion),
	} {
		b = native.AppendUint32(b, v)
	}
	b = append(b, chunks...)
	return b[:cap(b)]
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
		file = w.recorder.snapshot()
		return nil
	})
	name := filepath.Join(dir, fmt.Sprintf("fdata-%s-%d", s.opts.Now().Format("2006-01-02T15:04:05"), s.opts.PID))
	if err == nil {
		err = os.WriteFile(name, blackboxFile(file), 0o700)
	}
	if err != nil {
		log.Logf(loglevel.Error, "Can't store blackbox file: %s", errnoText(err))
		return err
	}
	link := filepath.Join(dir, "fdata")
	// Under another name first: whoever opens the link finds the old file or
	// the new one.
	fresh := fmt.Sprintf("%s-%d", link, s.opts.PID)
	os.Remove(fresh)
	err = os.Symlink(name, fresh)
	if err == nil {
		err = os.Rename(fresh, link)
	}
	if err != nil {
		log.Logf(loglevel.Error, "Can't create symlink to '%s' for corosync blackbox file '%s'", name, link)
		return err
	}
	return nil
}
