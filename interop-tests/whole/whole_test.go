//go:build interop

package whole

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

// programs are all that we have, by where they are installed.
func programs(t *testing.T) (all []string) {
	stage, err := lab.Stage()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/usr/sbin", "/usr/lib/pacemaker"} {
		names, err := filepath.Glob(filepath.Join(stage, dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			// Not all of Debian's packages need be there.
			if path := strings.TrimPrefix(name, stage); exists(path) {
				all = append(all, path)
			}
		}
	}
	if !slices.Contains(all, "/usr/sbin/pacemakerd") || !slices.Contains(all, "/usr/sbin/corosync") {
		t.Fatalf("only %q are staged", all)
	}
	return all
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

type story struct{ *mix.Run }

// varies are times, and who of several was the last to change something.
var varies = regexp.MustCompile(`(exec|queued)=\d+ms|(last-failure|last-rc-change)='[^']*'|(call|call-id)=("?)\d+"?|(Last change:).*|(Last updated:).*|(last updated) [^)]*|(client=stonith_admin)\.\d+`)

// mask leaves out what varies, and sorts instances of a clone: their numbers follow the order in which nodes have joined.
func mask(text string) string {
	lines := strings.Split(varies.ReplaceAllString(text, "$1$2$3$5$6$7$8"), "\n")
	for i := 0; i < len(lines); {
		end := i + 1
		if name := instance.FindString(lines[i]); name != "" {
			for end < len(lines) && strings.HasPrefix(lines[end], name) {
				end++
			}
			slices.Sort(lines[i:end])
		}
		i = end
	}
	return strings.Join(lines, "\n")
}

// instance is how a status begins to tell of a resource's instance, up to where it is.
var instance = regexp.MustCompile(`^\s+\* \S+\s+\(\S+\):`)

func (s *story) do(node int, line string) { s.DoMasked(mask, node, strings.Fields(line)...) }

// must is do of what has to succeed.
func (s *story) must(node int, line string) {
	s.T.Helper()
	if r := s.Do(node, strings.Fields(line)...); r.Code != 0 {
		s.T.Fatalf("%s: status %d: %s%s", line, r.Code, r.Stdout, r.Stderr)
	}
}

// shows waits until the status has all of these and the cluster nothing to do.
func (s *story) shows(node int, patterns ...string) {
	s.T.Helper()
	h := s.Host(node)
	last, same, out := "", 0, ""
	defer func() {
		if s.T.Failed() {
			s.T.Log(out)
		}
	}()
	s.Lab.Eventually(90*time.Second, strings.Join(patterns, ", "), func() bool {
		out = h.Exec("crm_mon", "-1", "-r").Stdout
		for _, p := range patterns {
			if !regexp.MustCompile(p).MatchString(out) {
				same = 0
				return false
			}
		}
		cib := h.Exec("cibadmin", "-Q", "-l").Stdout
		if cib != last || !strings.Contains(h.Exec("crmadmin", "-S", leader(out)).Stdout, "S_IDLE") {
			last, same = cib, 0
			return false
		}
		same++
		return same == 3
	})
}

var dcLine = regexp.MustCompile(`Current DC: (node\d)`)

func leader(status string) string {
	if m := dcLine.FindStringSubmatch(status); m != nil {
		return m[1]
	}
	return "nobody"
}

// TestPCS: pcs and crm configure a cluster and drive it.
func TestPCS(t *testing.T) {
	mix.CompareIn(t, "CCC,GoGoGo", programs(t), func(r *mix.Run) {
		s := &story{r}
		for n := 1; n <= 3; n++ {
			s.Host(n).MustRun("mkdir", "-p", "/var/log/crmsh")
		}
		for _, line := range []string{
			"pcs resource create a ocf:pacemaker:Dummy op monitor interval=10s --group g",
			"pcs resource create b ocf:pacemaker:Dummy op monitor interval=10s --group g",
			"pcs resource create c ocf:pacemaker:Dummy clone",
			"pcs resource create p ocf:pacemaker:Stateful promotable",
			"pcs constraint location g prefers node2=100",
			"pcs constraint order start c-clone then g",
			"pcs constraint colocation add d with g",
			"crm -F configure primitive d ocf:pacemaker:Dummy op monitor interval=10s",
			"pcs constraint colocation add d with g",
		} {
			if strings.HasPrefix(line, "pcs constraint colocation") {
				s.do(1, line) // once in vain
			} else {
				s.must(1, line)
			}
		}
		s.shows(1, `(?m)^ .*\* a\s.*Started node2`, `\* b\s.*Started node2`, `\* d\s.*Started node2`, `Promoted: \[ node`, `Started: \[ node1 node2 node3 \]`)
		for _, line := range []string{"pcs status", "pcs constraint", "crm status", "crm_mon -1 -rnfA"} {
			s.do(1, line)
		}
		s.do(1, "pcs node standby node2")
		s.shows(1, `\* Node node2: standby`, `\* a\s.*Started node[13]`, `\* d\s.*Started node[13]`)
		s.do(1, "crm_mon -1 -rnf")
		s.do(3, "pcs node unstandby node2")
		s.shows(3, `Online: \[ node1 node2 node3 \]`, `\* a\s.*Started node2`, `\* d\s.*Started node2`)
		s.do(2, "crm resource stop g")
		s.shows(2, `\* a\s.*Stopped`)
		s.do(2, "crm resource start g")
		s.shows(2, `\* a\s.*Started node2`, `\* d\s.*Started node2`)
		s.Host(2).MustRun("rm", "-f", "/run/Dummy-a.state")
		s.shows(1, `a 10s-interval monitor on node2 returned 'not running'`, `\* a\s.*Started node2`, `\* d\s.*Started node2`)
		s.do(1, "pcs resource cleanup a")
		s.shows(1, `\* b\s.*Started node2`)
		s.do(1, "crm_mon -1 -rf")
		if os.Getenv("RINGMASTER_WHOLE") == "" {
			return
		}
		s.Crash(2)
		s.shows(1, `OFFLINE: \[ node2 \]`, `\* a\s.*Started node[13]`, `\* d\s.*Started node[13]`)
		s.do(1, "crm_mon -1 -rnf")
		s.Boot(2)
		s.Return(2)
		s.shows(1, `Online: \[ node1 node2 node3 \]`, `\* a\s.*Started node2`, `\* d\s.*Started node2`)
		s.do(3, "crm configure show")
		s.do(3, "pcs config")
		s.SettleConfiguration()
	})
}
