package corosyncconf

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// world is a machine made of maps.
type world struct {
	files      map[string]string
	hosts      map[string][]string
	names      map[string]string // reverse
	interfaces []string
	hostname   string
	log        []string
}

func newWorld(conf string) *world {
	return &world{
		files:      map[string]string{"/etc/corosync/corosync.conf": conf},
		interfaces: []string{"127.0.0.1", "10.0.0.1", "fd00::1"},
		hosts: map[string][]string{
			"n1": {"10.0.0.1"}, "n2": {"10.0.0.2"}, "n3": {"10.0.0.3"},
			"both": {"10.0.0.1", "fd00::1"}, "six": {"fd00::1"}, "alias": {"10.0.0.2"},
		},
		hostname: "n1.example.org",
	}
}

func (w *world) env() *Env {
	return &Env{
		ReadFile: func(p string) ([]byte, error) {
			if s, ok := w.files[p]; ok {
				return []byte(s), nil
			}
			return nil, &os.PathError{Op: "open", Path: p, Err: syscall.ENOENT}
		},
		ReadDir: func(dir string) ([]string, error) {
			var names []string
			for p := range w.files {
				if path.Dir(p) == dir {
					names = append(names, path.Base(p))
				}
			}
			return names, nil
		},
		UserID: func(n string) (uint32, bool, error) { return 116, n == "hacluster", nil },
		GroupID: func(n string) (uint32, bool, error) {
			if n == "broken" {
				return 0, false, syscall.EIO
			}
			return 119, n == "haclient", nil
		},
		Hostname:   func() (string, error) { return w.hostname, nil },
		Interfaces: func() ([]netip.Addr, error) { return parseAddrs(w.interfaces), nil },
		Resolve: func(n string, f Family) []netip.Addr {
			list := w.hosts[n]
			if _, err := netip.ParseAddr(n); err == nil {
				list = []string{n}
			}
			var out []netip.Addr
			for _, a := range parseAddrs(list) {
				if f == AnyFamily || a.Is4() == (f == IPv4) {
					out = append(out, a)
				}
			}
			return out
		},
		NameOf: func(a netip.Addr) string {
			if n, ok := w.names[a.String()]; ok {
				return n
			}
			return a.String()
		},
		Log: w, CFG: w,
	}
}

func parseAddrs(list []string) []netip.Addr {
	var out []netip.Addr
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

func (w *world) Enabled(loglevel.Level) bool { return true }

func (w *world) Logf(l loglevel.Level, format string, args ...any) {
	if l < loglevel.Debug {
		w.log = append(w.log, fmt.Sprintf(format, args...))
	}
}

// read does what corosync -t does.
func (w *world) read() (*File, *Totem, error) {
	f, err := Parse(w.env(), "/etc/corosync/corosync.conf")
	if err != nil {
		return nil, nil, err
	}
	if err := f.Check(debugCheck); err != nil {
		return f, nil, err
	}
	t, err := ReadTotem(w.env(), f)
	if err != nil {
		return f, nil, err
	}
	return f, t, t.Validate(f)
}

// debugCheck stands for the log's reading of its section.
var debugCheck = Check{"logging.", func(m *icmap.Map) error {
	for key, v := range m.Iterate("logging.") {
		if s, _ := v.Str(); strings.HasSuffix(key, ".debug") && s != "on" && s != "off" {
			return errors.New("unknown value for debug")
		}
	}
	return nil
}}

// totemConf is a valid configuration of nodes n1, n2, ... with more lines in
// the totem section.
func totemConf(transport string, nodes int, more ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "totem {\n\tversion: 2\n\ttransport: %s\n\tcluster_name: test\n", transport)
	for _, m := range more {
		fmt.Fprintf(&b, "\t%s\n", m)
	}
	b.WriteString("}\nnodelist {\n")
	for i := 1; i <= nodes; i++ {
		fmt.Fprintf(&b, "\tnode {\n\t\tring0_addr: 10.0.0.%d\n\t\tname: n%d\n\t\tnodeid: %d\n\t}\n", i, i, i)
	}
	b.WriteString("}\n")
	return b.String()
}
