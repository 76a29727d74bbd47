//go:build interop

package cibadmin

import (
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// shadowLines are command lines of crm_shadow: a shadow s is there, n is not, bad is no XML.
var shadowLines = []string{
	"", "--help", "-?", "--version", "-$", "-!", "--bogus", "-Z", "extra", "-w extra", "-f", "-b", "-V", "-a", "-v none", "--c", "--create", "-c", "--__dummmy__", "--which=1",
	"-w", "-p", "-F", "-d", "-E", "-wp", "-dF", "-d -V", "-p -VVV",
	"-c n -b", "-c s -b", "-c s -b -f", "--create n --batch", "-c bad -b -f", "-c n", "-c N -b", "-c x/y -b", "-c n -b -VVVV",
	"-e n -b", "-e s -b", "-e s -b -f", "--create-empty n --batch --validate-with pacemaker-2.0", "-b -v none -e n", "-e x/y -b", "-e n", "-e n -f -b", "-b -f -e long-name-of-more-than-forty-characters-in-all",
	"-C s", "-C s -f", "-C s -f -a", "-C n -f", "-C bad -f", "-C bad -f -a", "-C other -f", "--commit s --force", "-C invalid -f", "-C invalid -f -a", "-C older -f -a", "-C noconf -f", "-C s -fVV", "-C s -fb",
	"-D s", "-D s -f", "-D n -f", "-D x/y -f", "--delete s --force", "-D folder -f", "-D bad -f", "-D '' -f",
	"-r s -b", "-r n -b", "-r s -b -f", "-r bad -b -f", "--reset s --batch",
	"-s s -b", "-s n -b", "-s s", "--switch s --batch", "-s bad -b", "-s '' -b", "-s s -c n -b", "-c n -s s -b", "-w -s s -b", "-s s -w",
}

func TestShadow(t *testing.T) {
	files := on().Files
	delete(files, "bad.xml")
	files["shadow.s"] = strings.Replace(strings.Replace(configuration, `uname="n1"`, `uname="changed"`, 1), `epoch="7"`, `epoch="8"`, 1)
	files["shadow.same"] = configuration
	files["shadow.bad"] = "<cib"
	files["shadow.text"] = "x"
	files["shadow.invalid"] = strings.Replace(files["shadow.s"], "<nodes>", "<nodes><bogus/>", 1)
	files["shadow.older"] = strings.Replace(configuration, `epoch="7"`, `epoch="6"`, 1)
	files["shadow.noconf"] = `<cib epoch="9"/>`
	files["shadow.more"] = strings.Replace(strings.Replace(configuration, `<node id="1" uname="n1"/>`, `<node id="3" uname="n3"><instance_attributes id="i"><nvpair id="j" name="x" value="&lt;"/></instance_attributes></node>`, 1), `<rsc_location id="l" rsc="q" node="n1" score="10"/>`, "", 1)
	var kept []golden.Sandbox
	add := func(line string, env ...string) {
		t.Helper()
		args := []string{"crm_shadow"}
		for _, a := range strings.Fields(line) {
			args = append(args, strings.Trim(a, "'"))
		}
		s := golden.Sandbox{Args: args, Env: append([]string{"CIB_file=" + cibFile, "CIB_shadow_dir=."}, env...), Files: files}
		want, _, crashed := both(t, s)
		if crashed {
			t.Logf("the reference crashed: %q: %d %s", args, want.Status, want.Stderr)
			return
		}
		kept = append(kept, want)
	}
	for _, line := range shadowLines {
		add(line)
		add(line, "CIB_shadow=s")
	}
	for _, shadow := range []string{"n", "bad", "text", "same", "invalid", "older", "noconf", "more", "", "S"} {
		for _, line := range []string{"-w", "-p", "-F", "-d", "-E", "-r s -b", "-D s -f", "-C s", "-C s -f", "-e s -b"} {
			add(line, "CIB_shadow="+shadow)
		}
	}
	// The shell that it was run by, and editors.
	for _, line := range []string{"-c n", "-e n", "-s s", "-D s -f", "-C s -f", "-r s"} {
		for _, env := range []string{"PS1=shadow[s] # ", "PS1=SHADOW[n] # ", "PS1=x shadow[s] # y", "SHELL=/nowhere", "SHELL=nowhere/bash"} {
			add(line, env)
		}
	}
	for _, editor := range []string{"", "/nowhere", "nowhere", "/usr"} {
		add("-E", "CIB_shadow=s", "EDITOR="+editor)
	}
	// A cluster that is not there.
	for _, line := range []string{"-c n -b", "-r s -b", "-C s -f", "-e n -b"} {
		add(line, "CIB_file=none")
		add(line, "CIB_file=shadow.bad")
		add(line, "CIB_file=shadow.invalid")
		add(line, "CIB_user=blind")
		add(line, "CIB_user=tony")
	}
	if *refresh {
		golden.WriteSandboxes(t, "../../internal/cli/crmshadow/testdata/lines.jsonl", kept)
	}
}
