package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// Read is what reading has found.
type Read struct {
	// CIB is that of the file, or of the newest backup that is whole, or nil.
	CIB *etree.Element
	// From is the name of the file it is from, "" if there is none.
	From string
	// Unusable is why files before it were not used, in order.
	Unusable []error
	// SetAside are the names that files got which were no CIB, or did not fit their digest.
	SetAside []string
}

// Read reads the stored CIB. A file that is no XML or does not fit its digest is set aside under a name of its
// own, and so is the digest; then, or if there is none, backups are
// tried from the newest on (readCibXmlFile). The error is of the folder itself.
func (s *Store) Read() (Read, error) {
	var r Read
	var err error
	r.CIB, err = s.verify(s.Name)
	if err == nil {
		r.From = s.Name
		return r, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		r.Unusable = append(r.Unusable, err)
	}
	if errors.Is(err, ErrModified) || errors.Is(err, ErrCorrupt) {
		for _, name := range []string{s.Name, s.Name + signature} {
			aside, err := s.setAside(name)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return r, err
			}
			if err == nil {
				r.SetAside = append(r.SetAside, aside)
			}
		}
	}
	names, err := s.backups()
	if err != nil {
		return r, err
	}
	for _, name := range names {
		if r.CIB, err = s.verify(name); err == nil {
			r.From = name
			return r, nil
		}
		r.Unusable = append(r.Unusable, err)
	}
	r.CIB = nil
	return r, nil
}

// setAside renames a file to one that did not exist.
func (s *Store) setAside(name string) (string, error) {
	f, err := s.FS.CreateTemp(tempPrefix + "auto.")
	if err != nil {
		return "", err
	}
	if err := errors.Join(f.Close(), s.FS.Rename(name, f.Name())); err != nil {
		return "", s.giveUp(err, f.Name())
	}
	return f.Name(), nil
}

// backups are the names of all backups, the newest first.
func (s *Store) backups() ([]string, error) {
	entries, err := s.FS.List()
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e Entry) bool {
		return !strings.HasPrefix(e.Name, series+"-") || strings.HasSuffix(e.Name, signature)
	})
	next := s.next()
	slices.SortFunc(entries, func(a, b Entry) int {
		if c := b.Changed.Compare(a.Changed); c != 0 {
			return c
		}
		return age(a.Name, next) - age(b.Name, next)
	})
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	return names, nil
}

// age is how many backups have been made since one, by its number.
func age(name string, next int) int {
	for n := range Backups {
		if backup(((next-1-n)%Backups+Backups)%Backups) == name {
			return n
		}
	}
	return Backups
}

// verify reads a file and compares it with its digest.
func (s *Store) verify(name string) (*etree.Element, error) {
	return s.verifyWith(name, name+signature)
}

// verifyWith is verify with a digest of any name. One that is not there fits
// (cib_file_read_and_verify). The error is ErrCorrupt, ErrModified or the folder's.
func (s *Store) verifyWith(name, sum string) (*etree.Element, error) {
	data, err := s.FS.ReadFile(name)
	if err != nil {
		return nil, err
	}
	root, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrCorrupt, err)
	}
	want, err := s.FS.ReadFile(sum)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return root, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", name, ErrModified, err)
	}
	if got := digest.OnDisk(root); !document.EqualFold(got, string(want)) {
		return nil, &Mismatch{File: name, Digest: got, Stored: string(want)}
	}
	return root, nil
}

func parse(data []byte) (*etree.Element, error) {
	doc, err := xmltree.Parse(data, xmltree.DropText)
	if err != nil {
		return nil, err
	}
	return doc.Root(), nil
}
