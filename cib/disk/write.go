package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// Why a CIB is not written or read.
var (
	ErrModified = errors.New("disk: the file is not what was written") // pcmk_rc_cib_modified
	ErrBackup   = errors.New("disk: the file cannot be backed up")     // pcmk_rc_cib_backup
	ErrSave     = errors.New("disk: the file cannot be written")       // pcmk_rc_cib_save
	ErrCorrupt  = errors.New("disk: the file is empty or no XML")      // pcmk_rc_cib_corrupt
)

// Mismatch is an ErrModified: a file has another digest than the one that is stored beside it.
type Mismatch struct{ File, Digest, Stored string }

func (m *Mismatch) Error() string {
	return fmt.Sprintf("%s: %v: its digest is %s, not %.40q", m.File, ErrModified, m.Digest, m.Stored)
}

func (m *Mismatch) Unwrap() error { return ErrModified }

const (
	// Backups is how many there are, before the first is replaced.
	Backups = 100
	// Live is the file of the cluster's CIB.
	Live = "cib.xml"

	series     = "cib"
	counter    = series + ".last"
	signature  = ".sig"
	tempPrefix = series + "."
)

// Owner is whom files belong to.
type Owner struct{ UID, GID int }

// Store is a folder with a CIB. One program at a time may write to it.
type Store struct {
	FS   FS
	Name string // of the file, Live for the cluster's
	// Owner, if not nil, is given all files that are written.
	Owner *Owner
}

// Write makes a CIB the stored one: without its status, num_updates 0, and with
// the time now, as cib-last-written has it. The CIB given is not changed. The error is one of
// ErrModified, ErrBackup and ErrSave, with which the files are as they were, but that there may
// be one backup more (cib_file_write_with_digest).
func (s *Store) Write(cib *etree.Element, now string) error {
	if _, err := s.verify(s.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrModified, err)
	}
	if err := s.backUp(); err != nil {
		return fmt.Errorf("%w: %w", ErrBackup, err)
	}
	if err := s.save(prepared(cib, now)); err != nil {
		return fmt.Errorf("%w: %w", ErrSave, err)
	}
	return nil
}

// prepared is what of a CIB is stored. What is in the CIB is not copied, so what is in the
// outcome knows nothing of it.
func prepared(cib *etree.Element, now string) *etree.Element {
	c := etree.NewElement(cib.Tag)
	c.Space = cib.Space
	c.Attr = slices.Clone(cib.Attr)
	c.CreateAttr("num_updates", "0")
	c.CreateAttr("cib-last-written", now)
	status := etree.Token(cib.SelectElement("status"))
	for _, token := range cib.Child {
		if token != status {
			c.Child = append(c.Child, token)
		}
	}
	return c
}

// backup is the name of a backup.
func backup(number int) string { return series + "-" + strconv.Itoa(number) + ".raw" }

// next is the number of the next backup; without a counter that can be read it is 0.
func (s *Store) next() int {
	data, err := s.FS.ReadFile(counter)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || n < 0 || n >= Backups {
		return 0
	}
	return n
}

// backUp gives the stored files names of their own.
func (s *Store) backUp() error {
	number := s.next()
	for _, suffix := range []string{"", signature} {
		if err := s.FS.Remove(backup(number) + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, suffix := range []string{"", signature} {
		if err := s.FS.Link(s.Name+suffix, backup(number)+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	const mode = 0o640
	temp, err := s.writeTemp([]byte(strconv.Itoa((number+1)%Backups)), mode)
	if err != nil {
		return err
	}
	if err := s.FS.Rename(temp, counter); err != nil {
		return s.giveUp(err, temp)
	}
	return s.FS.Sync()
}

// save writes a CIB and its digest and puts both in place.
func (s *Store) save(cib *etree.Element) error {
	const mode = 0o600
	data := text.AppendLines(nil, cib)
	again := cib // as it will be read
	if !readsBack(cib) {
		var err error
		if again, err = parse(data); err != nil {
			return err
		}
	}
	file, err := s.writeTemp(data, mode)
	if err != nil {
		return err
	}
	sum, err := s.writeTemp([]byte(digest.OnDisk(again)), mode)
	if err != nil {
		return s.giveUp(err, file)
	}
	if _, err := s.verifyWith(file, sum); err != nil {
		return s.giveUp(err, file, sum)
	}
	if err := s.FS.Rename(file, s.Name); err != nil {
		return s.giveUp(err, file, sum)
	}
	// From here until the next rename the file does not fit its digest: who reads now
	// takes the backup.
	if err := s.FS.Rename(sum, s.Name+signature); err != nil {
		return s.giveUp(err, sum)
	}
	return s.FS.Sync()
}

// readsBack tells whether an element, written and read, certainly is what it was: nearly every
// CIB has nothing in it that is escaped for good.
func readsBack(e *etree.Element) bool {
	if e.Space != "" {
		return false
	}
	for i := range e.Attr {
		a := &e.Attr[i]
		if a.Space != "" || !text.IsAttribute(a) || !printable(a.Value) {
			return false
		}
	}
	for _, token := range e.Child {
		if c, ok := token.(*etree.Element); !ok || !readsBack(c) {
			return false
		}
	}
	return true
}

func printable(value string) bool {
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return true
}

// giveUp removes temporary files after an error, which it returns.
func (s *Store) giveUp(err error, names ...string) error {
	for _, name := range names {
		err = errors.Join(err, s.FS.Remove(name))
	}
	return err
}

// writeTemp writes a new file, which lasts when it returns, and returns its name.
func (s *Store) writeTemp(data []byte, mode fs.FileMode) (string, error) {
	f, err := s.FS.CreateTemp(tempPrefix)
	if err != nil {
		return "", err
	}
	write := func() error {
		if err := f.Chmod(mode); err != nil {
			return err
		}
		if s.Owner != nil {
			if err := f.Chown(s.Owner.UID, s.Owner.GID); err != nil {
				return err
			}
		}
		if _, err := f.Write(data); err != nil {
			return err
		}
		return f.Sync()
	}
	err = write()
	if err = errors.Join(err, f.Close()); err != nil {
		return "", s.giveUp(err, f.Name())
	}
	return f.Name(), nil
}
