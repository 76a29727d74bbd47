package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/beevik/etree"
	"github.com/dsnet/compress/bzip2"

	"github.com/ringmaster-ha/ringmaster/cib/acl"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/disk"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// file is a CIB in a file.
type file struct {
	Options
	name    string
	cluster bool // it is the cluster's own

	mu     sync.Mutex
	cib    *etree.Element // nil when closed
	dirty  bool
	calls  int
	events []Event
}

// openFile reads a file (cib_file_signon).
func openFile(program, name string, o Options) (Conn, error) {
	const where = "cib_file_signon"
	cib, rc := o.Load(name)
	if rc != crmexit.RCOK {
		loglevel.LogfAt(o.Log, loglevel.Info, where, "Connection to local file '%s' for %s failed: %s", name, program, rc)
		return nil, &Refused{RC: rc}
	}
	loglevel.LogfAt(o.Log, loglevel.Debug, where, "Opened connection to local file '%s' for %s", name, program)
	return &file{Options: o, name: name, cluster: isCluster(name), cib: cib}, nil
}

// load reads a file for those who do not want to know what is wrong with it (load_file_cib).
func load(name string) (*etree.Element, crmexit.RC) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, crmexit.RC(syscall.ENXIO)
	}
	doc, err := xmltree.Parse(data, xmltree.DropText)
	if err != nil {
		return nil, crmexit.RCSchemaValidation
	}
	cib := doc.Root()
	if cib.SelectElement("status") == nil {
		cib.CreateElement("status")
	}
	if !ops.Validate(cib) {
		return nil, crmexit.RCSchemaValidation
	}
	return cib, crmexit.RCOK
}

// isCluster tells whether a file is the cluster's CIB (cib_file_is_live).
func isCluster(name string) bool {
	given, err := realPath(name)
	if err != nil {
		return false
	}
	own, err := realPath(filepath.Join(root.Path(folder), disk.Live))
	return err == nil && given == own
}

func realPath(name string) (string, error) {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(name)
}

func (f *file) Live() bool            { return false }
func (f *file) Done() <-chan struct{} { return nil }

func (f *file) Do(ctx context.Context, r call.Request) (*etree.Element, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.perform(r)
}

// perform is cib_file_perform_op_delegate.
func (f *file) perform(r call.Request) (*etree.Element, error) {
	const where = "cib_file_perform_op_delegate"
	about, user := "entire CIB", "default user"
	if r.Section != "" {
		about = r.Section
	}
	name := f.user(&r)
	if name != "" {
		user = name
	}
	loglevel.LogfAt(f.Log, loglevel.Info, where, "Handling %s operation for %s as %s", r.Op, about, user)
	if f.cib == nil {
		return nil, ErrClosed
	}
	f.calls++
	now := time.Now()
	res, err := ops.Perform(f.cib, ops.Request{
		Op: r.Op, Section: r.Section, Data: r.Data,
		Options: ops.Options{
			XPath: r.Options&call.XPath != 0, PathsOnly: r.Options&call.XPathAddress != 0, NoChildren: r.Options&call.NoChildren != 0,
			Multiple: r.Options&call.Multiple != 0, CanCreate: r.Options&call.CanCreate != 0, MixedUpdate: r.Options&call.MixedUpdate != 0, NoTime: true,
			WithDigest: f.Log.Enabled(loglevel.Info),
		},
		User: acl.User{Name: name, InGroup: func(group string) bool { return account.InGroup(name, group) }},
		Now:  iso8601.FromTime(now),
	})
	f.logPatchset(loglevel.Info, "cib_perform_op", res.Patchset)
	if err != nil {
		var back *ops.StepBack
		if errors.As(err, &back) {
			loglevel.LogfAt(f.Log, loglevel.Error, "cib_perform_op", "%s went backwards: %d -> %d (Opts: %#x)",
				back.Field, back.From, back.To, uint32(r.Options|call.NoTime|call.NoBroadcast|call.ScopeLocal))
		}
		if errors.Is(err, ops.ErrNoData) && r.Op != ops.Replace {
			loglevel.LogfAt(f.Log, loglevel.Error, strings.Replace(string(r.Op), "cib_", "cib_process_", 1), "Cannot perform modification with no data")
		}
		if errors.Is(err, ops.ErrSchema) {
			if r.Op != ops.Upgrade && res.CIB != nil {
				f.Refuse(res.CIB)
				claimed := res.CIB.SelectAttrValue("validate-with", "unspecified")
				loglevel.LogfAt(f.Log, loglevel.Warning, "cib_perform_op", "Updated CIB does not validate against %s schema", claimed)
			}
			f.Explain(res.CIB)
		}
		return res.Answer, refuse(err)
	}
	if r.Op != ops.Query {
		f.logPatchset(loglevel.Debug, "cib:diff", res.Patchset)
		f.cib = res.CIB
		f.dirty = true
	}
	return res.Answer, nil
}

// logPatchset logs what has changed.
func (f *file) logPatchset(level loglevel.Level, where string, patchset *etree.Element) {
	if patchset == nil || !f.Log.Enabled(level) {
		return
	}
	for _, line := range patch.Describe(patchset, where) {
		loglevel.LogfAt(f.Log, level, where, "%s", line)
	}
}

func (f *file) Send(ctx context.Context, r call.Request) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	answer, err := f.perform(r)
	if errors.Is(err, ErrClosed) {
		return 0, err
	}
	f.events = append(f.events, Event{Call: f.calls, Op: r.Op, Err: err, Answer: answer})
	return f.calls, nil
}

// errNone is what a file answers to who waits for an event.
var errNone = &Refused{RC: crmexit.RC(syscall.EPROTONOSUPPORT)}

func (f *file) Subscribe(context.Context, Notification, bool) error { return errNone }

func (f *file) Event(context.Context) (Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.events) == 0 {
		return Event{}, errNone
	}
	e := f.events[0]
	f.events = f.events[1:]
	return e, nil
}

func (f *file) Await(_ context.Context, call int) (Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, e := range f.events {
		if e.Call == call {
			f.events = append(f.events[:i:i], f.events[i+1:]...)
			return e, nil
		}
	}
	return Event{}, errNone
}

// Close writes the file, if something has changed (cib_file_signoff). The error is a *Refused.
func (f *file) Close() error {
	const where = "cib_file_signoff"
	f.mu.Lock()
	defer f.mu.Unlock()
	loglevel.LogfAt(f.Log, loglevel.Debug, where, "Disconnecting from the CIB manager")
	cib := f.cib
	f.cib = nil
	if !f.dirty || cib == nil {
		return nil
	}
	write := f.write
	if f.cluster {
		write = f.writeCluster
	}
	if err := write(cib); err != nil {
		loglevel.LogfAt(f.Log, loglevel.Error, where, "Could not write CIB to %s", f.name)
		return &Refused{crmexit.RCError, err}
	}
	loglevel.LogfAt(f.Log, loglevel.Info, where, "Wrote CIB to %s", f.name)
	return nil
}

// write overwrites the file, which may be a compressed one.
func (f *file) write(cib *etree.Element) error {
	return WriteFile(f.name, cib, strings.HasSuffix(f.name, ".bz2"))
}

// WriteFile writes XML to a file as it is printed, by bzip2 if it is to be compressed, and makes it
// last (write_xml_file).
func WriteFile(name string, e *etree.Element, compress bool) error {
	const mode = 0o640 // what the reference's umask leaves
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	data := text.AppendLines(nil, e)
	if compress {
		const level = 5
		var w *bzip2.Writer
		if w, err = bzip2.NewWriter(out, &bzip2.WriterConfig{Level: level}); err == nil {
			_, err = w.Write(data)
			err = errors.Join(err, w.Close())
		}
	} else {
		_, err = out.Write(data)
	}
	if syncErr := out.Sync(); syncErr != nil && !errors.Is(syncErr, syscall.EROFS) && !errors.Is(syncErr, syscall.EINVAL) {
		err = errors.Join(err, syncErr)
	}
	return errors.Join(err, out.Close())
}

// writeCluster writes the cluster's own CIB, with digest and backup (cib_file_write_live). That
// somebody may not is no error, as in the reference.
func (f *file) writeCluster(cib *etree.Element) error {
	const where = "cib_file_write_live"
	cluster := account.Cluster()
	if !cluster.Known {
		return fmt.Errorf("there is no user %s", account.ClusterUser)
	}
	uid := os.Geteuid()
	if uid != 0 && uid != int(cluster.UID) {
		text := fmt.Sprintf("Must be root or %s to modify live CIB: Success (0)", account.ClusterUser)
		f.Complain(text)
		loglevel.LogfAt(f.Log, loglevel.Error, where, "%s", text)
		return nil
	}
	store := &disk.Store{FS: disk.Folder(filepath.Dir(f.name)), Name: filepath.Base(f.name)}
	if uid == 0 {
		store.Owner = &disk.Owner{UID: int(cluster.UID), GID: int(cluster.GID)}
	}
	err := store.Write(cib, time.Now().Format(time.ANSIC))
	var mismatch *disk.Mismatch
	switch {
	case !errors.As(err, &mismatch):
	case mismatch.Stored == "":
		loglevel.LogfAt(f.Log, loglevel.Error, "cib_file_verify_digest", "On-disk digest at %s.sig is empty", f.name)
	default:
		loglevel.LogfAt(f.Log, loglevel.Error, "pcmk__verify_digest", "Digest comparison failed: expected %s, calculated %s", mismatch.Stored, mismatch.Digest)
	}
	if errors.Is(err, disk.ErrModified) {
		loglevel.LogfAt(f.Log, loglevel.Error, "cib_file_write_with_digest", "%s was manually modified while the cluster was active!", f.name)
	}
	return err
}
