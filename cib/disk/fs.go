package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// FS is a folder: what a store does to it, call by call. Names have no slashes. Errors that
// something is not there are fs.ErrNotExist.
type FS interface {
	// ReadFile reads a whole file.
	ReadFile(name string) ([]byte, error)
	// List are the regular files.
	List() ([]Entry, error)
	// CreateTemp makes a file that did not exist, with mode 0600, whose name begins with a prefix.
	CreateTemp(prefix string) (File, error)
	Link(old, next string) error
	Rename(old, next string) error
	Remove(name string) error
	// Sync makes lasting what has been done to names.
	Sync() error
}

// File is a file being written.
type File interface {
	Name() string
	Write(data []byte) (int, error)
	Chmod(mode fs.FileMode) error
	Chown(uid, gid int) error
	// Sync makes lasting what has been written.
	Sync() error
	Close() error
}

// Entry is a file of a folder.
type Entry struct {
	Name    string
	Changed time.Time // its content or its names
}

// Folder is a folder of the operating system.
func Folder(path string) FS { return folder(path) }

type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

func (f folder) ReadFile(name string) ([]byte, error) { return os.ReadFile(f.path(name)) }
func (f folder) Link(old, next string) error          { return os.Link(f.path(old), f.path(next)) }
func (f folder) Rename(old, next string) error        { return os.Rename(f.path(old), f.path(next)) }
func (f folder) Remove(name string) error             { return os.Remove(f.path(name)) }

func (f folder) List() ([]Entry, error) {
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return nil, err
	}
	var list []Entry
	for _, e := range entries {
		info, err := os.Stat(f.path(e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone since, or a link to nowhere
		}
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() {
			list = append(list, Entry{e.Name(), changed(info)})
		}
	}
	return list, nil
}

func (f folder) CreateTemp(prefix string) (File, error) {
	file, err := os.CreateTemp(string(f), prefix+"*")
	if err != nil {
		return nil, err
	}
	return tempFile{file}, nil
}

func (f folder) Sync() error {
	d, err := os.Open(string(f))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// tempFile has a name without its folder.
type tempFile struct{ *os.File }

func (t tempFile) Name() string { return filepath.Base(t.File.Name()) }
