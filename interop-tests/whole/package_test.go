//go:build interop

package whole

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// Where apt and dpkg write; each host gets a layer of its own over the machine's. What is mounted
// below /etc stays where it is. Services do not start by themselves: there is no systemd.
const ownSystem = `set -e
mkdir -p /run/own/etc.was
mount --rbind /etc /run/own/etc.was
below=$(awk '$5 ~ "^/etc/" { print substr($5, 6) }' /proc/self/mountinfo)
for d in usr etc var/lib/dpkg var/lib/apt var/lib/systemd var/cache/apt var/cache/debconf; do
	mkdir -p /run/own/$d/upper /run/own/$d/work /$d
	mount -t overlay overlay -o lowerdir=/$d,upperdir=/run/own/$d/upper,workdir=/run/own/$d/work /$d
done
for f in $below; do mount --bind /run/own/etc.was/$f /etc/$f; done
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod +x /usr/sbin/policy-rc.d
`

// replaced are the packages whose place ours takes.
var replaced = []string{"corosync", "pacemaker", "pacemaker-cli-utils"}

// TestPackages goes through docs/operations.md: on one node after the other the packages of corosync and Pacemaker are
// replaced by ours, and ours by them again, by apt-get, while a resource runs. pcs and crmsh, which depend on them, stay.
func TestPackages(t *testing.T) {
	if os.Getenv("RINGMASTER_WHOLE") == "" {
		t.Skip("it takes two minutes: set RINGMASTER_WHOLE")
	}
	ours, theirs := packages(t)
	r := startRolling(t, func(h *lab.Host) { h.MustRun("sh", "-c", ownSystem) })
	conf := r.l.Host(0).MustRun("sh", "-c", "cd /etc && sha256sum default/corosync default/pacemaker logrotate.d/corosync init.d/corosync init.d/pacemaker")
	for i := range r.l.Hosts() {
		r.replace(i, func(h *lab.Host) {
			install(h, ours)
			for _, p := range replaced {
				if state := status(h, p); strings.Contains(state, " installed") {
					t.Errorf("%s: %s is %q beside ours", h.Name, p, state)
				}
			}
			intact(t, h, "ringmaster", "pcs", "crmsh", "corosync-qdevice", "pacemaker-common")
			if v := h.MustRun("/usr/sbin/corosync", "-v"); !strings.Contains(v, "3.1.7") {
				t.Errorf("%s: corosync -v prints %q", h.Name, v)
			}
		})
		exe := r.l.Host(i).MustRun("sh", "-c", "readlink /proc/$(pidof pacemaker-controld)/exe /proc/$(pidof corosync)/exe")
		if exe != "/usr/lib/pacemaker/pacemaker-controld\n/usr/sbin/corosync\n" {
			t.Errorf("%s runs %q", r.l.Host(i).Name, exe)
		}
		t.Logf("node%d is ours", i+1)
	}
	for i := range r.l.Hosts() {
		r.replace(i, func(h *lab.Host) {
			install(h, theirs...)
			if state := status(h, "ringmaster"); strings.Contains(state, " installed") {
				t.Errorf("%s: ours is %q beside theirs", h.Name, state)
			}
			intact(t, h, append([]string{"pcs", "crmsh", "corosync-qdevice", "pacemaker-common"}, replaced...)...)
			h.MustRun("dpkg", append([]string{"--verify"}, replaced...)...)
		})
		t.Logf("node%d is the reference's again", i+1)
	}
	if after := r.l.Host(0).MustRun("sh", "-c", "cd /etc && sha256sum default/corosync default/pacemaker logrotate.d/corosync init.d/corosync init.d/pacemaker"); after != conf {
		t.Errorf("configuration was\n%sand is\n%s", conf, after)
	}
	r.end()
}

// packages are ours, built from the tree, and the reference's, as they are installed on this machine.
func packages(t *testing.T) (ours string, theirs []string) {
	t.Helper()
	stage, err := lab.Stage()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Dir(filepath.Dir(stage))
	if out, err := exec.Command("make", "-C", root, "deb").CombinedOutput(); err != nil {
		t.Fatalf("make deb: %v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(root, "build", "ringmaster_*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("make deb has built %q (%v); remove what is old", found, err)
	}
	dir := t.TempDir()
	for _, p := range replaced {
		version, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", p).Output()
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		get := exec.Command("apt-get", "download", p+"="+string(version))
		get.Dir = dir
		if out, err := get.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", get.Args, err, out)
		}
	}
	theirs, err = filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(theirs) != len(replaced) {
		t.Fatalf("downloaded %q (%v)", theirs, err)
	}
	return found[0], theirs
}

// install has apt-get install packages from files, and remove what is in their way.
func install(h *lab.Host, debs ...string) {
	args := []string{"install", "--yes", "--no-install-recommends"}
	for _, deb := range debs {
		args = append(args, h.Copy(deb, "/run/"+filepath.Base(deb)))
	}
	h.MustRun("apt-get", args...)
}

func status(h *lab.Host, pkg string) string {
	return h.Exec("dpkg-query", "-W", "-f", "${Status}", pkg).Stdout
}

// intact is that packages are installed and that dpkg finds nothing half done.
func intact(t *testing.T, h *lab.Host, all ...string) {
	t.Helper()
	for _, p := range all {
		if state := status(h, p); state != "install ok installed" {
			t.Errorf("%s: %s is %q", h.Name, p, state)
		}
	}
	if out := h.MustRun("dpkg", "--audit"); out != "" {
		t.Errorf("%s: dpkg --audit:\n%s", h.Name, out)
	}
}
