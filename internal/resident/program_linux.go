package resident

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// span is a range of addresses.
type span struct{ begin, end uintptr }

// program is where the program's code and constants are. That does not change.
var program = sync.OnceValue(func() []span {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return nil
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil
	}
	return unwritten(string(maps), exe)
})

// unwritten are the mappings of a file that nobody can write to, so that there is nothing in them that
// the file has not.
func unwritten(maps, file string) (spans []span) {
	for line := range strings.Lines(maps) {
		var s span
		var mode, offset, device, inode string
		n, _ := fmt.Sscanf(line, "%x-%x %s %s %s %s", &s.begin, &s.end, &mode, &offset, &device, &inode)
		// A name may have spaces, and an end that says that it has none any more.
		_, path, _ := strings.Cut(line, " "+inode+" ")
		if n == 6 && strings.TrimSpace(path) == file && mode[1] == '-' {
			spans = append(spans, s)
		}
	}
	return spans
}

// DropProgram unmaps the pages of the program, code and constants. Where that is not possible, as
// while they are locked, nothing happens.
func DropProgram() {
	for _, s := range program() {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, s.begin, s.end-s.begin, unix.MADV_DONTNEED)
	}
}
