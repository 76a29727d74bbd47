//go:build interop

package ring

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
	knet "github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// keyring is that of a ring with a cipher and hash.
func keyring(t *testing.T, ciphers string, key []byte) *crypto.Keyring {
	t.Helper()
	k, err := newKeyring(ciphers, key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// droppedBy is one of the counters of what a node of ours has received for nothing.
func droppedBy(h *lab.Host, why string) (n int) {
	out := h.MustRun("corosync-cmapctl", "-m", "stats", "-g", droppedKeys+why)
	if _, v, ok := strings.Cut(out, " = "); ok {
		fmt.Sscan(v, &n)
	}
	return n
}

// TestStrangers has somebody on the network send a node of ours packets in the name
// of a node of the reference, under load: sealed with another key, cut short,
// heard before. Each is counted, and the ring does not notice.
func TestStrangers(t *testing.T) {
	const packets = 50
	for _, ciphers := range []string{"aes256/sha256", ""} {
		t.Run("crypto "+ciphers, func(t *testing.T) {
			l := lab.New(t, 3)
			l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync.out", "/var/log/cpgnode.out", logOnHost)
			conf := lab.Ring{Transport: "knet", Crypto: ciphers}
			l.WriteFile("/etc/corosync/corosync.conf", conf.Conf(l.Hosts()))
			ld := newLoad(t, l, clientDir, conf)
			all := l.Hosts()
			ours, theirs := all[0], all[1]
			ours.Use(lab.Go)
			heard := make(chan []byte) // to who asks for one
			own, seen := keyring(t, ciphers, conf.PrivateKey()), 0
			l.OnFrame(theirs, ours, func(frame []byte) {
				plain, _, err := own.Open(nil, lab.Payload(frame))
				var d knet.Data
				if err != nil {
					return
				} else if _, err := d.Parse(plain); err != nil {
					return
				}
				if seen++; seen%5 == 0 {
					select {
					case heard <- slices.Clone(frame):
					default:
					}
				}
			})
			for _, h := range all {
				h.StartCorosync()
			}
			l.Form(all...)
			for _, h := range all {
				ld.join(h, rate)
			}
			before := memberships(ours)
			var old [][]byte
			for range 4 * packets {
				old = append(old, <-heard)
			}
			// A keyring is for one at a time, and own is used where frames pass.
			another, wrong := keyring(t, ciphers, conf.PrivateKey()), keyring(t, ciphers, bytes.Repeat([]byte("another key "), 20))
			truncated := "malformed"
			if ciphers != "" {
				truncated = "unauthentic"
			}
			for _, step := range []struct {
				name, counter string
				frame         func(frame []byte) []byte // of one heard just now
			}{
				{"cut short", truncated, func(f []byte) []byte { return lab.WithPayload(f, lab.Payload(f)[:5]) }},
				{"replayed", "duplicate", func(f []byte) []byte { return f }},
				{"with another key", "unauthentic", func(f []byte) []byte {
					plain, _, err := another.Open(nil, lab.Payload(f))
					if err != nil {
						t.Fatal(err)
					}
					return lab.WithPayload(f, wrong.Seal(nil, plain, nil))
				}},
			} {
				if step.counter == "unauthentic" && ciphers == "" {
					continue // there are no keys
				}
				was := droppedBy(ours, step.counter)
				for range packets {
					l.Inject(ours, step.frame(<-heard))
				}
				l.Eventually(5*time.Second, fmt.Sprintf("%d packets %s are counted as %s", packets, step.name, step.counter), func() bool {
					return droppedBy(ours, step.counter) >= was+packets
				})
			}
			for _, f := range old { // too old for anybody to remember their numbers
				l.Inject(ours, f)
				l.Inject(ours, lab.WithPayload(f, lab.Payload(f)[:len(lab.Payload(f))/2]))
			}
			ld.quiet(all...)
			if n := memberships(ours) - before; n != 0 {
				t.Errorf("%d changes of membership", n)
			}
			ld.check(all...)
		})
	}
}
