package based

import (
	"errors"
	"path/filepath"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/disk"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
)

// read reads the CIB of the disk; nil is none (readCibXmlFile). usable is false if the files are
// somebody else's.
func read(d *daemon.Daemon, dir string, store *disk.Store) (cib *etree.Element, usable bool) {
	if !d.CanWriteFile(dir, disk.Live) || !d.CanWriteFile(dir, disk.Live+".sig") {
		return nil, false
	}
	file := filepath.Join(dir, disk.Live)
	d.Log.LogfAt(loglevel.Info, "retrieveCib", "Reading cluster configuration file %s (digest: %s.sig)", file, file)
	found, err := store.Read()
	if err != nil {
		d.Log.LogfAt(loglevel.Error, "retrieveCib", "%v", err)
	}
	for _, err := range found.Unusable {
		d.Log.LogfAt(loglevel.Warning, "cib_file_read_and_verify", "%v", err)
		if errors.Is(err, disk.ErrCorrupt) || errors.Is(err, disk.ErrModified) {
			d.Log.LogfAt(loglevel.Warning, "retrieveCib", "Continuing but it will NOT be used.")
		}
	}
	for _, aside := range found.SetAside {
		d.Log.LogfAt(loglevel.Error, "cib_rename", "Archiving unusable file %s as %s", file, filepath.Join(dir, aside))
	}
	if found.From != disk.Live {
		d.Log.LogfAt(loglevel.Warning, "readCibXmlFile", "Primary configuration corrupt or unusable, trying backups in %s", dir)
		if found.From != "" {
			d.Log.LogfAt(loglevel.Notice, "readCibXmlFile", "Continuing with last valid configuration archive: %s", filepath.Join(dir, found.From))
		}
	}
	return found.CIB, true
}
