package cibinput

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
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

func (r *Reader) queryCluster() (*Document, error) {
	ctx := context.Background()
	c, err := r.Open(ctx, client.Options{})
	if err != nil {
		return nil, errNoInput
	}
	defer c.Close()
	cib, err := c.Do(ctx, call.Request{Op: ops.Query, Options: call.ScopeLocal})
	if err != nil {
		return nil, errNoInput
	}
	etree.NewDocumentWithRoot(cib)
	return &Document{Root: cib, read: cib}, nil
}

// Open connects the tool to the CIB that the environment tells it to use (cib_new and the
// sign-on of lib/cib). What is wrong with a file is said as the tool says such things.
func (r *Reader) Open(ctx context.Context, o client.Options) (client.Conn, error) {
	o.Log = r.Log
	o.Load = func(name string) (*etree.Element, crmexit.RC) {
		d, rc := r.load(name)
		if rc != crmexit.RCOK {
			return nil, rc
		}
		return d.Root, rc
	}
	o.Refuse = func(cib *etree.Element) { r.validate(&Document{Root: cib}, true) }
	o.Complain = func(text string) { fmt.Fprintln(r.Stderr, text) }
	o.Explain = func(cib *etree.Element) { r.Explain(cib, false) }
	o.Prompt = r.prompt
	return client.Open(ctx, r.Log.Name(), o)
}

// Explain says what is wrong with a CIB that is in no file, as if it were in one for the time,
// and shows it with numbers of lines (validate_xml_verbose). Faults go to the log, unless they are
// the first that the tool says of the schema.
func (r *Reader) Explain(cib *etree.Element, first bool) {
	var data []byte
	if cib != nil { // there may be nothing that the user may see
		data = text.AppendLines(nil, cib)
	}
	for i, line := range strings.Split(string(data), "\n") {
		fmt.Fprintf(r.Stderr, "%4d %s\n", i+1, line)
	}
	if d, _ := r.parse(data, xmltree.KeepText, invalidFile(), ""); d != nil {
		r.validate(d, !first)
	}
}

// ExplainUpgrade says why a CIB cannot be upgraded (update_validation).
func (r *Reader) ExplainUpgrade(cib *etree.Element) {
	upgraded, _ := schema.Upgrade(xmltree.Copy(cib), schema.Options{Explain: true})
	r.tell(&Document{Root: cib}, upgraded.Messages)
}

// invalidFile is a name for what is not valid; the reference writes such a file, and removes
// it again.
func invalidFile() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	folder := os.Getenv("TMPDIR")
	if !strings.HasPrefix(folder, "/") {
		folder = "/tmp"
	}
	suffix := make([]byte, 6)
	for i := range suffix {
		suffix[i] = letters[rand.IntN(len(letters))]
	}
	return folder + "/cib-invalid." + string(suffix)
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
		return client.ShadowFile(name, os.LookupEnv), true
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
		claimed := d.Root.SelectAttrValue("validate-with", "")
		r.Log.Print(loglevel.Error, "load_file_cib", "CIB does not validate against "+claimed)
		return nil, crmexit.RCSchemaValidation
	}
	return d, crmexit.RCOK
}
