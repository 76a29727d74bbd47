//go:build interop

package crmmon

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// configuration has resources of each variant, what fails, and a device that fences nobody.
const configuration = `<configuration>
<crm_config><cluster_property_set id="options">
<nvpair id="o1" name="stonith-enabled" value="false"/><nvpair id="o2" name="dc-deadtime" value="2s"/></cluster_property_set></crm_config>
<nodes/><resources>
<primitive id="one" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="one-m" name="monitor" interval="10s"/></operations></primitive>
<group id="grp"><primitive id="g1" class="ocf" provider="pacemaker" type="Dummy"/><primitive id="g2" class="ocf" provider="pacemaker" type="Dummy"/></group>
<clone id="many"><primitive id="each" class="ocf" provider="pacemaker" type="Dummy"/></clone>
<clone id="prm"><meta_attributes id="prm-m"><nvpair id="prm-p" name="promotable" value="true"/></meta_attributes>
<primitive id="sf" class="ocf" provider="pacemaker" type="Stateful"/></clone>
<primitive id="off" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="off-m"><nvpair id="off-t" name="target-role" value="Stopped"/></meta_attributes></primitive>
<primitive id="bad" class="ocf" provider="pacemaker" type="Dummy"><instance_attributes id="bad-i"><nvpair id="bad-s" name="fail_start_on" value="node1"/></instance_attributes></primitive>
</resources>
<constraints><rsc_location id="cli-ban-one" rsc="one" node="node2" score="-INFINITY"/>
<rsc_ticket id="ticket" rsc="g1" ticket="ours" loss-policy="stop"/></constraints>
<tags><tag id="both"><obj_ref id="one"/><obj_ref id="many"/></tag></tags>
</configuration>`

// commands are put to both tools.
var commands = []string{
	"-1", "-1 -n", "-1 -r -n", "-1 -r -A -f -c -L", "-1 -o", "-1 -t -R", "-1 -b -r", "-1 -m3 -R", "-1 -m", "-1 -m0", "-1 -Q",
	"--output-as=xml", "-X", "--output-as=xml -n", "-1 --output-as=html -m3 -A -L -o", "-1 -s", "-w", "-w -m2",
	"-1 --resource=both", "-1 --node=node1 -r", "--output-as=xml --resource=g2 --node=node2", "-1 --include=all",
	"--output-as=xml --fence-history", "-1 --include=none,fencing", "-1 -U fencing-failed", "--version", "-1 --include=list",
}

// updated is when output was made.
var updated = regexp.MustCompile(`(last updated |last_updated=")[-\d]+ [:\d]+ ?Z?`)

func TestCluster(t *testing.T) {
	bin := built(t)
	l := lab.New(t, 2)
	l.DumpLogs("/var/log/pacemaker/pacemaker.log")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	for _, h := range l.Hosts() {
		h.Use(lab.C)
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	a := l.Host(0)
	ours := a.Copy(bin, "/run/crm_mon")
	both := func(args string) (theirs, us string) {
		for i, program := range []string{reference, ours} {
			// The name is part of what is printed.
			r := a.Exec("bash", append([]string{"-c", `exec -a crm_mon "$@"`, "bash", program}, strings.Fields(args)...)...)
			said := fmt.Sprintf("%s%sexit status %d\n", r.Stdout, r.Stderr, r.Code)
			said = updated.ReplaceAllString(clock.ReplaceAllString(said, "${1}NOW"), "${1}NOW")
			if i == 0 {
				theirs = said
			} else {
				us = said
			}
		}
		return theirs, us
	}
	compare := func(when string, commands ...string) {
		t.Helper()
		for _, args := range commands {
			theirs, us := both(args)
			if d := golden.Difference(golden.Lines(us), golden.Lines(theirs)); d != "" {
				t.Errorf("%s: crm_mon %s: %s", when, args, d)
			}
		}
	}
	compare("no cluster", "-1", "-X", "--output-as=xml", "-1 -s", "-1 --output-as=html", "-w", "-1 -r -V")
	for _, h := range l.Hosts() {
		h.StartPacemaker()
	}
	shown := func(what string) func() bool {
		return func() bool { return strings.Contains(a.Exec("crm_mon", "-1", "-r").Stdout, what) }
	}
	l.Eventually(90*time.Second, "two nodes online", shown("Online: [ node1 node2 ]"))
	a.WriteFile("/run/cib.xml", configuration)
	a.MustRun("cibadmin", "-R", "-o", "configuration", "-x", "/run/cib.xml")
	a.MustRun("crm_ticket", "-t", "ours", "-g", "--force")
	a.MustRun("attrd_updater", "-n", "color", "-U", "blue")
	settled := func() {
		last := ""
		l.Eventually(60*time.Second, "the cluster is idle", func() bool {
			cib := a.Exec("cibadmin", "-Q").Stdout
			idle := cib == last && slices.ContainsFunc(l.Hosts(), func(h *lab.Host) bool { // whichever is the DC
				return strings.Contains(a.Exec("crmadmin", "-S", h.Name).Stdout, "S_IDLE")
			})
			last = cib
			return idle
		})
	}
	l.Eventually(60*time.Second, "all is started", func() bool {
		return shown("g2\t(ocf:pacemaker:Dummy):\t Started")() && shown("one\t(ocf:pacemaker:Dummy):\t Started")()
	})
	// A manual confirmation and a refusal make a history.
	a.Exec("stonith_admin", "-C", "x1")
	a.Exec("stonith_admin", "-F", "x2", "-t", "2")
	settled()
	compare("a cluster", commands...)

	t.Run("console", func(t *testing.T) { console(t, l, a, ours) })
	t.Run("daemon", func(t *testing.T) { daemon(t, l, a, ours) })
	t.Run("pcs", func(t *testing.T) {
		if _, err := exec.LookPath("pcs"); err != nil {
			t.Skip("there is no pcs")
		}
		settled()
		status := func() string {
			r := a.Exec("pcs", "status", "--full")
			return updated.ReplaceAllString(clock.ReplaceAllString(r.Stdout+r.Stderr, "${1}NOW"), "${1}NOW")
		}
		theirs := status()
		a.MustRun("mount", "--bind", ours, reference)
		us := status()
		a.MustRun("umount", reference)
		if d := golden.Difference(golden.Lines(us), golden.Lines(theirs)); d != "" {
			t.Error(d)
		}
		if !strings.Contains(us, "Full List of Resources") {
			t.Errorf("pcs says\n%s", us)
		}
	})
}

// console runs our crm_mon in a terminal, has it show this and that, and compares what the
// screen has in the end with what it prints once.
func console(t *testing.T, l *lab.Lab, h *lab.Host, ours string) {
	keys, screen, err := openPTY()
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	cmd := h.Command("bash", "-c", `TERM=xterm exec -a crm_mon "$0"`, ours)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	screen.Close()
	var mu sync.Mutex
	var seen strings.Builder
	var reading sync.WaitGroup
	reading.Go(func() {
		var b [4096]byte
		for {
			n, err := keys.Read(b[:])
			mu.Lock()
			seen.Write(b[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	frame := func() string {
		mu.Lock()
		defer mu.Unlock()
		frames := strings.Split(seen.String(), "\x1b[H")
		last := strings.NewReplacer("\x1b[K", "", "\x1b[J", "", "\r", "").Replace(frames[len(frames)-1])
		return clock.ReplaceAllString(last, "${1}NOW")
	}
	once := func(args ...string) string {
		r := h.Exec("crm_mon", append([]string{"-1"}, args...)...)
		_, text, _ := strings.Cut(r.Stdout, "\n") // how pacemakerd is
		return clock.ReplaceAllString(strings.ReplaceAll(text, "\t", " "), "${1}NOW")
	}
	plain := func(text string) string {
		return regexp.MustCompile(`[ \t]+`).ReplaceAllString(strings.TrimSpace(text), " ")
	}
	same := func(what string, args ...string) {
		t.Helper()
		l.Eventually(20*time.Second, what, func() bool { return plain(frame()) == plain(once(args...)) })
	}
	same("the status")
	for _, step := range []struct {
		keys string
		args []string
	}{{"n", []string{"-n"}}, {"nr", []string{"-r"}}, {"D", []string{"-r", "-D"}}, {"b", []string{"-r", "-D", "-b"}}, {"Dbr", nil}} {
		if _, err := keys.WriteString(step.keys); err != nil {
			t.Fatal(err)
		}
		same("keys "+step.keys, step.args...)
	}
	if _, err := keys.WriteString("?"); err != nil {
		t.Fatal(err)
	}
	l.Eventually(10*time.Second, "the keys", func() bool {
		return strings.HasPrefix(frame(), "Display option change mode\n  c:    Display cluster tickets\n")
	})
	if _, err := keys.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	same("the status again")
	h.MustRun("crm_attribute", "-t", "crm_config", "-n", "maintenance-mode", "-v", "true")
	l.Eventually(20*time.Second, "a change is seen", func() bool { return strings.Contains(frame(), "*** Resource management is DISABLED ***") })
	h.MustRun("crm_attribute", "-t", "crm_config", "-n", "maintenance-mode", "-D")
	h.SignalAll("crm_mon", syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the console ends: %v", err)
	}
	reading.Wait()
	if !strings.Contains(seen.String(), "\x1b[?1049l") {
		t.Error("the screen was not given back")
	}
}

// openPTY is a terminal of 100 lines: its two ends.
func openPTY() (master, slave *os.File, err error) {
	if master, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 100, Col: 150})
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	return master, slave, err
}

// daemon has our crm_mon write a page and tell an agent, in the background.
func daemon(t *testing.T, l *lab.Lab, h *lab.Host, ours string) {
	const page, pid, told = "/run/status.html", "/run/mon.pid", "/run/told"
	h.WriteFile("/run/agent", "#!/bin/sh\necho \"$CRM_notify_recipient: $CRM_notify_task of $CRM_notify_rsc on $CRM_notify_node: $CRM_notify_desc ($CRM_notify_rc)\" >>"+told+"\n")
	h.MustRun("chmod", "755", "/run/agent")
	h.MustRun("bash", "-c", `exec -a crm_mon "$@"`, "bash", ours, "-d", "-p", pid, "-h", page, "-E", "/run/agent", "-e", "them")
	l.Eventually(20*time.Second, "a page", func() bool { return strings.Contains(h.ReadFile(page), "</html>") })
	if got := h.ReadFile(page); !strings.Contains(got, `<meta http-equiv="refresh" content="5">`) || strings.Count(got, "</html>") != 1 {
		t.Errorf("the page is\n%s", got)
	}
	r := h.Exec("bash", "-c", `exec -a crm_mon "$@"`, "bash", ours, "-d", "-p", pid, "-h", page)
	if number := strings.TrimSpace(h.ReadFile(pid)); r.Code != 1 || r.Stdout != "crm_mon: already running [pid "+number+" in "+pid+"]\n" {
		t.Errorf("a second one: %+v", r)
	}
	h.MustRun("crm_resource", "-r", "off", "-m", "-p", "target-role", "-v", "Started")
	l.Eventually(30*time.Second, "the agent is told", func() bool {
		return regexp.MustCompile(`them: start of off on node[12]: OK \(0\)`).MatchString(h.ReadFile(told))
	})
	l.Eventually(30*time.Second, "the page changes", func() bool {
		return regexp.MustCompile(`off\t\(ocf:pacemaker:Dummy\):\t Started node[12]`).MatchString(h.ReadFile(page))
	})
	h.MustRun("bash", "-c", "kill $(cat "+pid+")")
	number := strings.TrimSpace(h.ReadFile(pid))
	l.Eventually(10*time.Second, "it ends", func() bool { return h.Exec("test", "-d", "/proc/"+number).Code != 0 })
}
