package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FenceAgent is a fence agent that asks the power switch of the lab to take a node's power: it puts what it wants into a folder that all
// hosts see, and waits for the switch's answer. What its parameter do says may make it fail before, or hang, and what owns
// says makes it know that host only.
const FenceAgent = `#!/bin/sh
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
<parameter name="do" unique="0" required="0"><content type="string"/><shortdesc lang="en">What to do</shortdesc></parameter>
<parameter name="owns" unique="0" required="0"><content type="string"/><shortdesc lang="en">The host it knows</shortdesc></parameter></parameters>
<actions><action name="on" automatic="0"/><action name="off"/><action name="reboot"/><action name="status"/><action name="list"/><action name="monitor"/><action name="metadata"/></actions>
</resource-agent>
END
exit 0 ;;
off|reboot) ;;
list) echo "$(get owns),"; exit 0 ;;
status) [ "$(get owns)" = "" ] || [ "$(get owns)" = "$(get plug)" ]; exit ;;
*) exit 0 ;;
esac
d=$(get outside)
plug=$(get plug)
case $(get do) in
fail) echo "$action $plug" >>"$d/failed"; echo "it fails" >&2; exit 1 ;;
hang) sleep 1000 ;;
esac
me=$(hostname).$$
echo "$action $plug" >"$d/new.$me"
mv "$d/new.$me" "$d/ask.$me"
while [ -e "$d/ask.$me" ]; do sleep 0.1; done
exit 0
`

// Power is the switch that the hosts hang on, and what their agents leave outside of them. It does something only when
// asked to look: between two looks of a scenario nobody's power goes.
type Power struct {
	Dir  string          // of the switch, the same on all hosts: the agents' parameter outside
	Held map[string]bool // hosts whose power is not taken though somebody wants it
	Cuts []Cut           // in order
	lab  *Lab
}

// Cut is that a host's power is taken, or wanted, and by whose agent: HOST, or HOST.PROCESS while it is wanted.
type Cut struct{ Host, By string }

// NewPower makes the switch.
func (l *Lab) NewPower() *Power {
	l.t.Helper()
	// A folder that each host has from the machine, unlike /tmp.
	dir, err := os.MkdirTemp("/var/tmp", "power")
	if err != nil {
		l.t.Fatalf("power: %v", err)
	}
	l.t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			l.t.Logf("power: %v", err)
		}
	})
	return &Power{Dir: dir, Held: map[string]bool{}, lab: l}
}

// LayAgent gives a host that was booted the fence agent, fence_dummy.
func (p *Power) LayAgent(h *Host) {
	p.lab.t.Helper()
	h.WriteFile("/run/fence_agent", FenceAgent)
	h.MustRun("sh", "-c", "chmod 755 /run/fence_agent && mount --bind /run/fence_agent /usr/sbin/fence_dummy")
}

// Wanted lists what agents of running hosts ask for.
func (p *Power) Wanted() (asks []Cut) {
	p.lab.t.Helper()
	for _, f := range p.files("ask.*") {
		b, err := os.ReadFile(f)
		if err != nil {
			p.lab.t.Fatalf("power: %v", err)
		}
		_, host, _ := strings.Cut(strings.TrimSpace(string(b)), " ")
		asks = append(asks, Cut{host, strings.TrimPrefix(filepath.Base(f), "ask.")})
	}
	return asks
}

func (p *Power) files(pattern string) []string {
	p.lab.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.Dir, pattern))
	if err != nil {
		p.lab.t.Fatalf("power: %v", err)
	}
	return files
}

// Serve takes the power of the hosts that agents want to be without, one after the other. What a host asked
// for before it lost its own is forgotten.
func (p *Power) Serve() {
	p.lab.t.Helper()
	for _, ask := range p.Wanted() {
		if p.Held[ask.Host] {
			continue
		}
		from, _, _ := strings.Cut(ask.By, ".")
		file := filepath.Join(p.Dir, "ask."+ask.By)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			continue // its host has just lost its power
		}
		p.Take(ask.Host)
		p.Cuts = append(p.Cuts, Cut{ask.Host, from})
		if err := os.Remove(file); err != nil {
			p.lab.t.Fatalf("power: %v", err)
		}
	}
}

// Take ends a host, and all that it wants.
func (p *Power) Take(name string) {
	p.lab.t.Helper()
	for _, h := range p.lab.Hosts() {
		if h.Name != name {
			continue
		}
		h.Crash()
		for _, f := range p.files("ask." + name + ".*") {
			if err := os.Remove(f); err != nil {
				p.lab.t.Fatalf("power: %v", err)
			}
		}
	}
}

// Taken tells whether the switch took a host's power.
func (p *Power) Taken(name string) bool {
	return slices.ContainsFunc(p.Cuts, func(c Cut) bool { return c.Host == name })
}

// Left are the lines that agents have left in a file.
func (p *Power) Left(file string) []string {
	p.lab.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.Dir, file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.lab.t.Fatalf("power: %v", err)
	}
	if len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}
