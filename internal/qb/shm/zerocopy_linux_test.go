package shm

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestZeroCopy(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "corosync_zerocopy-abcdef")
	if err := os.WriteFile(path, bytes.Repeat([]byte{7}, 10000), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	z, err := OpenZeroCopy(path, 9000, 1<<20, uint32(os.Getuid()), []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the name is still there")
	}
	if err := z.Write([]byte("address"), 8); err != nil {
		t.Error(err)
	}
	b := make([]byte, 7)
	if _, err := client.ReadAt(b, 8); err != nil || string(b) != "address" {
		t.Errorf("the client reads %q, %v", b, err)
	}
	if err := z.Read(b, 4); err != nil || string(b) != "\x07\x07\x07\x07add" {
		t.Errorf("got %q, %v", b, err)
	}
	for _, off := range []int{-1, 8994, 9001, 1 << 40} {
		if err := z.Read(b, off); !errors.Is(err, ErrZeroCopy) {
			t.Errorf("read at %d: %v", off, err)
		}
		if err := z.Write(b, off); !errors.Is(err, ErrZeroCopy) {
			t.Errorf("write at %d: %v", off, err)
		}
	}
	if err := client.Truncate(0); err != nil {
		t.Fatal(err)
	}
	if err := z.Read(b, 0); !errors.Is(err, ErrFault) {
		t.Errorf("after truncation: %v", err)
	}
}

func TestZeroCopyRefuses(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(in("corosync_zerocopy-file"), make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("passwd"), make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(in("passwd"), in("corosync_zerocopy-link")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(in("corosync_zerocopy-fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(in("corosync_zerocopy-dir"), 0o700); err != nil {
		t.Fatal(err)
	}
	me := uint32(os.Getuid())
	for _, tt := range []struct {
		path string
		size int
		uid  uint32
	}{
		{in("passwd"), 100, me},
		{in("corosync_zerocopy-link"), 100, me},
		{in("corosync_zerocopy-fifo"), 100, me},
		{in("corosync_zerocopy-dir"), 100, me},
		{in("corosync_zerocopy-none"), 100, me},
		{in("corosync_zerocopy-dir/corosync_zerocopy-file"), 100, me},
		{dir + "/sub/../corosync_zerocopy-file", 100, me},
		{"corosync_zerocopy-file", 100, me},
		{"", 100, me},
		{in("corosync_zerocopy-file"), 0, me},
		{in("corosync_zerocopy-file"), -1, me},
		{in("corosync_zerocopy-file"), 101, me},
		{in("corosync_zerocopy-file"), 1001, me},
		{in("corosync_zerocopy-file"), 100, me + 1},
	} {
		if z, err := OpenZeroCopy(tt.path, tt.size, 1000, tt.uid, []string{dir}); err == nil {
			z.Close()
			t.Errorf("%+v: mapped", tt)
		}
	}
	if _, err := OpenZeroCopy(dir+"/./corosync_zerocopy-file", 100, 1000, me, []string{dir}); err == nil {
		t.Error("an unclean path was mapped")
	}
	if _, err := os.Stat(in("corosync_zerocopy-file")); err != nil {
		t.Error("a refusal removed the file")
	}
}
