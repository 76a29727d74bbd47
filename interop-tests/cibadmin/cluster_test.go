//go:build interop

package cibadmin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// built builds a program of this repository.
func built(t *testing.T, path string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-o", bin, path)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// own is the folder of our tools on a host.
const own = "/run/ours/"

func equip(t *testing.T, hosts ...*lab.Host) {
	t.Helper()
	bin := built(t, "../../cmd/ringmaster")
	watch := built(t, "./watch")
	for _, h := range hosts {
		for _, name := range []string{"cibadmin", "crm_shadow"} {
			h.Copy(bin, own+name)
		}
		h.Copy(watch, own+"watch")
		h.MustRun("sh", "-c", "chmod 755 "+own+" "+own+"*")
	}
}

// What differs from one call to the next.
var (
	counted  = regexp.MustCompile(`\b[0-9a-f]{32}\b| (epoch|num_updates|cib-last-written|cib_callid)="[^"]*"|\d+\.\d+\.\d+|@(epoch|num_updates)=\d+|@cib-last-written=[\w: ]*(, )?`)
	others   = regexp.MustCompile(`(?m)^ *(\d+ +)?(\x1b\[\d+m)?<.*(refr|ours).*\n`)
	inStatus = regexp.MustCompile(`(?s)<status>.*</status>`)
	invalid  = regexp.MustCompile(`cib-invalid\.\w{6}(:\d+)?|(?m)^ *\d+ `)
)

// ask runs a line of a shell, in which tools are called @cibadmin and objects have % in
// their names, with the reference's tools or with ours.
func ask(h *lab.Host, line string, ours bool) string {
	folder, name := "/usr/sbin/", "refr"
	if ours {
		folder, name = own, "ours"
	}
	r := h.Exec("sh", "-c", strings.NewReplacer("@", folder, "%", name).Replace(line))
	answer := fmt.Sprintf("%d\n%s\n%s", r.Code, r.Stdout, r.Stderr)
	// What is there of the other tools' objects, and what the resources do, differs.
	answer = inStatus.ReplaceAllString(others.ReplaceAllStringFunc(answer, func(line string) string {
		if strings.Contains(line, name) {
			return line
		}
		return ""
	}), "")
	answer = strings.NewReplacer(folder, "", name, "%").Replace(answer)
	return invalid.ReplaceAllString(counted.ReplaceAllString(answer, ""), "cib-invalid")
}

// dummy is an object with which the cluster has nothing to do.
const dummy = `<template id="%" class="ocf" provider="pacemaker" type="Dummy"/>`

// clusterLines are asked one after the other, each of the reference's tools first and then of ours.
var clusterLines = []string{
	"@cibadmin -Q -o crm_config", "@cibadmin -Ql -o nodes", "@cibadmin -Q -s -o resources", "@cibadmin -Q -o bogus", "@cibadmin -Qs -o bogus", "@cibadmin -Q -A '//node'", "@cibadmin -Q -e -A '//node'", "@cibadmin -Q -n", "@cibadmin -Qs -A //none", "@cibadmin -Q -A //none",
	"@cibadmin -Q -N node2 -o nodes", "@cibadmin -Q -N node2 -o nodes -s", "@cibadmin -Q -h node3 -o nodes", "@cibadmin -Q -N none -t 2", "@cibadmin -Q -N none -s -t 2", "@cibadmin -Q -V -o nodes", "@cibadmin -Q -VVVV -o nodes", "@cibadmin -Q -VVVVV -o nodes", "@cibadmin -Q -VVV -o bogus", "@cibadmin -Qs -VVV -o bogus",
	"@cibadmin -C -o resources -X '" + dummy + "'", "@cibadmin -C -o resources -X '" + dummy + "'", "@cibadmin -C -s -o resources -X '" + dummy + "'", "@cibadmin -C -o resources -X '" + dummy + "' -VVV", "@cibadmin -Q -A \"//template[@id='%']\"",
	"@cibadmin -M -o resources -X '<template id=\"%\" description=\"d\"/>'", "@cibadmin -M -s -o resources -X '<template id=\"%\" description=\"e\"/>'", "@cibadmin -M -X '<template id=\"%-none\"/>'", "@cibadmin -M -s -X '<template id=\"%-none\"/>'", "@cibadmin -M -c -o resources -X '<template id=\"%2\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"/>'",
	"echo '<rsc_location id=\"%-l\" rsc=\"%\" node=\"node1\" score=\"5\"/>' | @cibadmin -C -o constraints -p", "echo '<rsc_location id=\"%-l\" rsc=\"%\" node=\"node1\" score=\"bogus\"/>' | @cibadmin -R -o constraints -p", "@cibadmin -Q -A \"//rsc_location[@rsc='%']\"", "@cibadmin -Ms -o constraints -X '<rsc_location id=\"%-l\" score=\"bogus\"/>'",
	"@cibadmin -C -o resources -X '<bogus id=\"%\"/>'", "@cibadmin -C -s -o resources -X '<bogus id=\"%\"/>'", "@cibadmin -C -o resources -X '<bogus id=\"%\"/>' -VVV", "@cibadmin -C -o resources -X '<bogus'", "@cibadmin -C -o resources -x /none",
	"@cibadmin -R -o resources -X '<template id=\"%\" class=\"ocf\" provider=\"pacemaker\" type=\"Stateful\"/>'", "@cibadmin -R -X '<template id=\"%-none\"/>'", "@cibadmin -Rs -X '<cib epoch=\"0\"/>'", "@cibadmin -R -X '<cib epoch=\"0\" num_updates=\"0\" admin_epoch=\"0\"/>'", "@cibadmin -M -X '<cib epoch=\"0\"/>'",
	"@cibadmin -Q > /tmp/%.xml; sed 's/<template id=\"%2\"/<template id=\"%2\" description=\"p\"/' /tmp/%.xml > /tmp/%.new; crm_diff -c -o /tmp/%.xml -n /tmp/%.new > /tmp/%.diff; @cibadmin -P -x /tmp/%.diff; @cibadmin -P -p < /tmp/%.diff", "@cibadmin -P -X '<diff format=\"2\"/>'", "@cibadmin -Ps -X '<diff format=\"2\"/>'", "@cibadmin -P -X '<bogus/>'",
	"@cibadmin -Q -A \"//template[@id='%2']\"", "@cibadmin -B", "@cibadmin -Bs", "@cibadmin -B -l", "@cibadmin -Bf", "@cibadmin -u -f", "@cibadmin -u -f -s", "@cibadmin -u -f -VVVV", "@cibadmin -B -N node2",
	"@cibadmin -D -X '<rsc_location id=\"%-l\"/>'", "@cibadmin -D -X '<rsc_location id=\"%-l\"/>'", "@cibadmin -d -f -A \"//template[@id='%2']\"", "@cibadmin -Q -o constraints -A '//rsc_location'", "@cibadmin -D -o nodes",
	// Shadows of the cluster.
	"CIB_shadow_dir=/tmp @crm_shadow -b -c %", "CIB_shadow_dir=/tmp CIB_shadow=% @crm_shadow -d", "@cibadmin -M -X '<node id=\"1\" description=\"%\"/>'; CIB_shadow_dir=/tmp @crm_shadow -b -f -c %; export CIB_shadow_dir=/tmp CIB_shadow=%; @cibadmin -M -X '<template id=\"%\" description=\"shadow\"/>'; @crm_shadow -d; @crm_shadow -f -C %; @crm_shadow -d; unset CIB_shadow; @cibadmin -M -X '<node id=\"1\" description=\"none\"/>'", "@cibadmin -Q -A \"//template[@id='%']\"",
	"CIB_shadow_dir=/tmp @crm_shadow -b -r %", "CIB_shadow_dir=/tmp CIB_shadow=% @crm_shadow -d", "CIB_shadow_dir=/tmp @crm_shadow -f -C % -a", "echo '<cib' > /tmp/shadow.%; CIB_shadow_dir=/tmp @crm_shadow -f -C %", "CIB_shadow_dir=/tmp @crm_shadow -f -D %", "@crm_shadow -b -c %", "ls -l /var/lib/pacemaker/cib/shadow.% | cut -d' ' -f1,3,4", "@crm_shadow -D % -f",
	// Permissions.
	"@cibadmin -M -c -o acls -X '<acls><acl_target id=\"tony\"><role id=\"r\"/></acl_target><acl_role id=\"r\"><acl_permission id=\"a1\" kind=\"read\" xpath=\"/cib\"/><acl_permission id=\"a2\" kind=\"write\" xpath=\"//constraints\"/></acl_role></acls>'",
	"@cibadmin -M -c -o crm_config -X '<cluster_property_set id=\"cib-bootstrap-options\"><nvpair id=\"enable\" name=\"enable-acl\" value=\"true\"/></cluster_property_set>'",
	"@cibadmin -Q -U tony -o nodes", "@cibadmin -B -U tony", "@cibadmin -Bs -U tony", "CIB_user=tony @cibadmin -B", "@cibadmin -Q -U nobody", "@cibadmin -Qs -U nobody", "@cibadmin -Q -S -U tony -o crm_config", "@cibadmin -Q --show-access=color -U tony", "@cibadmin -Q -Snamespace -U tony -n", "@cibadmin -C -U tony -o resources -X '<template id=\"%3\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"/>'",
	"su -s /bin/sh nobody -c '@cibadmin -Q -o nodes'", "su -s /bin/sh hacluster -c '@cibadmin -Q -o nodes'", "su -s /bin/sh hacluster -c '@cibadmin -Q -o nodes -U tony'", "su -s /bin/sh nobody -c 'HOME=/tmp @crm_shadow -b -f -e % -v none; ls -l /tmp/.cib/shadow.% | cut -c-10'", "su -s /bin/sh nobody -c '@cibadmin -Q -S -U tony'", "su -s /bin/sh nobody -c '@cibadmin -Q -S -f -U tony'",
	"@cibadmin -D -A \"//nvpair[@id='enable']\"", "@cibadmin -D -X '<template id=\"%\"/>'",
}

// form starts a cluster of three with the reference's programs.
func form(t *testing.T) *lab.Lab {
	l := lab.New(t, 3)
	l.DumpLogs("/var/log/pacemaker/pacemaker.log")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	for _, h := range l.Hosts() {
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	for _, h := range l.Hosts() {
		h.StartPacemaker()
	}
	l.Eventually(90*time.Second, "three nodes online", func() bool {
		return strings.Contains(l.Host(0).Exec("crm_mon", "-1").Stdout, "Online: [ node1 node2 node3 ]")
	})
	return l
}

// TestCluster has both tools work on a cluster of the reference's daemons, from a node that is not
// the DC; meanwhile our client follows all changes.
func TestCluster(t *testing.T) {
	l := form(t)
	h := l.Host(0)
	for _, other := range l.Hosts() {
		if !strings.Contains(h.Exec("crm_mon", "-1").Stdout, "Current DC: "+other.Name) {
			h = other
		}
	}
	equip(t, h)
	watch := h.Command(own + "watch")
	var followed, failure strings.Builder
	watch.Stdout, watch.Stderr = &followed, &failure
	input, err := watch.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	same := 0
	for _, line := range clusterLines {
		want, got := ask(h, line, false), ask(h, line, true)
		if got != want {
			t.Errorf("%s: ours\n%s\nthe reference's\n%s", line, got, want)
			continue
		}
		same++
	}
	t.Logf("%d of %d are equal", same, len(clusterLines))
	input.Close()
	if err := watch.Wait(); err != nil || !strings.Contains(followed.String(), "followed ") {
		t.Errorf("our client: %v %s\n%s", err, failure.String(), followed.String())
	}
	lines := strings.Split(strings.TrimSpace(followed.String()), "\n")
	t.Log("our client:", lines[len(lines)-1])
}

// TestStored has both tools change the file of a cluster that does not run: content, digest, backups,
// owners and permissions are the same afterwards.
func TestStored(t *testing.T) {
	l := lab.New(t, 2)
	var outcome [2]string
	for i, h := range l.Hosts() {
		equip(t, h)
		h.WriteFile("/var/lib/pacemaker/cib/cib.xml", configuration)
		h.MustRun("sh", "-c", "cd /var/lib/pacemaker/cib; chown hacluster:haclient cib.xml; chmod 600 cib.xml; ln -s /var/lib/pacemaker/cib/cib.xml /tmp/link.xml")
		for _, line := range []string{
			"@cibadmin -Q -o nodes", "@cibadmin -Ql", "@cibadmin -B", "@cibadmin -M -X '<node id=\"1\" uname=\"x\"/>'", "@cibadmin -C -o nodes -X '<bogus/>'", "cd /var/lib/pacemaker/cib; CIB_file=cib.xml @cibadmin -B", "CIB_file=/tmp/link.xml @cibadmin -B",
			"su -s /bin/sh hacluster -c '@cibadmin -B'", "su -s /bin/sh hacluster -c '@cibadmin -B -VV'", "su -s /bin/sh nobody -c '@cibadmin -B -VV'", "@cibadmin -VV -E -f", "echo >> $CIB_file; @cibadmin -B", "cp -p $CIB_file /tmp/kept; sed -i 's/ epoch=\"/ epoch=\"1/' $CIB_file; @cibadmin -B; @cibadmin -VV -B; cp -p /tmp/kept $CIB_file; @cibadmin -B",
			"cp cib.xml /tmp/copy.xml; CIB_file=/tmp/copy.xml @cibadmin -B; bzip2 -k /tmp/copy.xml; CIB_file=/tmp/copy.xml.bz2 @cibadmin -B; CIB_file=/tmp/copy.xml.bz2 @cibadmin -Q; bunzip2 -c /tmp/copy.xml.bz2; ls -l /tmp/copy* | cut -d' ' -f1,3,4",
			"@crm_shadow -b -c one; @crm_shadow -b -e two; CIB_shadow=one @cibadmin -B; CIB_shadow=one @crm_shadow -d; @crm_shadow -f -C one",
			"for n in $(seq 12); do @cibadmin -B; done", "cp -p cib.xml.sig /tmp/kept; echo bad > cib.xml.sig; @cibadmin -VV -B; : > cib.xml.sig; @cibadmin -B; cp -p /tmp/kept cib.xml.sig; @cibadmin -B", "rm cib.xml.sig; @cibadmin -VV -B", "echo 99 > cib.last; @cibadmin -B; @cibadmin -B", "echo x > cib.last; @cibadmin -B", "rm cib.last; @cibadmin -B",
			"CIB_file=/tmp/none @cibadmin -B", "CIB_file=/tmp/link.xml @cibadmin -Q -o nodes",
		} {
			line = "cd /var/lib/pacemaker/cib; export CIB_file=/var/lib/pacemaker/cib/cib.xml; " + line
			outcome[i] += line + "\n" + ask(h, line, i == 1) + "\n"
			outcome[i] += written.ReplaceAllString(h.Exec("sh", "-c", "cd /var/lib/pacemaker/cib; for f in $(ls); do stat -c '%n %A %U %G' $f; case $f in *.last) cat $f; echo;; *.sig) test \"$(cibadmin -5 -x ${f%.sig} 2>/dev/null)\" = \"$(cat $f)\" && echo fits;; *) cat $f;; esac; done").Stdout, "")
		}
	}
	got, want := strings.Split(outcome[1], "\n"), strings.Split(outcome[0], "\n")
	if d := golden.Difference(got, want); d != "" {
		t.Error(d)
		return
	}
	t.Logf("%d lines are equal", len(want))
}

var written = regexp.MustCompile(` cib-last-written="[^"]*"`)
