//go:build interop

package remotecib

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

const (
	manager   = "/usr/lib/pacemaker/pacemaker-based"
	folder    = "/var/lib/pacemaker/cib"
	clearPort = "5561"
	tlsPort   = "5562"
	noPort    = "5599"
	cib       = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" remote-clear-port="` +
		clearPort + `" remote-tls-port="` + tlsPort + `"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>` + "\n"
	// geheim is that password as the system stores it, by the method of Debian 12.
	geheim = `$y$j9T$abcdefghijklmnop$TZl1CrTN8GLrlgbnI64zBu4u1VjECCj161mNTdL9Yy.`
)

var tools = []string{"/usr/sbin/cibadmin", "/usr/sbin/crm_attribute"}

// pair is a manager and the tools that talk to it.
type pair struct {
	manager, tools lab.Kind
	host           *lab.Host
}

func (p pair) String() string { return fmt.Sprintf("tools %v, manager %v", p.tools, p.manager) }

// start has a host for each of the pairs, a cluster of its own, in which nobody but the manager changes
// the CIB. (A manager of the reference that stands alone changes nothing.)
func start(t *testing.T) []*pair {
	t.Helper()
	pairs := []*pair{{manager: lab.C, tools: lab.C}, {manager: lab.Go, tools: lab.C}, {manager: lab.C, tools: lab.Go}, {manager: lab.Go, tools: lab.Go}}
	l := lab.New(t, len(pairs))
	l.DumpLogs("/var/log/pacemaker/pacemaker.log")
	for i, p := range pairs {
		p.host = l.Host(i)
		if p.manager == lab.Go {
			p.host.Lay(manager)
		}
		if p.tools == lab.Go {
			for _, tool := range tools {
				p.host.Lay(tool)
			}
		}
		p.host.WriteFile("/etc/corosync/corosync.conf", strings.Replace(lab.Ring{Transport: "udpu"}.Conf([]*lab.Host{p.host}), "name: "+p.host.Name, "name: node", 1))
		p.host.WriteFile("/etc/corosync/uidgid.d/pacemaker", "uidgid {\n  uid: hacluster\n  gid: haclient\n}\n")
		p.host.WriteFile(folder+"/cib.xml", cib)
		p.host.MustRun("sh", "-ec", "chown -R hacluster:haclient "+folder+"; chmod 600 "+folder+"/cib.xml\n"+
			"sed 's#^hacluster:[^:]*:#hacluster:"+geheim+":#' /etc/shadow >/run/shadow; chown root:shadow /run/shadow; chmod 640 /run/shadow\n"+
			"mount --bind /run/shadow /etc/shadow")
		p.host.StartCorosync()
	}
	for _, p := range pairs {
		l.Form(p.host)
		p.host.Start("setpriv", "--reuid=hacluster", "--regid=haclient", "--init-groups", "env", "PCMK_logfile=/var/log/pacemaker/pacemaker.log", "PCMK_debug=yes", manager)
	}
	for _, p := range pairs {
		l.Eventually(3*time.Minute, fmt.Sprint(p, ": the manager answers and listens"), func() bool {
			return p.host.Exec("cibadmin", "-Q", "-l").Code == 0 && strings.Contains(p.host.MustRun("ss", "-Hltn"), ":"+clearPort)
		})
	}
	return pairs
}

// random is what is not the same in two runs: when and by whom something was written, and how the
// reference's tools are called when they write without a name.
var random = regexp.MustCompile(` (cib-last-written|update-(origin|client|user))="[^"]*"`)

// command is a command line, with what is added to the environment.
type command struct{ env, line string }

func (c command) on(h *lab.Host, port, encrypted string) string {
	env := fmt.Sprintf("CIB_server=127.0.0.1 CIB_port=%s CIB_encrypted=%s CIB_user=hacluster CIB_passwd=geheim", port, encrypted)
	began := time.Now()
	r := h.Exec("sh", "-c", "export "+env+"; "+c.env+" timeout 15 "+c.line+" </dev/null")
	if took := time.Since(began); took > 4*time.Second {
		fmt.Fprintf(os.Stderr, "%s: %s %s took %v\n", h.Name, c.env, c.line, took)
	}
	return fmt.Sprintf("# %s %s\n%s%sstatus %d\n", c.env, c.line, random.ReplaceAllString(r.Stdout, ""), r.Stderr, r.Code)
}

const primitive = `<primitive id="d" class="ocf" provider="pacemaker" type="Dummy"/>`

// requests reads and writes.
var requests = []command{
	{"", "cibadmin -Q"},
	{"", "cibadmin -Q -o nodes"},
	{"", "cibadmin -C -o resources -X '" + primitive + "'"},
	{"", "cibadmin -C -o resources -X '" + primitive + "'"},
	{"", "cibadmin -M -o resources -X '<primitive id=\"d\" description=\"&lt;&amp;ü\"/>'"},
	{"", "cibadmin -M -o resources -X '<primitive id=\"none\"/>'"},
	{"", "cibadmin -C -o resources -X '<nonsense id=\"x\"/>'"},
	{"", "cibadmin -Q -A '//primitive'"},
	{"", "cibadmin -Q -A '//none'"},
	{"", "cibadmin -Q -e -A '//primitive'"},
	{"", "cibadmin -Q -l"},
	{"", "cibadmin -Q -n"},
	{"", "cibadmin -B"},
	{"", "cibadmin -D -o resources -X '<primitive id=\"d\"/>'"},
	{"", "cibadmin -R -o crm_config -X '<crm_config><cluster_property_set id=\"p\"><nvpair id=\"p-a\" name=\"a\" value=\"b\"/></cluster_property_set></crm_config>'"},
	{"", "cibadmin -Q"},
}

// waiting are requests that wait for their answers, which the reference's tools cannot have of the
// reference's manager over the port without encryption.
var waiting = []command{
	{"", "crm_attribute -n foo -v bar"},
	{"", "crm_attribute -n foo -G"},
	{"", "crm_attribute -n none -G"},
	{"", "crm_attribute -n foo -D"},
	{"", "cibadmin -Q -s -o crm_config"},
}

// refusals do not come to a request.
var refusals = []command{
	{"CIB_passwd=falsch", "cibadmin -Q"},
	{"CIB_passwd=", "cibadmin -Q"},
	{"CIB_user=root", "cibadmin -Q"},
	{"CIB_user=nobody", "cibadmin -Q"},
	{"CIB_user=nosuchuser", "cibadmin -Q"},
	{"CIB_passwd=falsch", "crm_attribute -n foo -G"},
	{"", "env -u CIB_passwd cibadmin -Q"},
	{"CIB_port=" + noPort, "cibadmin -Q"},
	{"CIB_port=" + noPort, "crm_attribute -n foo -G"},
	{"CIB_port=0", "cibadmin -Q"},
	{"CIB_port=x", "cibadmin -Q"},
	{"CIB_port=99999", "cibadmin -Q"},
	{"CIB_server=no.such.host.invalid", "cibadmin -Q"},
}

// garbage is sent to a port; nothing may come back, and the manager goes on.
var garbage = []string{
	`printf '\026\003\001\000\301\001%0300d' 0`,
	`printf '\275\333\332\272\001\000\000\000%02000d' 0`,
	`printf '\275\333\332\272\001\000\000\000\001\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\377\377\377\377\050\000\000\000\000\000\000\000\327\377\377\377x'`,
	`head -c 100000 /dev/urandom`,
	`printf x`,
}

// compare runs the same on all pairs, which has to come to the same.
func compare(t *testing.T, pairs []*pair, run func(p *pair) string) {
	t.Helper()
	got := make([]string, len(pairs))
	var all sync.WaitGroup
	for i, p := range pairs {
		all.Go(func() { got[i] = run(p) })
	}
	all.Wait()
	for i, p := range pairs[1:] {
		if got[i+1] != got[0] {
			t.Errorf("%v, and %v:\n%s", pairs[0], p, mix.Difference(got[0], got[i+1]))
		}
	}
	t.Log(got[0])
}

func all(commands []command, port, encrypted string) func(p *pair) string {
	return func(p *pair) string {
		var said strings.Builder
		for _, c := range commands {
			said.WriteString(c.on(p.host, port, encrypted))
		}
		return said.String()
	}
}

func TestClear(t *testing.T) {
	pairs := start(t)
	compare(t, pairs, all(requests, clearPort, "no"))
	compare(t, pairs, all(refusals, clearPort, "no"))
	compare(t, pairs, all(crossed, clearPort, "yes")) // TLS where there is none
	attack(t, pairs, clearPort, "no")
	compare(t, pairs, all(crossed, clearPort, "no"))
	compare(t, pairs[1:], all(waiting, clearPort, "no"))
}

func TestTLS(t *testing.T) {
	pairs := start(t)
	compare(t, pairs, all(requests, tlsPort, "yes"))
	compare(t, pairs, all(waiting, tlsPort, "yes"))
	compare(t, pairs, all(refusals, tlsPort, "yes"))
	compare(t, pairs, all(crossed, tlsPort, "no")) // none where there is TLS
	attack(t, pairs, tlsPort, "yes")
	compare(t, pairs, all(crossed, tlsPort, "yes"))
}

var crossed = []command{{"", "cibadmin -Q"}}

// attack sends garbage to our managers, several times at once. (The reference's ends when a message claims
// to have four gigabytes.)
func attack(t *testing.T, pairs []*pair, port, encrypted string) {
	t.Helper()
	pairs = slices.DeleteFunc(slices.Clone(pairs), func(p *pair) bool { return p.manager != lab.Go })
	compare(t, pairs, func(p *pair) string {
		var all sync.WaitGroup
		answers := make([]string, len(garbage))
		for i, g := range garbage {
			all.Go(func() {
				// A message that is cut off is given up after a second, one that makes no sense after twelve at most.
				r := p.host.Exec("timeout", "20", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/"+port+"; ("+g+") >&3 2>/dev/null; head -c 1000 <&3 2>/dev/null | grep -ac cib")
				answers[i] = fmt.Sprint(i, " ", r.Stdout, r.Code)
			})
		}
		all.Wait()
		return strings.Join(answers, "\n") + "\n" + requests[0].on(p.host, port, encrypted)
	})
}
