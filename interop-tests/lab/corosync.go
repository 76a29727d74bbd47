package lab

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Ring is a corosync.conf for all hosts of a lab, part by part.
type Ring struct {
	Transport string // udpu, udp or knet
	IPVersion string // ipv4, ipv6, ipv4-6, ipv6-4; empty: the reference's default
	Broadcast bool   // with udp: broadcast in place of multicast
	Token     int    // ms; 0: 1000, so that tests are quick
	Links     int    // with knet: links of each node, on as many networks; 0: one
	Crypto    string // with knet: cipher and hash, "aes256/sha256"; empty: none
	Key       string // with Crypto: what the key is made of; empty: a text of its own
	Totem     string // further lines of the totem section
	Quorum    string // further lines of the quorum section
	NoQuorum  bool   // no quorum provider
	Sections  string // further sections
	// Realtime leaves corosync the priority that it has by default. Without it
	// all of them are ordinary processes: the reference computes without a pause
	// while its clients are held back in a long change of membership, and a few
	// of those at the highest priority leave this machine's network, which is
	// this process, no processor.
	Realtime bool
}

// key is what the configuration of a Ring with Crypto has. No space at the end of a
// value is kept there.
func (r Ring) key() string {
	return strings.TrimSpace(strings.Repeat(cmp.Or(r.Key, "not a secret, "), 10))
}

// PrivateKey is what corosync makes of it: the zero byte at the end counts.
func (r Ring) PrivateKey() []byte { return append([]byte(r.key()), 0) }

// Conf returns the text.
func (r Ring) Conf(hosts []*Host) string {
	var b strings.Builder
	token := r.Token
	if token == 0 {
		token = 1000
	}
	fmt.Fprintf(&b, "totem {\n  version: 2\n  cluster_name: lab\n  transport: %s\n  token: %d\n", r.Transport, token)
	if r.IPVersion != "" {
		fmt.Fprintf(&b, "  ip_version: %s\n", r.IPVersion)
	}
	if cipher, hash, ok := strings.Cut(r.Crypto, "/"); ok {
		fmt.Fprintf(&b, "  crypto_cipher: %s\n  crypto_hash: %s\n  key: %s\n", cipher, hash, r.key())
	}
	b.WriteString(r.Totem)
	if r.Broadcast {
		b.WriteString("  interface {\n    linknumber: 0\n    broadcast: yes\n  }\n")
	}
	b.WriteString("}\nnodelist {\n")
	for _, h := range hosts {
		addr := h.Addr()
		if r.IPVersion == "ipv6" {
			addr = h.Addr6()
		}
		fmt.Fprintf(&b, "  node {\n    ring0_addr: %s\n", addr)
		for n := 1; n < r.Links; n++ {
			addr := h.AddrOn(n)
			if r.IPVersion == "ipv6" {
				addr = h.Addr6On(n)
			}
			fmt.Fprintf(&b, "    ring%d_addr: %s\n", n, addr)
		}
		fmt.Fprintf(&b, "    name: %s\n    nodeid: %d\n  }\n", h.Name, h.Index+1)
	}
	b.WriteString("}\n")
	if !r.NoQuorum {
		fmt.Fprintf(&b, "quorum {\n  provider: corosync_votequorum\n%s}\n", r.Quorum)
	}
	b.WriteString("logging {\n  to_stderr: no\n  to_syslog: no\n  to_logfile: yes\n  logfile: /var/log/corosync/corosync.log\n  debug: on\n  timestamp: hires\n}\n")
	if !r.Realtime {
		b.WriteString("system {\n  sched_rr: no\n  priority: 0\n}\n")
	}
	b.WriteString(r.Sections)
	return b.String()
}

// StartCorosync starts corosync in the foreground.
func (h *Host) StartCorosync() *Process {
	h.lab.t.Helper()
	h.corosync = h.Start("corosync", "-f")
	return h.corosync
}

// Corosync is what StartCorosync started last.
func (h *Host) Corosync() *Process { return h.corosync }

// CorosyncLog is what corosync has logged.
func (h *Host) CorosyncLog() string { return h.ReadFile("/var/log/corosync/corosync.log") }

// Members asks corosync-quorumtool for the node ids in this host's partition.
func (h *Host) Members() string {
	h.lab.t.Helper()
	var ids []string
	in := false
	for line := range strings.Lines(h.Exec("corosync-quorumtool", "-l").Stdout) {
		f := strings.Fields(line)
		switch {
		case len(f) > 0 && f[0] == "Nodeid":
			in = true
		case in && len(f) > 2:
			ids = append(ids, f[0])
		}
	}
	return strings.Join(ids, " ")
}

// Form waits until each of the hosts has just these as members.
func (l *Lab) Form(hosts ...*Host) {
	l.t.Helper()
	l.FormTended(func() {}, hosts...)
}

// FormTended is Form that has tend called each time before it looks.
func (l *Lab) FormTended(tend func(), hosts ...*Host) {
	l.t.Helper()
	var ids []string
	for _, h := range hosts {
		ids = append(ids, fmt.Sprint(h.Index+1))
	}
	want := strings.Join(ids, " ")
	for _, h := range hosts {
		l.Eventually(30*time.Second, fmt.Sprintf("%s (%v) has the members %s", h.Name, h.kind, want), func() bool {
			tend()
			return h.Members() == want
		})
	}
}

// DumpLogs prints the end of each host's logs if the test has failed, and copies
// them whole to the folder that RINGMASTER_KEEP names, if it does.
func (l *Lab) DumpLogs(paths ...string) {
	l.t.Cleanup(func() {
		if !l.t.Failed() {
			return
		}
		for _, h := range l.hosts {
			if h.first == nil {
				continue
			}
			for _, p := range paths {
				text := h.ReadFile(p)
				lines := strings.Split(text, "\n")
				l.t.Logf("---- %s (%v) %s\n%s", h.Name, h.kind, p, strings.Join(lines[max(0, len(lines)-60):], "\n"))
				if err := h.keep(filepath.Base(p), text); err != nil {
					l.t.Logf("keep the logs: %v", err)
				}
			}
		}
	})
}
