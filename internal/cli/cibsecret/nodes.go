package cibsecret

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// shell is a way to run programs on the other nodes, and to take files there.
type shell struct {
	run  func(t *tool, live string, command ...string) error
	copy func(t *tool, live, to string, files ...string) error
}

const option = "StrictHostKeyChecking=no"

// findShell is the first of the ways that is installed.
func (t *tool) findShell() (shell, bool) {
	have := func(name string) bool { _, err := exec.LookPath(name); return err == nil }
	switch {
	case have("pssh"):
		return pssh(), true
	case have("pdsh"):
		return shell{
			run: func(t *tool, live string, command ...string) error {
				return t.remote("pdsh", append([]string{"-w", commas(live), "--"}, command...)...)
			},
			copy: func(t *tool, live, to string, files ...string) error {
				return t.remote("pdcp", append(append([]string{"-pr", "-w", commas(live), "--"}, files...), to)...)
			},
		}, true
	case have("ssh"):
		return shell{
			run: func(t *tool, live string, command ...string) error {
				return t.each(live, func(node string) error {
					return t.remote("ssh", append([]string{"-o", option, node, "--"}, command...)...)
				})
			},
			copy: func(t *tool, live, to string, files ...string) error {
				return t.each(live, func(node string) error {
					return t.remote("scp", append(append([]string{"-pqr", "-o", option}, files...), node+":"+to)...)
				})
			},
		}, true
	}
	return shell{}, false
}

// pssh is parallel-ssh, of which SUSE's has an option to be quiet.
func pssh() shell {
	var quiet []string
	out, _ := exec.Command("pssh", "-q").CombinedOutput()
	if !strings.Contains(string(out), "no such option: -q") {
		quiet = []string{"-q"}
	}
	return shell{
		run: func(t *tool, live string, command ...string) error {
			return t.remote("pssh", slices.Concat(quiet, []string{"-i", "-H", live, "-x", "-o " + option, "--"}, command)...)
		},
		copy: func(t *tool, live, to string, files ...string) error {
			return t.remote("pscp", slices.Concat(quiet, []string{"-H", live, "-x", "-pr", "-x", "-o " + option, "--"}, files, []string{to})...)
		},
	}
}

// commas are nodes as pdsh wants them, with what stands between them in place.
func commas(live string) string {
	return strings.NewReplacer(" ", ",", "\n", ",", "\t", ",").Replace(live + "\n")
}

// each calls f for each node until that fails.
func (t *tool) each(live string, f func(node string) error) error {
	for _, node := range strings.Fields(live) {
		if err := f(node); err != nil {
			return err
		}
	}
	return nil
}

// remote runs a program that reaches other nodes.
func (t *tool) remote(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.In, t.Out, t.Err
	if strings.HasPrefix(name, "pd") {
		cmd.Env = append(os.Environ(), "PDSH_SSH_ARGS_APPEND=-o "+option)
	}
	return cmd.Run()
}

// livePeers are the other nodes that answer to a ping, as one text with white space between
// them; none is an error (get_live_peers).
func (t *tool) livePeers() (string, error) {
	local, err := t.output(t.Err, "crm_node", "-n")
	if err != nil {
		return "", t.fatal(crmexit.Unavailable, "couldn't get local node name")
	}
	all, err := t.output(t.Err, "crmadmin", "-N", "-q")
	if err != nil {
		return "", t.fatal(crmexit.Unavailable, "couldn't determine cluster nodes")
	}
	var peers []string
	for _, node := range strings.Fields(all) {
		if node != local {
			peers = append(peers, node)
		}
	}
	live := ""
	if _, err := exec.LookPath("fping"); err == nil && os.Getuid() == 0 {
		live, _ = t.output(nil, "fping", append([]string{"-a"}, peers...)...)
	} else {
		for _, node := range peers {
			if exec.Command("ping", "-c", "2", "-q", node).Run() == nil {
				live += " " + node
			}
		}
	}
	t.warnOfDown(peers, strings.Fields(live))
	if live == "" {
		t.info("no other nodes live")
		return "", errFailed
	}
	return live, nil
}

// warnOfDown says which nodes have to be told later.
func (t *tool) warnOfDown(peers, live []string) {
	var down []string
	for _, node := range peers {
		if !slices.Contains(live, node) {
			down = append(down, node)
		}
	}
	slices.Sort(down)
	switch len(down) {
	case 0:
	case 1:
		t.warn("node %s is down", down[0])
		t.warn("you'll need to update it using \"%s sync\" later", t.name)
	default:
		t.warn("nodes %s are down", strings.Join(down, " "))
		t.warn("you'll need to update them using \"%s sync\" later", t.name)
	}
}

// tell says what is done on which nodes.
func (t *tool) tell(what, live string) {
	nodes := strings.ReplaceAll(live+"\n", "\n", " ")
	if t.command == "delete" {
		t.info("deleting %s from %s ...", what, nodes)
	} else {
		t.info("syncing %s to %s ...", what, nodes)
	}
}

// syncOne takes a secret, or that there is none any more, to the other nodes.
func (t *tool) syncOne(file string) error {
	live, err := t.livePeers()
	if err != nil {
		return err
	}
	t.tell(file, live)
	folder := filepath.Dir(file)
	if err := t.shell.run(t, live, "mkdir", "-p", folder); err != nil {
		return err
	}
	if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
		return t.shell.copy(t, live, folder, file, file+signature)
	}
	return t.shell.run(t, live, "rm", "-f", file, file+signature)
}

// sync is cibsecret sync: all secrets of this node become those of the others.
func (t *tool) sync() error {
	live, err := t.livePeers()
	if err != nil {
		return err
	}
	t.tell(t.folder, live)
	above := filepath.Dir(t.folder)
	if err := t.shell.run(t, live, "rm", "-rf", t.folder); err != nil {
		return err
	}
	if err := t.shell.run(t, live, "mkdir", "-p", above); err != nil {
		return err
	}
	return t.shell.copy(t, live, above, t.folder)
}
