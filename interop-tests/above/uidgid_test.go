//go:build interop

package above

import (
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestUIDGID lets a user who is not root in by uidgid.d, by uid and by gid, at
// the start and by a reload, and refuses others: as the reference does.
func TestUIDGID(t *testing.T) {
	const user, group = "2001", "2002"
	l := lab.New(t, 2)
	l.DumpLogs("/var/log/corosync/corosync.log")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	l.Host(0).Use(lab.Go)
	for _, h := range l.Hosts() {
		h.WriteFile("/etc/corosync/uidgid.d/user", "uidgid {\n  uid: "+user+"\n}\n")
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	// The reference's tool on both hosts, as somebody else.
	type outcome struct {
		code int
		text string
	}
	as := func(h *lab.Host, uid, gid string) outcome {
		r := h.Exec("setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "corosync-cmapctl", "-g", "totem.cluster_name")
		return outcome{r.Code, r.Stdout + r.Stderr}
	}
	check := func(step, uid, gid string, in bool) {
		t.Helper()
		ours, theirs := as(l.Host(0), uid, gid), as(l.Host(1), uid, gid)
		if ours != theirs {
			t.Errorf("%s: ours %+v, the reference's %+v", step, ours, theirs)
		}
		if got := strings.Contains(ours.text, "= lab"); got != in {
			t.Errorf("%s: let in: %v, want %v; %+v", step, got, in, ours)
		}
	}
	check("the user of uidgid.d", user, "4000", true)
	check("another user", "3000", "3000", false)
	check("a group that is not named yet", "3000", group, false)
	for _, h := range l.Hosts() {
		h.WriteFile("/etc/corosync/uidgid.d/group", "uidgid {\n  gid: "+group+"\n}\n")
	}
	l.Host(1).MustRun("corosync-cfgtool", "-R")
	for _, h := range l.Hosts() {
		l.Eventually(10*time.Second, h.Name+" lets the group in", func() bool { return as(h, "3000", group).code == 0 })
	}
	check("the group after the reload", "3000", group, true)
	check("another user after the reload", "3000", "3000", false)
	for _, h := range l.Hosts() {
		h.MustRun("corosync-cmapctl", "-s", "uidgid.uid.3000", "u8", "1")
	}
	check("a user who is let in through the map", "3000", "3000", true)
}
