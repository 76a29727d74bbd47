package schedulerd

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/dsnet/compress/bzip2"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/service"
)

// store is the folder with the series of inputs.
type store struct {
	dir string
	log loglevel.Logger
}

// last is the number of a series' next input; 0 if nothing says so.
func (s *store) last(series service.Series) uint32 {
	const function = "pcmk__read_series_sequence"
	name := filepath.Join(s.dir, series.LastFile())
	b, err := os.ReadFile(name)
	if err != nil {
		loglevel.LogfAt(s.log, loglevel.Debug, function, "Could not open series file %s: %v", name, err)
		return 0
	}
	n, err := service.ParseLast(string(b))
	if err != nil {
		loglevel.LogfAt(s.log, loglevel.Debug, function, "Could not read sequence number from series file %s: %v", name, err)
		return 0
	}
	return n
}

// keep writes an input and the number of the next. What goes wrong is said in the log:
// the cluster does not depend on it.
func (s *store) keep(in *service.Input) {
	if err := writeWhole(in.Path, in.Document); err != nil {
		loglevel.LogfAt(s.log, loglevel.Error, "write_xml_file", "Could not save %s: %v", in.Path, err)
		return
	}
	last := filepath.Join(s.dir, in.Series.LastFile())
	if err := os.WriteFile(last, []byte(strconv.FormatUint(uint64(in.Next), 10)), 0o666); err != nil {
		loglevel.LogfAt(s.log, loglevel.Error, "pcmk__write_series_sequence", "Cannot write to series file %s: %v", last, err)
	}
}

// level is the size of bzip2's blocks in 100,000 bytes.
const level = 5

// writeWhole writes a document, compressed, under a name that then has all of it or what
// it had before.
func writeWhole(name string, document []byte) error {
	// Always the same, so that one left by a crash does no harm.
	f, err := os.OpenFile(filepath.Join(filepath.Dir(name), ".new"), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	if err = compress(f, document); err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func compress(f *os.File, document []byte) error {
	w, err := bzip2.NewWriter(f, &bzip2.WriterConfig{Level: level})
	if err != nil {
		return err
	}
	_, err = w.Write(document)
	return errors.Join(err, w.Close())
}
