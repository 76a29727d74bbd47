package disk

import (
	"io/fs"
	"syscall"
	"time"
)

// changed is when a file's content or names changed last.
func changed(info fs.FileInfo) time.Time {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(s.Ctim.Sec, s.Ctim.Nsec)
	}
	return info.ModTime()
}
