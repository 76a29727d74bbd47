package crmsimulate

import (
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
)

// profileFolder times the scheduling of each CIB in a folder, last name first
// (pcmk__profile_dir).
func (s *session) profileFolder(folder string, stderr io.Writer) error {
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) == 0 {
		return nil
	}
	debug.SetGCPercent(100) // here what was allocated is garbage after each schedule
	s.p.Begin("Timings")
	defer s.p.End()
	r := cibinput.Reader{Log: s.log, Stderr: stderr}
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".xml") || !e.Type().IsRegular() {
			continue
		}
		file := filepath.Join(folder, e.Name())
		started := time.Now()
		d := r.File(file)
		if d == nil || !r.Update(d) || !r.Validate(d) {
			continue
		}
		for range s.repeat {
			sched.Schedule(s.unpackQuietly(d.Root))
		}
		s.p.Item("Testing %s ... %.2f secs", file, time.Since(started).Seconds())
	}
	return nil
}
