//go:build interop

package fenced

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// fenceLab is a fence agent that has the power switch of the lab take a node's power. It puts
// what it wants into a folder that all hosts see, and waits for the switch's answer. What its
// parameter do says may make it fail before.
const fenceLab = `#!/bin/sh
in=$(cat)
get() { printf "%s\n" "$in" | sed -n "s/^$1=//p"; }
action=$(get action)
case $action in
metadata) cat <<'END'
<?xml version="1.0" ?>
<resource-agent name="fence_dummy" shortdesc="Power of the lab"><longdesc>Power of the lab</longdesc><vendor-url>none</vendor-url>
<parameters><parameter name="action" unique="0" required="1"><content type="string" default="reboot"/><shortdesc lang="en">Action</shortdesc></parameter>
<parameter name="plug" unique="0" required="1"><content type="string"/><shortdesc lang="en">Plug</shortdesc></parameter>
<parameter name="outside" unique="0" required="1"><content type="string"/><shortdesc lang="en">Where the switch is</shortdesc></parameter>
<parameter name="do" unique="0" required="0"><content type="string"/><shortdesc lang="en">What to do</shortdesc></parameter></parameters>
<actions><action name="on" automatic="0"/><action name="off"/><action name="reboot"/><action name="status"/><action name="monitor"/><action name="metadata"/></actions>
</resource-agent>
END
exit 0 ;;
off|reboot) ;;
*) exit 0 ;;
esac
d=$(get outside)
plug=$(get plug)
case $(get do) in
fail) echo "$action $plug" >>"$d/failed"; echo "it fails" >&2; exit 1 ;;
esac
me=$(hostname).$$
echo "$action $plug" >"$d/new.$me"
mv "$d/new.$me" "$d/ask.$me"
while [ -e "$d/ask.$me" ]; do sleep 0.1; done
exit 0
`

// locked is a resource agent whose instance holds a lock of the machine that all hosts are on, for
// as long as it is active. The kernel frees it when the host's processes are ended.
const locked = `#!/bin/sh
d=$OCF_RESKEY_outside
pid=/run/locked.pid
alive() { [ -s $pid ] && kill -0 "$(cat $pid)" 2>/dev/null; }
case $1 in
meta-data) cat <<'END'
<?xml version="1.0"?>
<resource-agent name="Locked" version="1.0"><version>1.1</version><longdesc lang="en">Locked</longdesc><shortdesc lang="en">Locked</shortdesc>
<parameters><parameter name="outside" required="1"><longdesc lang="en">Where the lock is</longdesc><shortdesc lang="en">Where the lock is</shortdesc><content type="string"/></parameter></parameters>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/><action name="monitor" timeout="20s" interval="10s"/><action name="meta-data" timeout="5s"/></actions>
</resource-agent>
END
;;
start)
	alive && exit 0
	exec 9>>"$d/lock"
	flock -n 9 || { echo "$(hostname)" >>"$d/twice"; exit 1; }
	setsid sleep 1000000 </dev/null >/dev/null 2>&1 &
	echo $! >$pid
	echo "$(hostname)" >>"$d/active"
	;;
stop) ! alive || kill -9 "$(cat $pid)"; while alive; do sleep 0.1; done; rm -f $pid ;;
monitor) alive || exit 7 ;;
esac
exit 0
`

// power is the switch that the nodes of a cluster hang on, and what their agents leave outside of
// the hosts. It does something only when asked to look: between two looks of a scenario nobody's
// power goes.
type power struct {
	t   *testing.T
	lab *lab.Lab
	dir string
	// held are nodes whose power is not taken though somebody wants it.
	held map[string]bool
	// cut lists the nodes whose power was taken, in order, and by whose agent.
	cut []cut
}

type cut struct{ node, by string }

func newPower(t *testing.T, l *lab.Lab) *power {
	// A folder that each host has from the machine, unlike /tmp.
	dir, err := os.MkdirTemp("/var/tmp", "power")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return &power{t: t, lab: l, dir: dir, held: map[string]bool{}}
}

// wanted lists what agents of running hosts ask for: whose, and which node.
func (p *power) wanted() (asks []cut) {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "ask.*"))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			p.t.Fatal(err)
		}
		_, node, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
		asks = append(asks, cut{node, strings.TrimPrefix(filepath.Base(f), "ask.")})
	}
	return asks
}

// serve takes the power of the nodes that agents want to be without, one after the other. What a node asked
// for before it lost its own is forgotten.
func (p *power) serve() {
	p.t.Helper()
	for _, ask := range p.wanted() {
		if p.held[ask.node] {
			continue
		}
		from, _, _ := strings.Cut(ask.by, ".")
		file := filepath.Join(p.dir, "ask."+ask.by)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			continue // its host has just lost its power
		}
		p.take(ask.node)
		p.cut = append(p.cut, cut{ask.node, from})
		if err := os.Remove(file); err != nil {
			p.t.Fatal(err)
		}
	}
}

// take ends a node, and all that it wants.
func (p *power) take(node string) {
	p.t.Helper()
	for _, h := range p.lab.Hosts() {
		if h.Name != node {
			continue
		}
		h.Crash()
		asks, err := filepath.Glob(filepath.Join(p.dir, "ask."+node+".*"))
		if err != nil {
			p.t.Fatal(err)
		}
		for _, f := range asks {
			if err := os.Remove(f); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

// taken tells whether the switch took a node's power.
func (p *power) taken(node string) bool {
	return slices.ContainsFunc(p.cut, func(c cut) bool { return c.node == node })
}

// left are the lines that agents have left in a file.
func (p *power) left(file string) []string {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.t.Fatal(err)
	}
	if len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}
