//go:build interop

package based

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

const cibDir = "/var/lib/pacemaker/cib"

// TestDisk has a node find its files damaged when it comes back, and its disk full. What is damaged is set aside, the
// CIB comes from the peers, and what is then written is whole. It runs on request.
func TestDisk(t *testing.T) {
	onRequest(t)
	mix.CompareIn(t, "GoGoGo", []string{daemon}, func(r *mix.Run) {
		const node = 2
		h := r.Host(node)
		r.Do(1, "crm_attribute", "-n", "a", "-v", "begin")
		r.Same()
		// damaged has the node come back with its files changed by a script.
		damaged := func(what, script string) {
			r.Crash(node)
			r.Do(1, "crm_attribute", "-n", "a", "-v", what)
			r.Boot(node)
			h.MustRun("sh", "-c", "cd "+cibDir+" && rm -f cib.auto.* && "+script)
			r.Return(node)
			r.SettleConfiguration()
		}
		aside := []string{"sh", "-c", "ls " + cibDir + " | grep -c auto"}
		for _, damage := range [][2]string{
			{"the file", "head -c 300 cib.xml >x && cat x >cib.xml && rm x"},
			{"the signature", "echo 00000000000000000000000000000000 >cib.xml.sig"},
		} {
			damaged(damage[0], damage[1])
			whole(r, node)
			r.Do(node, aside...)
		}

		// The disk is full when the manager begins, and stays so through a change.
		r.Crash(node)
		r.Boot(node)
		h.MustRun("sh", "-c", "cp -a "+cibDir+" /run/kept && mount -t tmpfs -o size=256k,mode=750 tmpfs "+cibDir+
			" && cp -a /run/kept/cib.xml /run/kept/cib.xml.sig "+cibDir+" && chown hacluster:haclient "+cibDir+" && { cat /dev/zero >"+cibDir+"/fill || true; }")
		r.Return(node)
		r.Do(node, "crm_attribute", "-n", "a", "-v", "full")
		r.SettleConfiguration()
		r.Do(node, "sh", "-c", "! grep -q 'value=\"full\"' "+cibDir+"/cib.xml && echo 'not written'")
		h.MustRun("rm", cibDir+"/fill")
		h.SignalAll("pacemaker-based", syscall.SIGPIPE) // has it write again
		r.Lab.Eventually(30*time.Second, "the signal is heard", func() bool {
			return strings.Contains(h.ReadFile(log), "Caught 'Broken pipe' signal")
		})
		r.Do(1, "crm_attribute", "-n", "a", "-v", "space")
		r.SettleConfiguration()
		whole(r, node)

		// What is no XML at all the reference's manager leaves where it is, and writes no more because of it.
		damaged("all files, and the backups", `for f in cib*; do echo odd >"$f"; done`)
		if r.Ours(node) {
			whole(r, node)
			if got := h.Exec(aside[0], aside[1:]...).Stdout; got != "2\n" {
				r.T.Errorf("%s files set aside", got)
			}
		}
	})
}

// whole waits until a node's disk has its CIB, with the signature of that.
func whole(r *mix.Run, node int) {
	r.T.Helper()
	h := r.Host(node)
	r.Lab.Eventually(30*time.Second, h.Name+" has written its CIB", func() bool {
		return h.Exec("sh", "-c", `cd `+cibDir+` && [ "$(cibadmin -5 -x cib.xml)" = "$(cat cib.xml.sig)" ] &&
			[ "$(crm_attribute -n a -G -q)" = "$(CIB_file=cib.xml crm_attribute -n a -G -q)" ]`).Code == 0
	})
}
