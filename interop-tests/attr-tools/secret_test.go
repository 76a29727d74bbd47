//go:build interop

package attrtools_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// variants are the sets of those that are installed.
var variants = map[string][]string{
	"ssh":  {"crm_node", "crmadmin", "crm_resource", "ping", "ssh", "scp"},
	"pdsh": {"crm_node", "crmadmin", "crm_resource", "fping", "pdsh", "pdcp", "ssh"},
	"pssh": {"crm_node", "crmadmin", "crm_resource", "fping", "pssh", "pscp", "pdsh"},
	"none": {"crm_node", "crmadmin", "crm_resource", "ping"},
	// All other nodes are down.
	"alone": {"crm_node", "crmadmin", "crm_resource", "ssh", "scp"},
	// The commands of the cluster fail.
	"broken": {"ping", "ssh", "scp"},
}

// secretSteps are command lines of cibsecret, the words parted by blanks, "|" before what is typed.
var secretSteps = []string{
	"", "--help", "--version", "nonsense", "get x", "set x", "set a b c d", "sync x", "-C", "check missing p", "get r p",
	"set r p Secret", "get r p", "check r p", "-C get r p", "set r q |  typed\\ va\\\\lue  ", "get r q", "set r empty |", "stash r p", "stash r none", "stash r plain", "get r plain", "set r other x",
	"unstash r none", "unstash r plain", "unstash r plain", "check r plain", "-C check r p", "-C set r z v", "-C stash r p", "-C unstash r p", "-C delete r z", "delete r p", "get r p", "sync", "-C sync", "unstash r q", "delete missing p", "set missing p x",
}

// TestSecret has the reference's cibsecret and ours run the same commands in the same order, where
// the commands that they run just tell how they were called. Each run has processes of its own and a folder
// of ours in the place of the machine's secrets.
func TestSecret(t *testing.T) {
	for variant := range variants {
		t.Run(variant, func(t *testing.T) { playBoth(t, variant, true) })
	}
	t.Run("without a cluster", func(t *testing.T) { playBoth(t, "ssh", false) })
}

func playBoth(t *testing.T, variant string, running bool) {
	own := filepath.Join(t.TempDir(), "cibsecret")
	if err := os.Symlink(self(t), own); err != nil {
		t.Fatal(err)
	}
	want, got := playSecrets(t, "/usr/sbin/cibsecret", variant, running), playSecrets(t, own, variant, running)
	for i := range want {
		got[i].Compare(t, want[i])
	}
	if *refresh && running && slices.Contains([]string{"ssh", "pdsh", "pssh"}, variant) {
		golden.WriteCommands(t, secrets+variant+".jsonl", want)
	}
}

// playSecrets runs all steps by a program.
func playSecrets(t *testing.T, program, variant string, running bool) (results []golden.Command) {
	home := t.TempDir()
	shell := func(script string, env ...string) (out, errs string, status int) {
		t.Helper()
		var o, e bytes.Buffer
		cmd := exec.Command("unshare", "--mount", "--pid", "--fork", "--mount-proc", "bash", "-c", script)
		cmd.Env = append(os.Environ(), append(env, "FAKE="+home)...)
		cmd.Stdout, cmd.Stderr = &o, &e
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return o.String(), e.String(), cmd.ProcessState.ExitCode()
	}
	fakes, err := filepath.Abs(secrets + "fakes")
	if err != nil {
		t.Fatal(err)
	}
	if _, errs, status := shell(`cd $FAKE && mkdir -p cib bin lib/lrm && echo none >bad && echo plain value >cib/r.plain && for f in $PROGRAMS; do ln -s $FAKES/$f bin/; done
		[ $VARIANT != alone ] || { printf '#!/bin/sh\nexit 1\n' >bin/ping; chmod a+x bin/ping; }
		for f in bash sh ps grep md5sum awk cat rm mkdir dirname basename sort uniq wc tr which id crm_attribute sed; do [ -e bin/$f ] || ln -s $(type -P $f) bin/; done`,
		"PROGRAMS="+strings.Join(variants[variant], " "), "FAKES="+fakes, "VARIANT="+variant); status != 0 {
		t.Fatal(errs)
	}
	begin := "mount --bind $FAKE/lib /var/lib/pacemaker || exit 99; "
	if running {
		begin += "bash -c 'exec -a pacemaker-controld sleep 60 >/dev/null 2>&1' & until ps -ef | grep -q '[p]acemaker-controld 60'; do :; done; "
	}
	for _, line := range secretSteps {
		line, typed, _ := strings.Cut(line, "|")
		if line == "sync" && variant == "ssh" {
			shell("echo node4 >$FAKE/bad")
		}
		c := golden.Command{Args: append([]string{"cibsecret"}, strings.Fields(line)...), Stdin: typed + "\n"}
		c.Stdout, c.Stderr, c.Status = shell(begin+"cd /; printf '%s\\n' \"$TYPED\" | env -i FAKE=$FAKE HOME=/root LC_ALL=C PATH=$FAKE/bin "+program+" "+line+"; exit ${PIPESTATUS[1]}", "TYPED="+typed)
		state, _, _ := shell("cd $FAKE/lib/lrm/secrets 2>/dev/null && find . -type f -printf '%m %P\\n' | sort -k2 && find . -type f -print0 | sort -z | xargs -0 -r cat; cd $FAKE/cib; grep -H . *")
		calls, _, _ := shell("cat $FAKE/calls 2>/dev/null; rm -f $FAKE/calls")
		c.Asked, c.Changed = lines(strings.ReplaceAll(calls, home, "")), lines(state)
		results = append(results, c)
	}
	return results
}

const secrets = "../../internal/cli/cibsecret/testdata/"

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
