package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// inode is a file, under however many names.
type inode struct {
	data   []byte
	synced []byte // what lasts
	time   time.Time
}

// memory is a folder in memory that can lose its power.
type memory struct {
	names   map[string]*inode
	lasting []map[string]*inode // what names may be after a loss of power: what lasts, and each state since

	clock     int
	temps     int
	calls     int // that change something
	failAt    int // the call that fails, with all after it if power is set; 0 for none
	power     bool
	removable bool // the failed call leaves removing possible
}

var errFull = errors.New("no space left on device")

func newMemory() *memory {
	return &memory{names: map[string]*inode{}, lasting: []map[string]*inode{{}}, removable: true}
}

// call counts a call and tells whether it fails.
func (m *memory) call() error {
	m.calls++
	if m.failAt > 0 && (m.calls == m.failAt || m.power && m.calls > m.failAt) {
		return errFull
	}
	return nil
}

func (m *memory) tick() time.Time {
	m.clock++
	return time.Unix(int64(m.clock/10), 0) // many changes in one second
}

// changed notes a state of names.
func (m *memory) changed() { m.lasting = append(m.lasting, maps.Clone(m.names)) }

func (m *memory) edit(name, from, to string) {
	m.names[name] = &inode{data: []byte(strings.Replace(string(m.names[name].data), from, to, 1)), time: m.names[name].time}
}

func (m *memory) ReadFile(name string) ([]byte, error) {
	if n, ok := m.names[name]; ok {
		return n.data, nil
	}
	return nil, fs.ErrNotExist
}

func (m *memory) List() ([]Entry, error) {
	var list []Entry
	for name, n := range m.names {
		list = append(list, Entry{name, n.time})
	}
	return list, nil
}

func (m *memory) CreateTemp(prefix string) (File, error) {
	if err := m.call(); err != nil {
		return nil, err
	}
	m.temps++
	name := fmt.Sprintf("%s%06d", prefix, m.temps)
	m.names[name] = &inode{time: m.tick()}
	m.changed()
	return &memoryFile{m, name, m.names[name]}, nil
}

func (m *memory) Link(old, next string) error {
	if err := m.call(); err != nil {
		return err
	}
	n, ok := m.names[old]
	if !ok {
		return fs.ErrNotExist
	}
	if _, ok := m.names[next]; ok {
		return fs.ErrExist
	}
	n.time = m.tick()
	m.names[next] = n
	m.changed()
	return nil
}

func (m *memory) Rename(old, next string) error {
	if err := m.call(); err != nil {
		return err
	}
	n, ok := m.names[old]
	if !ok {
		return fs.ErrNotExist
	}
	delete(m.names, old)
	m.names[next] = n
	m.changed()
	return nil
}

func (m *memory) Remove(name string) error {
	if err := m.call(); err != nil {
		return err
	}
	if _, ok := m.names[name]; !ok {
		return fs.ErrNotExist
	}
	delete(m.names, name)
	m.changed()
	return nil
}

func (m *memory) Sync() error {
	if err := m.call(); err != nil {
		return err
	}
	m.lasting = []map[string]*inode{maps.Clone(m.names)}
	return nil
}

type memoryFile struct {
	m    *memory
	name string
	*inode
}

func (f *memoryFile) Name() string { return f.name }

func (f *memoryFile) Write(data []byte) (int, error) {
	if err := f.m.call(); err != nil {
		f.data = append(f.data, data[:len(data)/2]...) // as much as there was room for
		return len(data) / 2, err
	}
	f.data = append(f.data, data...)
	return len(data), nil
}

func (f *memoryFile) Chmod(fs.FileMode) error { return f.m.call() }
func (f *memoryFile) Chown(int, int) error    { return f.m.call() }
func (f *memoryFile) Close() error            { return f.m.call() }

func (f *memoryFile) Sync() error {
	if err := f.m.call(); err != nil {
		return err
	}
	f.synced = append([]byte(nil), f.data...)
	return nil
}

// outcomes are the folders that may be found after a loss of power: names as at any moment
// since they were made lasting, contents as written, cut in the middle, or as they last.
func (m *memory) outcomes() (all []*memory) {
	for _, names := range m.lasting {
		for _, content := range []func(n *inode) []byte{
			func(n *inode) []byte { return n.data },
			func(n *inode) []byte { return n.synced },
			func(n *inode) []byte {
				if len(n.synced) == len(n.data) {
					return n.data
				}
				return n.data[:len(n.data)/2]
			},
		} {
			after := newMemory()
			copies := map[*inode]*inode{}
			for name, n := range names {
				c := copies[n]
				if c == nil {
					data := append([]byte(nil), content(n)...)
					c = &inode{data: data, synced: data, time: n.time}
					copies[n] = c
				}
				after.names[name] = c
			}
			after.lasting = []map[string]*inode{maps.Clone(after.names)}
			after.clock, after.temps = m.clock, m.temps+1000
			all = append(all, after)
		}
	}
	return all
}

// TestPowerLoss cuts a write at each of its calls. Whatever of the rest has reached the disk, the
// CIB of before or that of after is found, and the next write and the next loss find
// things in order.
func TestPowerLoss(t *testing.T) {
	const before = 3
	outcomes := 0
	for at := 1; ; at++ {
		m := newMemory()
		s := Store{FS: m, Name: Live, Owner: &Owner{1, 1}}
		for epoch := range before + 1 {
			if err := s.Write(cib(t, epoch), now); err != nil {
				t.Fatal(err)
			}
		}
		m.calls, m.failAt, m.power = 0, at, true
		err := s.Write(cib(t, before+1), now)
		for _, after := range m.outcomes() {
			outcomes++
			found := Store{FS: after, Name: Live}
			r, readErr := found.Read()
			if readErr != nil || r.CIB == nil {
				t.Fatalf("cut at call %d: nothing is found: %v %v", at, r.Unusable, readErr)
			}
			got := text.Line(r.CIB)
			if got != stored(before+1) && (err == nil || got != stored(before)) {
				t.Fatalf("cut at call %d (%v): found %s in %s, %v", at, err, got, r.From, r.Unusable)
			}
			if err := found.Write(cib(t, 20), now); err != nil {
				t.Fatalf("cut at call %d: then %v", at, err)
			}
			if r, err := found.Read(); err != nil || text.Line(r.CIB) != stored(20) {
				t.Fatalf("cut at call %d: then %+v %v", at, r, err)
			}
		}
		if err == nil {
			t.Logf("%d calls, %d outcomes", at-1, outcomes)
			return
		}
	}
}

// TestPowerLossWhileReading: setting files aside may be cut as well.
func TestPowerLossWhileReading(t *testing.T) {
	for at := 1; ; at++ {
		m := newMemory()
		s := Store{FS: m, Name: Live}
		for epoch := range 3 {
			if err := s.Write(cib(t, epoch), now); err != nil {
				t.Fatal(err)
			}
		}
		m.edit(Live, "epoch=\"2\"", "epoch=\"9\"")
		m.names[Live].synced = m.names[Live].data
		m.lasting = []map[string]*inode{maps.Clone(m.names)}
		m.calls, m.failAt, m.power = 0, at, true
		_, err := s.Read()
		for _, after := range m.outcomes() {
			r, readErr := (&Store{FS: after, Name: Live}).Read()
			if readErr != nil || text.Line(r.CIB) != stored(1) {
				t.Fatalf("cut at call %d: %+v %v", at, r, readErr)
			}
		}
		if err == nil {
			return
		}
	}
}
