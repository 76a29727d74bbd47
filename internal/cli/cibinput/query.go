package cibinput

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Query asks for the cluster's CIB, or for what the environment puts in its place: a
// shadow (CIB_shadow, CIB_shadow_dir) or a file (CIB_file). What it says of that is in
// the log; the error is crmexit.RCNoInput whatever happened (cib__signon_query).
func (r *Reader) Query() (*Document, error) {
	if name, ok := Substitute(); ok {
		return r.QueryFile(name)
	}
	return r.queryCluster()
}

// timeout is how long the CIB manager may take (PCMK__IPC_TIMEOUT).
const timeout = 120 * time.Second

func (r *Reader) queryCluster() (*Document, error) {
	const where = "cib_native_signon_raw"
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	c, err := client.Dial(ctx, r.Log.Name(), client.Options{})
	if err != nil {
		rc := client.RC(err)
		if rc == crmexit.RC(syscall.ENOTCONN) {
			r.Log.Print(loglevel.Info, where, "Could not connect to CIB manager for "+r.Log.Name())
		}
		r.Log.Print(loglevel.Info, where, fmt.Sprintf("Connection to CIB manager for %s failed: %s", r.Log.Name(), rc))
		return nil, errNoInput
	}
	defer c.Close()
	r.Log.Print(loglevel.Info, where, "Successfully connected to CIB manager for "+r.Log.Name())
	cib, err := c.Query(ctx, "")
	if err != nil {
		return nil, errNoInput
	}
	etree.NewDocumentWithRoot(cib)
	return &Document{Root: cib, read: cib}, nil
}

// errNoInput is that there is no CIB.
var errNoInput = Failure{crmexit.RCNoInput.Exit(), "CIB query failed: " + crmexit.RCNoInput.String()}

// Failure is why a tool ends, with its exit status.
type Failure struct {
	Code crmexit.Code
	Text string // "" if all is said
}

func (f Failure) Error() string { return f.Text }

// Shadow is the file of the shadow CIB that the environment tells tools to use.
func Shadow() (string, bool) {
	if name := os.Getenv("CIB_shadow"); name != "" {
		return filepath.Join(shadowFolder(), "shadow."+name), true
	}
	return "", false
}

// Substitute is the file that the environment puts in the cluster's place.
func Substitute() (string, bool) {
	if shadow, ok := Shadow(); ok {
		return shadow, true
	}
	return os.LookupEnv("CIB_file")
}

// shadowFolder is where shadow CIBs are (get_shadow_file).
func shadowFolder() string {
	if folder, ok := os.LookupEnv("CIB_shadow_dir"); ok {
		return folder
	}
	name, home := os.Getenv("USER"), ""
	if u, err := user.Current(); err == nil {
		name, home = u.Username, u.HomeDir
	}
	if strings.EqualFold(name, "root") || strings.EqualFold(name, "hacluster") {
		return "/var/lib/pacemaker/cib"
	}
	if h, ok := os.LookupEnv("HOME"); ok {
		home = h
	}
	if filepath.IsAbs(home) {
		own := filepath.Join(home, ".cib")
		if err := os.Mkdir(own, 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			return own
		}
	}
	if temporary := os.Getenv("TMPDIR"); filepath.IsAbs(temporary) {
		return temporary
	}
	return "/tmp"
}

// QueryFile reads a file that stands for the cluster (load_file_cib). It must be what it
// claims to be.
func (r *Reader) QueryFile(name string) (*Document, error) {
	d, rc := r.load(name)
	if rc != crmexit.RCOK {
		r.Log.Print(loglevel.Info, "cib_file_signon", fmt.Sprintf("Connection to local file '%s' for %s failed: %s", name, r.Log.Name(), rc))
		return nil, errNoInput
	}
	return d, r.Asked(d)
}

// Asked says that a file was asked for its CIB, and fails if that cannot answer: one
// within the other is one too many.
func (r *Reader) Asked(d *Document) error {
	r.Log.Print(loglevel.Info, "cib_file_perform_op_delegate", "Handling cib_query operation for entire CIB as default user")
	if d.Root.Tag != "cib" || d.Root.FindElement(".//cib") != nil {
		return errNoInput
	}
	return nil
}

func (r *Reader) load(name string) (*Document, crmexit.RC) {
	if _, err := os.Stat(name); name != "-" && err != nil {
		return nil, crmexit.Legacy(-6).RC() // ENXIO
	}
	d := r.File(name)
	if d == nil {
		return nil, crmexit.RCSchemaValidation
	}
	AddStatus(d.Root)
	if !r.validate(d, true) {
		schema := d.Root.SelectAttrValue("validate-with", "")
		r.Log.Print(loglevel.Error, "load_file_cib", "CIB does not validate against "+schema)
		return nil, crmexit.RCSchemaValidation
	}
	return d, crmexit.RCOK
}
