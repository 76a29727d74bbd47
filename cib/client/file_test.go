package client

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

const stored = `<cib crm_feature_set="3.16.1" validate-with="none" epoch="7" num_updates="3" admin_epoch="1">
  <configuration>
    <crm_config/>
    <nodes>
      <node id="1" uname="n1"/>
    </nodes>
    <resources/>
    <constraints/>
  </configuration>
</cib>
`

// environment makes Getenv of pairs.
func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func open(t *testing.T, env ...string) Conn {
	t.Helper()
	c, err := Open(t.Context(), "test", Options{Getenv: environment(env...)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cib.xml")
	write(t, name, stored)
	c := open(t, "CIB_file", name, "CIB_shadow", "")
	if c.Live() || c.Done() != nil {
		t.Error("a file is no daemon")
	}
	answer, err := c.Do(t.Context(), call.Request{Op: ops.Query, Section: "//node", Options: call.XPath})
	if err != nil || text.Line(answer) != `<node id="1" uname="n1"/>` {
		t.Errorf("%v, %v", answer, err)
	}
	// A query changes nothing, so nothing is written.
	if err := c.Close(); err != nil || contents(t, name) != stored {
		t.Errorf("%v, %s", err, contents(t, name))
	}

	c = open(t, "CIB_file", name)
	if _, err := c.Do(t.Context(), call.Request{Op: ops.Create, Section: "nodes", Data: element(t, `<node id="2" uname="n2"/>`)}); err != nil {
		t.Fatal(err)
	}
	answer, err = c.Do(t.Context(), call.Request{Op: ops.Create, Section: "nodes", Data: element(t, `<node id="2" uname="n2"/>`)})
	if RC(err) != crmexit.RC(syscall.EEXIST) || answer == nil || !errors.Is(err, ops.ErrExists) || err.Error() != "File exists" {
		t.Errorf("%v, %v", answer, err)
	}
	if contents(t, name) != stored {
		t.Error("written before the end")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(strings.Replace(strings.Replace(stored, `epoch="7" num_updates="3"`, `epoch="8" num_updates="0"`, 1), `uname="n1"/>`, "uname=\"n1\"/>\n      <node id=\"2\" uname=\"n2\"/>", 1), "</cib>", "  <status/>\n</cib>", 1)
	if got := contents(t, name); got != want {
		t.Errorf("got %s", got)
	}
	if _, err := c.Do(t.Context(), call.Request{Op: ops.Query}); !errors.Is(err, ErrClosed) || RC(err) != crmexit.RC(syscall.ENOTCONN) {
		t.Errorf("after the end: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// What is sent is answered by an event.
func TestFileEvents(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cib.xml")
	write(t, name, stored)
	c := open(t, "CIB_file", name)
	first, err := c.Send(t.Context(), call.Request{Op: ops.Bump})
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Send(t.Context(), call.Request{Op: ops.Query, Section: "//none", Options: call.XPath})
	if err != nil {
		t.Fatal(err)
	}
	if e, err := c.Await(t.Context(), second); err != nil || RC(e.Err) != crmexit.RC(syscall.ENXIO) {
		t.Errorf("%+v, %v", e, err)
	}
	if e, err := c.Event(t.Context()); err != nil || e.Call != first || e.Err != nil {
		t.Errorf("%+v, %v", e, err)
	}
	_, err = c.Event(t.Context())
	_, await := c.Await(t.Context(), first)
	for _, err := range []error{err, await, c.Subscribe(t.Context(), NotifyDiff, true)} {
		if RC(err) != crmexit.RC(syscall.EPROTONOSUPPORT) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := c.Do(t.Context(), call.Request{Op: call.Ping}); RC(err) != crmexit.RC(syscall.EPROTONOSUPPORT) {
		t.Errorf("ping: %v", err)
	}
}

func TestOpenChooses(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"shadow.s", "file"} {
		write(t, filepath.Join(dir, name), strings.Replace(stored, `uname="n1"`, `uname="`+name+`"`, 1))
	}
	bad := filepath.Join(dir, "bad")
	write(t, bad, "<cib")
	env := func(shadow, file string) func(string) (string, bool) {
		return environment("CIB_shadow_dir", dir, "CIB_shadow", shadow, "CIB_file", file)
	}
	for _, tt := range []struct {
		o    Options
		want string // the node, or the error
	}{
		{Options{Getenv: env("s", dir+"/file")}, "shadow.s"},
		{Options{Getenv: env("", dir+"/file")}, "file"},
		{Options{Getenv: env("s", dir+"/file"), NoShadow: true}, "file"},
		{Options{Getenv: env("none", dir+"/file")}, "No such device or address"},
		{Options{Getenv: env("", bad)}, "Update does not conform to the configured schema"},
		{Options{Getenv: environment("CIB_port", "1", "CIB_server", "127.0.0.1")}, "Transport endpoint is not connected"},
		{Options{Getenv: environment("CIB_port", "1234", "CIB_file", dir+"/file")}, "file"},
		{Options{Getenv: env("s", ""), Cluster: true, Service: "no-such-service"}, "Transport endpoint is not connected"},
	} {
		c, err := Open(t.Context(), "test", tt.o)
		if err != nil {
			if RC(err).String() != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
			continue
		}
		nodes, err := c.Do(t.Context(), call.Request{Op: ops.Query, Section: "nodes"})
		if err != nil || nodes.SelectElement("node").SelectAttrValue("uname", "") != tt.want {
			t.Errorf("%v, %v, want %s", nodes, err, tt.want)
		}
	}
}

// A CIB that would not be valid is explained, and not written; and who asks in another's name
// has his permissions.
func TestFileRefuses(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cib.xml")
	write(t, name, strings.Replace(stored, `"none"`, `"pacemaker-3.9"`, 1))
	explained := 0
	c, err := Open(t.Context(), "test", Options{Getenv: environment("CIB_file", name, "CIB_user", "nobody"), Explain: func(*etree.Element) { explained++ }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), call.Request{Op: ops.Create, Section: "nodes", Data: element(t, `<bogus/>`)}); RC(err) != crmexit.RCSchemaValidation || explained != 1 {
		t.Errorf("%v, explained %d times", err, explained)
	}
	acl := `<crm_config><cluster_property_set id="o"><nvpair id="o1" name="enable-acl" value="true"/></cluster_property_set></crm_config>`
	if _, err := c.Do(t.Context(), call.Request{Op: ops.Modify, Section: "crm_config", Data: element(t, acl)}); err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]crmexit.RC{"": crmexit.RC(syscall.EACCES), "root": crmexit.RCOK} {
		if _, err := c.Do(t.Context(), call.Request{Op: ops.Bump, User: user}); RC(err) != want {
			t.Errorf("%q: %v", user, err)
		}
	}
}

func TestFileCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "cib.xml")
	write(t, name, stored)
	c := open(t, "CIB_file", name)
	if _, err := c.Do(t.Context(), call.Request{Op: ops.Bump}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+"-gone"); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); RC(err) != crmexit.RCError || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestCompressed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cib.xml.bz2")
	if err := WriteFile(name, element(t, before), true); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, name); !strings.HasPrefix(got, "BZh5") {
		t.Errorf("got %.10q", got)
	}
}

func TestShadowFile(t *testing.T) {
	if got := ShadowFile("s", environment("CIB_shadow_dir", "/x")); got != "/x/shadow.s" {
		t.Errorf("got %s", got)
	}
	home := t.TempDir()
	want := fmt.Sprintf("%s/.cib/shadow.s", home)
	if os.Geteuid() == 0 {
		want = "/var/lib/pacemaker/cib/shadow.s"
	}
	if got := ShadowFile("s", environment("HOME", home)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
