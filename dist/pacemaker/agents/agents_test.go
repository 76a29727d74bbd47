// Package agents_test plays the agents of ocf:pacemaker that are shell scripts, in a folder with what they see of
// the kernel, among commands that are made up.
package agents_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// world is what a machine is like before the first step.
type world struct {
	name, agent string
	prepare     string // shell, run in the world's folder
	missing     []string
	env         []string // of all steps
	steps       []step
}

// step is an action with parameters of its own, NAME=VALUE. What is before it changes the world.
type step struct {
	before, action string
	env            []string
}

// commands are those that are made up, tools those that are the machine's.
var (
	commands = []string{"killall", "dlm_controld", "gfs_controld", "dlm_tool", "stonith_admin", "crm_node", "crm_attribute", "modprobe", "mount", "pidof", "killproc", "sleep"}
	tools    = []string{"sh", "awk", "grep", "cat", "sed", "ls", "mkdir", "cut", "basename", "expr", "dirname", "env", "rm", "tr", "touch"}
)

func steps(actions ...string) (all []step) {
	for _, a := range actions {
		all = append(all, step{action: a})
	}
	return all
}

const (
	processes = `answer killall '[ -e running ] || exit 1; case $1 in -TERM) rm running;; esac'; answer pidof '[ -e running ] && echo 17'; answer killproc 'rm -f running'; `
	dlm       = processes + `mkdir -p sys/kernel/config/dlm; answer crm_node 'echo node1'
answer dlm_controld 'touch running; mkdir -p sys/kernel/config/dlm/cluster/comms/1; echo AF_INET >sys/kernel/config/dlm/cluster/comms/1/addr_list'
answer crm_attribute 'case $* in *stonith-enabled*) echo true;; *) echo "scope=crm_config name=no-quorum-policy value=freeze";; esac'
answer mount '[ $# -gt 2 ] || echo "none on $RINGMASTER_ROOT/sys/kernel/config type configfs (rw)"'
`
	ocfs2 = processes + `mkdir -p sys/fs/ocfs2; echo nodev configfs | tr ' ' '\t' >proc/filesystems
echo none /sys/kernel/config configfs rw 0 0 >proc/mounts; echo user >sys/fs/ocfs2/loaded_cluster_plugins; echo o2cb >sys/fs/ocfs2/cluster_stack
lay_daemon 'touch running'
answer modprobe 'case "$*" in "-s ocfs2") printf "\tocfs2\n" >>proc/filesystems; echo ocfs2 1000 0 - Live 0x0 >>proc/modules;; -rs*) sed -i "/^$2 /d" proc/modules;; esac'
`
)

// slashless is a mount point that the reference's o2cb finds.
var slashless = []string{"OCF_RESKEY_configfs=.sys.kernel.config"}

// worlds are all that is played.
var worlds = []world{
	{name: "described", agent: "remote", steps: steps("meta-data", "usage", "help", "start", "stop", "monitor", "migrate_to", "migrate_from", "reload", "reload-agent", "validate-all", "nonsense", "")},
	{name: "described", agent: "controld", steps: steps("meta-data", "usage", "help", "promote", "")},
	{name: "described", agent: "o2cb", steps: steps("meta-data", "usage", "help", "promote", "")},

	{name: "nothing is installed", agent: "controld", missing: commands, steps: append(steps("validate-all", "monitor", "start", "stop"),
		step{action: "validate-all", env: []string{"OCF_CHECK_LEVEL=10"}}, step{action: "monitor", env: []string{"OCF_CHECK_LEVEL=10"}})},
	{name: "no daemon is installed", agent: "controld", prepare: dlm, missing: []string{"dlm_controld", "dlm_tool"}, steps: append(steps("validate-all", "monitor", "start", "stop"),
		step{action: "validate-all", env: []string{"OCF_CHECK_LEVEL=10"}})},
	{name: "all is well", agent: "controld", prepare: dlm, steps: append(steps("monitor", "start", "monitor", "start", "stop", "monitor", "stop", "validate-all"),
		step{action: "validate-all", env: []string{"OCF_CHECK_LEVEL=10"}}, step{action: "start", env: []string{"OCF_RESKEY_args=-D -s 1"}},
		step{action: "start", env: []string{"OCF_RESOURCE_INSTANCE=my-GFS"}}, step{action: "validate-all", env: []string{"OCF_RESKEY_CRM_meta_globally_unique=Yes"}},
		step{action: "start", env: []string{"OCF_RESKEY_CRM_meta_globally_unique=true"}}, step{action: "stop", env: []string{"OCF_RESKEY_CRM_meta_globally_unique=1"}})},
	{name: "gfs", agent: "controld", prepare: dlm + `cp answers/dlm_controld answers/gfs_controld`, steps: []step{
		{action: "start", env: []string{"OCF_RESOURCE_INSTANCE=a-gfs-b"}}, {action: "stop", env: []string{"OCF_RESOURCE_INSTANCE=a-gfs-b"}},
		{action: "start", env: []string{"OCF_RESKEY_daemon=gfs_controld", "OCF_RESKEY_args="}}}},
	{name: "no kernel modules", agent: "controld", prepare: dlm + `rm -r sys/kernel/config`, steps: []step{
		{action: "start"}, {before: `answer modprobe 'case $1 in configfs) mkdir sys/kernel/config;; esac'`, action: "start"},
		{before: `answer modprobe 'mkdir -p sys/kernel/config/dlm'; answer mount`, action: "start"}}},
	{name: "no fencing", agent: "controld", prepare: dlm + `answer crm_attribute 'case $* in *stonith-enabled*) echo false;; *) exit 105;; esac'`, steps: []step{
		{action: "start"}, {action: "start", env: []string{"OCF_RESKEY_allow_stonith_disabled=true"}}, {action: "stop"}}},
	{name: "another policy", agent: "controld", prepare: dlm + `answer crm_attribute 'case $* in *stonith-enabled*) echo on;; *) echo value=stop;; esac'`, steps: steps("start")},
	{name: "the daemon ends", agent: "controld", prepare: dlm + `answer dlm_controld 'exit 1'`, steps: steps("start", "stop")},
	{name: "the daemon does not end", agent: "controld", prepare: dlm + `touch running; answer killall 'case $1 in -TERM) exit 1;; esac'`, steps: steps("stop")},
	{name: "lost locks", agent: "controld", prepare: dlm + `mkdir -p sys/kernel/dlm/space`, steps: steps("monitor", "start", "stop", "validate-all")},
	{name: "no lock is left", agent: "controld", prepare: dlm + `mkdir -p sys/kernel/dlm`, steps: steps("monitor", "start", "stop")},
	{name: "merge", agent: "controld", prepare: dlm + `touch running; answer dlm_tool 'case $1 in status) echo stateful_merge_wait=1;; esac'`, steps: []step{
		{action: "monitor"}, {action: "start"}, {before: `answer dlm_tool 'case $1 in status) echo stateful_merge_wait=0;; ls) echo wait fencing;; esac'`, action: "monitor"},
		{before: `answer dlm_tool 'case $1 in ls) echo new change wait fencing;; esac'`, action: "monitor"}, {before: "mkdir -p sys/kernel/dlm/x", action: "monitor"},
		{before: `answer stonith_admin 'echo "<fence_event extended-status=\"pending\"/>"'`, action: "monitor"}, {action: "stop"}}},

	{name: "nothing is installed", agent: "o2cb", missing: commands, steps: steps("validate-all", "monitor", "start", "stop")},
	{name: "all is well", agent: "o2cb", env: slashless, prepare: ocfs2, steps: append(steps("validate-all", "monitor", "start", "monitor", "start", "stop", "monitor", "stop"),
		step{action: "validate-all", env: []string{"OCF_RESKEY_CRM_meta_globally_unique=True"}}, step{action: "monitor", env: []string{"OCF_RESKEY_CRM_meta_globally_unique=yes"}},
		step{action: "start", env: []string{"OCF_RESKEY_CRM_meta_globally_unique=on", "OCF_RESKEY_configfs=/config"}})},
	{name: "with the usual mount point", agent: "o2cb", prepare: ocfs2, steps: steps("monitor", "start", "monitor", "stop")},
	{name: "no killproc", agent: "o2cb", env: slashless, prepare: ocfs2, missing: []string{"killproc"}, steps: steps("start", "stop", "monitor")},
	{name: "another stack", agent: "o2cb", env: slashless, prepare: ocfs2 + `lay_daemon 'touch running' cman; mv sys/fs sys/other`, steps: []step{
		{action: "start", env: []string{"OCF_RESKEY_stack=cman", "OCF_RESKEY_sysfs=/sys/other"}}, {action: "stop", env: []string{"OCF_RESKEY_stack=cman", "OCF_RESKEY_sysfs=/sys/other"}}}},
	{name: "no configfs", agent: "o2cb", env: slashless, prepare: ocfs2 + `: >proc/mounts`, steps: []step{{action: "monitor"}, {action: "stop"}, {before: ": >proc/filesystems", action: "monitor"}}},
	{name: "no glue", agent: "o2cb", env: slashless, prepare: ocfs2 + `rm -r sys/fs/ocfs2; answer modprobe 'exit 1'`, steps: []step{
		{action: "monitor"}, {action: "start"}, {before: `answer modprobe 'case $2 in *glue) mkdir sys/fs/ocfs2;; *) exit 1;; esac'`, action: "start"},
		{before: `answer modprobe`, action: "start"}, {before: `echo user >sys/fs/ocfs2/loaded_cluster_plugins`, action: "start"}}},
	{name: "another plugin", agent: "o2cb", env: slashless, prepare: ocfs2 + `echo o2cb >sys/fs/ocfs2/loaded_cluster_plugins`, steps: steps("monitor", "start", "stop")},
	{name: "no ocfs2", agent: "o2cb", env: slashless, prepare: ocfs2 + `answer modprobe 'exit 1'`, steps: steps("monitor", "start", "stop")},
	{name: "the daemon fails", agent: "o2cb", env: slashless, prepare: ocfs2 + `lay_daemon 'exit 3'`, steps: []step{
		{action: "start"}, {before: "lay_daemon :", action: "start", env: []string{"OCF_RESKEY_daemon_timeout=2"}},
		{before: `answer pidof '[ $(grep -c pidof calls) -gt 6 ] && echo 17'`, action: "start"}}},
	{name: "modules in use", agent: "o2cb", env: slashless, prepare: ocfs2, steps: []step{{action: "start"}, {before: "echo ocfs2 1000 2 - Live 0x0 >proc/modules", action: "stop"}}},
	{name: "modules that stay", agent: "o2cb", env: slashless, prepare: ocfs2, steps: []step{{action: "start"}, {before: "answer modprobe 'exit 1'", action: "stop"}}},
	{name: "glue that stays", agent: "o2cb", env: slashless, prepare: ocfs2, steps: []step{{action: "start"},
		{before: "answer modprobe 'exit 1'; echo ocfs2_stack_user 1 0 - Live 0 >proc/modules", action: "stop"},
		{before: "touch running; echo ocfs2_stackglue 1 0 - Live 0 >proc/modules", action: "stop"}}},
	{name: "glue in use", agent: "o2cb", env: slashless, prepare: ocfs2, steps: []step{{action: "start"},
		{before: "echo ocfs2_stackglue 1 1 - Live 0 >>proc/modules; echo ocfs2_stack_user 1 1 - Live 0 >>proc/modules", action: "stop"}}},
}

// lay makes the world in a folder.
func (w world) lay(t *testing.T, folder string) {
	t.Helper()
	for _, dir := range []string{"answers", "bin", "proc", "sys/kernel", "run", "usr/sbin"} {
		if err := os.MkdirAll(filepath.Join(folder, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	fake, err := filepath.Abs("testdata/fakes/command")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commands {
		if slices.Contains(w.missing, c) && c != "sleep" {
			continue
		}
		if err := os.Symlink(fake, filepath.Join(folder, "bin", c)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range tools {
		path := "/usr/bin/" + c
		if _, err := os.Stat(path); err != nil {
			path = "/bin/" + c
		}
		if err := os.Symlink(path, filepath.Join(folder, "bin", c)); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"proc/filesystems", "proc/modules", "proc/mounts"} {
		if err := os.WriteFile(filepath.Join(folder, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// shell changes a world.
func shell(t *testing.T, folder, script string) {
	t.Helper()
	cmd := exec.Command("sh", "-ec", `answer() { printf '%s\n' "${2-:}" >"answers/$1"; }
lay_daemon() { d=usr/sbin/ocfs2_controld.${2:-pcmk}; printf '%s\n' '#!/bin/sh' 'echo started; cd "$WORLD"' "$1" >$d; chmod +x $d; }
`+script)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
}

// play takes a world's steps with the command that begin makes for an action in the folder, and notes what came of each.
func (w world) play(t *testing.T, begin func(folder, action string) *exec.Cmd) (runs []golden.Command) {
	t.Helper()
	folder := t.TempDir()
	w.lay(t, folder)
	shell(t, folder, w.prepare)
	for _, s := range w.steps {
		shell(t, folder, s.before)
		c := golden.Command{Args: []string{w.agent, s.action}, File: w.name}
		if s.before != "" {
			c.Stdin = s.before
		}
		cmd := begin(folder, s.action)
		cmd.Env = append(cmd.Env, "OCF_ROOT=/nowhere", "OCF_RESOURCE_INSTANCE=r")
		for _, e := range slices.Concat(w.env, s.env) {
			cmd.Env = append(cmd.Env, e)
			if c.Env == nil {
				c.Env = map[string]string{}
			}
			name, value, _ := strings.Cut(e, "=")
			c.Env[name] = value
		}
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		var exit *exec.ExitError
		if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		c.Status = cmd.ProcessState.ExitCode()
		c.Stdout, c.Stderr = plain(out.String(), folder, w.agent), plain(errs.String(), folder, w.agent)
		calls, _ := os.ReadFile(filepath.Join(folder, "calls"))
		c.Asked = slices.Compact(strings.Split(strings.TrimSpace(strings.ReplaceAll(string(calls), folder, "")), "\n"))
		_ = os.Remove(filepath.Join(folder, "calls"))
		runs = append(runs, c)
	}
	return runs
}

// plain leaves out where the agent is, and what the shell itself complains of, which names lines.
func plain(text, folder, agent string) string {
	path, err := filepath.Abs(agent)
	if err != nil {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(strings.ReplaceAll(text, path, "/"+agent), folder, "")) {
		if !strings.HasPrefix(line, "/"+agent+": ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// here has an action of ours done in a world, as an ordinary user.
func (w world) here(t *testing.T) func(folder, action string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs(w.agent)
	if err != nil {
		t.Fatal(err)
	}
	functions, err := filepath.Abs("testdata/fakes/functions")
	if err != nil {
		t.Fatal(err)
	}
	return func(folder, action string) *exec.Cmd {
		return &exec.Cmd{Path: path, Args: []string{path, action}, Env: []string{"OCF_FUNCTIONS=" + functions, "RINGMASTER_ROOT=" + folder, "WORLD=" + folder, "PATH=" + filepath.Join(folder, "bin")}}
	}
}

// TestGolden plays all worlds and compares with what the reference's agents did; testdata/README says how.
func TestGolden(t *testing.T) {
	wanted := map[string][]golden.Command{}
	for _, c := range golden.Commands(t, "testdata/golden.jsonl") {
		key := c.Args[0] + " " + c.File
		wanted[key] = append(wanted[key], c)
	}
	for _, w := range worlds {
		t.Run(fmt.Sprintf("%s/%s", w.agent, w.name), func(t *testing.T) {
			t.Parallel()
			got, want := w.play(t, w.here(t)), wanted[w.agent+" "+w.name]
			if len(got) != len(want) {
				t.Fatalf("%d steps, %d in testdata", len(got), len(want))
			}
			for i := range want {
				got[i].Compare(t, want[i])
			}
		})
	}
}
