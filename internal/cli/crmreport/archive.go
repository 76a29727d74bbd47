package crmreport

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/dsnet/compress/bzip2"
)

// shrink packs a folder into an archive next to it. The reference takes bzip2, gzip or xz, whichever is installed, in this
// order; ours always has the first.
func (n *node) shrink(dir string) (archive string, err error) {
	archive = dir + ".tar.bz2"
	if exists(archive) {
		return "", n.fatal("Destination %s already exists, specify an alternate name with --dest", archive)
	}
	if packTree(archive, dir) != nil {
		return "", n.fatal("Could not archive %s, please investigate and collect manually", filepath.Base(dir))
	}
	return archive, nil
}

func packTree(archive, dir string) (err error) {
	if !isDir(dir) {
		return os.ErrNotExist
	}
	f, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := bzip2.NewWriter(f, &bzip2.WriterConfig{Level: 9})
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	return errors.Join(addTree(t, filepath.Dir(dir), filepath.Base(dir)), t.Close(), z.Close())
}

// addTree puts a file or folder into an archive, under its name below base.
func addTree(t *tar.Writer, base, name string) error {
	return filepath.WalkDir(filepath.Join(base, name), func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := os.Lstat(path)
		if err != nil {
			return err
		}
		link := ""
		if st.Mode()&os.ModeSymlink != 0 {
			if link, err = os.Readlink(path); err != nil {
				return err
			}
		}
		h, err := tar.FileInfoHeader(st, link)
		if err != nil {
			return err
		}
		if h.Name, err = filepath.Rel(base, path); err != nil {
			return err
		}
		if st.IsDir() {
			h.Name += "/"
		}
		if err := t.WriteHeader(h); err != nil || !st.Mode().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(t, f)
		return err
	})
}

// copyAll copies a file, or a folder and what is in it, with rights, owners and times.
func copyAll(from, to string) error {
	st, err := os.Lstat(from)
	if err != nil {
		return err
	}
	switch mode := st.Mode(); {
	case mode&os.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case mode.IsDir():
		if err := os.Mkdir(to, 0o700); err != nil {
			return err
		}
		entries, err := os.ReadDir(from)
		for _, e := range entries {
			err = errors.Join(err, copyAll(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())))
		}
		return errors.Join(err, alike(to, st))
	case mode.IsRegular():
		if err := copyFile(from, to); err != nil {
			return err
		}
		return alike(to, st)
	default:
		return fmt.Errorf("%s: neither a file nor a folder", from)
	}
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}

// alike gives a copy what its original has; who is not root keeps what is copied.
func alike(path string, st os.FileInfo) error {
	if sys, ok := st.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		if err := os.Lchown(path, int(sys.Uid), int(sys.Gid)); err != nil {
			return err
		}
	}
	return errors.Join(os.Chmod(path, st.Mode().Perm()), os.Chtimes(path, time.Time{}, st.ModTime()))
}
