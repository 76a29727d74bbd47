//go:build interop

package pcmkcluster

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var update = flag.Bool("update", false, "put a message of each group into cpgmsg's testdata")

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

// TestMessages reads all that the daemons of two of the reference's nodes say to each
// other while they form a cluster and its configuration grows, and writes it again.
func TestMessages(t *testing.T) {
	bin := build(t, "listen")
	l := lab.New(t, 2)
	l.DumpLogs("/var/log/pacemaker/pacemaker.log")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	for _, h := range l.Hosts() {
		h.Use(lab.C)
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)

	a := l.Host(0)
	groups := []string{"attrd", "cib", "crmd", "stonith-ng"}
	a.MustRun("mkdir", "-p", "/run/heard")
	a.Start(a.Copy(bin, "/run/listen"), append([]string{"/run/heard"}, groups...)...)
	l.Eventually(10*time.Second, "the groups are joined", func() bool {
		for _, g := range groups {
			if _, err := os.Stat(a.Path("/run/heard/" + g)); err != nil {
				return false
			}
		}
		return true
	})
	for _, h := range l.Hosts() {
		h.Start("pacemakerd", "-f")
	}
	l.Eventually(90*time.Second, "two nodes online", func() bool {
		return strings.Contains(a.Exec("crm_mon", "-1").Stdout, "Online: [ node1 node2 ]")
	})
	// Large enough to be compressed.
	var big strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&big, `<nvpair id="big-%d" name="option-%d" value="%032d"/>`, i, i, i)
	}
	a.WriteFile("/run/big.xml", `<cluster_property_set id="big">`+big.String()+`</cluster_property_set>`)
	a.MustRun("cibadmin", "-C", "-o", "crm_config", "--xml-file", "/run/big.xml")
	l.Host(1).MustRun("attrd_updater", "-n", "colour", "-U", "blue", "-d", "0")
	l.Host(1).MustRun("crm_attribute", "-n", "maintenance-mode", "-v", "true")
	l.Eventually(20*time.Second, "the attribute reads back", func() bool {
		return strings.Contains(a.Exec("attrd_updater", "-n", "colour", "-Q", "-A").Stdout, `"blue"`)
	})

	heard := map[string]int{}
	packedOnes := 0
	for _, group := range groups {
		files, err := filepath.Glob(a.Path("/run/heard/" + group + ".*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Base(file)
			m, err := cpgmsg.Decode(raw)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if m.Sender.Node != 0 {
				t.Errorf("%s: sender says it is node %d", name, m.Sender.Node)
			}
			again, err := cpgmsg.Encode(nil, m)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if len(m.Text)+1 >= packed.Threshold {
				// Two compressors need not agree on the bytes.
				packedOnes++
				if back, err := cpgmsg.Decode(again); err != nil || *back != *m {
					t.Errorf("%s: a compressed message does not come back: %v", name, err)
				}
			} else if !bytes.Equal(raw, again) {
				t.Errorf("%s: written again it differs:\n% x\n% x", name, raw, again)
			}
			node, err := strconv.ParseUint(filepath.Ext(name)[1:], 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.From(uint32(node)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			from := cpgmsg.ServiceOf(group)
			to := from
			if strings.Contains(m.Text, `vote"`) {
				to = cpgmsg.CRMD // elections address controllers, also attrd's
			}
			if m.Sender.Service != from || m.Receiver.Service != to {
				t.Errorf("%s: from %v to %v, want %v and %v", name, m.Sender.Service, m.Receiver.Service, from, to)
			}
			heard[group]++
			if *update && heard[group] == 2 {
				golden := filepath.Join("../../internal/pcmk/cpgmsg/testdata", group+".bin")
				if err := os.WriteFile(golden, raw, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, g := range groups {
		if heard[g] == 0 {
			t.Errorf("nothing heard in group %s", g)
		}
	}
	if packedOnes == 0 {
		t.Error("no message was compressed")
	}
	t.Logf("messages heard: %v, %d of them compressed", heard, packedOnes)
}
