package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// machine is a root with agents.
type machine struct {
	t   *testing.T
	dir string
	r   *Runner
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t, dir: t.TempDir()}
	m.r = New(Options{
		Env: []string{"PATH=/usr/bin:/bin", "INHERITED=yes"}, Log: loglevel.Discard,
		Path: func(p string) string { return filepath.Join(m.dir, p) },
	})
	return m
}

func (m *machine) write(path, content string, mode os.FileMode) {
	m.t.Helper()
	path = filepath.Join(m.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		m.t.Fatal(err)
	}
}

func ocf(action string, params ...wire.Param) lrmd.Operation {
	return lrmd.Operation{RscID: "r", Class: lrmd.ClassOCF, Provider: "p", Type: "a", Action: action, Timeout: 60_000, Params: params}
}

func (m *machine) agent(script string) { m.write(OCFPath+"/p/a", "#!/bin/sh\n"+script, 0o755) }

func (m *machine) run(op lrmd.Operation) *lrmd.Result {
	m.t.Helper()
	done := make(chan *lrmd.Result, 1)
	m.r.Start(1, &op, func(_ lrmd.Token, res *lrmd.Result) { done <- res })
	select {
	case res := <-done:
		return res
	case <-time.After(time.Minute):
		m.t.Fatal("it does not end")
		return nil
	}
}

func TestEnvironment(t *testing.T) {
	m := newMachine(t)
	m.agent(`echo "args $*"; env | grep -E 'OCF|INHERITED'; echo "in $(wc -c)"`)
	res := m.run(ocf("start", wire.Param{Name: "ip", Value: "10.0.0.1"}, wire.Param{Name: "OCF_CHECK_LEVEL", Value: "10"},
		wire.Param{Name: "a=b", Value: "x"}, wire.Param{Name: "CRM_meta_timeout", Value: "20000"}))
	if res.Code != 0 || res.Status != lrmd.Done || res.PID == 0 || res.Class != lrmd.ClassOCF {
		t.Errorf("%+v", res)
	}
	got := strings.Split(strings.TrimSpace(res.Stdout), "\n")
	slices.Sort(got)
	want := []string{
		"INHERITED=yes", "OCF_CHECK_LEVEL=10", "OCF_EXIT_REASON_PREFIX=ocf-exit-reason:", "OCF_RA_VERSION_MAJOR=1",
		"OCF_RA_VERSION_MINOR=1", "OCF_RESKEY_CRM_meta_timeout=20000", "OCF_RESKEY_ip=10.0.0.1", "OCF_RESOURCE_INSTANCE=r",
		"OCF_RESOURCE_PROVIDER=p", "OCF_RESOURCE_TYPE=a", "OCF_ROOT=/usr/lib/ocf", "args start", "in 0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestResults(t *testing.T) {
	m := newMachine(t)
	for _, tt := range []struct {
		script string
		want   lrmd.Result
	}{
		{"exit 7", lrmd.Result{Code: 7}},
		{"echo ocf-exit-reason:first >&2; echo ocf-exit-reason:second >&2; exit 1",
			lrmd.Result{Code: 1, Reason: "second", Stderr: "ocf-exit-reason:first\nocf-exit-reason:second\n"}},
		{"kill -SEGV $$", lrmd.Result{Code: 1, Status: lrmd.Failed, Reason: "Resource agent interrupted by Segmentation fault signal"}},
		{"kill -KILL $$", lrmd.Result{Code: 1, Status: lrmd.Failed, Reason: "Resource agent interrupted by Killed signal"}},
		{"trap '' TERM; sleep 100 & echo waits; wait; wait; exit 3", lrmd.Result{Code: 1, Status: lrmd.TimedOut, Stdout: "waits\n", Reason: "Resource agent did not complete within 500ms"}},
		// Who is left behind holds the streams, but not the result.
		{"sleep 5 & echo done", lrmd.Result{Stdout: "done\n"}},
	} {
		m.agent(tt.script)
		op := ocf("start")
		if tt.want.Status == lrmd.TimedOut {
			op.Timeout = 500
		}
		start := time.Now()
		res := m.run(op)
		if time.Since(start) > 4*time.Second {
			t.Errorf("%s took %v", tt.script, time.Since(start))
		}
		tt.want.Class, tt.want.PID = lrmd.ClassOCF, res.PID
		if *res != tt.want {
			t.Errorf("%s\ngot  %+v\nwant %+v", tt.script, *res, tt.want)
		}
	}
}

// fifo makes a named pipe and yields what the first writer to it writes, when all who
// hold it have gone.
func (m *machine) fifo(name string) (path string, ended <-chan string) {
	m.t.Helper()
	path = filepath.Join(m.dir, name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		m.t.Fatal(err)
	}
	ch := make(chan string, 1)
	go func() {
		b, err := os.ReadFile(path)
		if err != nil {
			b = []byte(err.Error())
		}
		ch <- string(b)
	}()
	return path, ch
}

// Time over kills the whole group, unless the operation says to leave it.
func TestGroup(t *testing.T) {
	m := newMachine(t)
	for _, leave := range []bool{false, true} {
		path, ended := m.fifo(fmt.Sprint("child-", leave))
		// The child holds the pipe, and nothing else of the agent's.
		m.agent("(exec sh -c 'echo $$; exec sleep 60') </dev/null >" + path + " 2>/dev/null & wait")
		op := ocf("start")
		op.Timeout, op.LeaveGroup = 500, leave
		if res := m.run(op); res.Status != lrmd.TimedOut {
			t.Errorf("%+v", res)
		}
		if !leave {
			<-ended
			continue
		}
		select {
		case <-ended:
			t.Error("the child was killed, too")
		default:
			m.endGroupOf(path)
			<-ended
		}
	}
}

// endGroupOf kills who holds a pipe open for writing.
func (m *machine) endGroupOf(path string) {
	m.t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/fd/1")
	if err != nil {
		m.t.Fatal(err)
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == path {
			if pid, err := strconv.Atoi(strings.Split(link, "/")[2]); err == nil && pid != os.Getpid() {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
}

func TestKill(t *testing.T) {
	m := newMachine(t)
	path, started := m.fifo("started")
	m.agent("echo >" + path + "; sleep 60")
	op := ocf("monitor")
	done := make(chan *lrmd.Result, 1)
	m.r.Start(5, &op, func(_ lrmd.Token, res *lrmd.Result) { done <- res })
	<-started
	m.r.Kill(5)
	m.r.Kill(5) // nothing
	select {
	case res := <-done:
		if res.Status != lrmd.Failed {
			t.Errorf("%+v", res)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on")
	}
}

// A flood is read to its end and mostly dropped; the reason at its end is found.
func TestFlood(t *testing.T) {
	m := newMachine(t)
	m.agent(`head -c 30000000 /dev/zero | tr '\0' x >&2; echo >&2; echo ocf-exit-reason:after the flood >&2; exit 1`)
	res := m.run(ocf("monitor"))
	if res.Reason != "after the flood" || res.Code != 1 || len(res.Stderr) > MaxOutput+100 || !strings.Contains(res.Stderr, "[...]") {
		t.Errorf("%d, %q, %d bytes", res.Code, res.Reason, len(res.Stderr))
	}
}

// A child that is left behind and does not stop writing is not waited for.
func TestFloodLeftBehind(t *testing.T) {
	m := newMachine(t)
	m.agent("yes flood &\nexit 0")
	if res := m.run(ocf("monitor")); res.Code != 0 || len(res.Stdout) > MaxOutput+100 {
		t.Errorf("%d, %d bytes", res.Code, len(res.Stdout))
	}
}

// What an agent inherits gives way to what it is told.
func TestMerged(t *testing.T) {
	for _, tt := range []struct{ base, over, want string }{
		{"", "", ""}, {"A=1", "", "A=1"}, {"", "B=1", "B=1"},
		{"A=1 C=1 E=1", "B=2 C=2 F=2", "A=1 B=2 C=2 E=1 F=2"},
		{"A=1 AB=1 A_=1", "AB=2", "A=1 AB=2 A_=1"},
	} {
		if got := strings.Join(merged(strings.Fields(tt.base), strings.Fields(tt.over)), " "); got != tt.want {
			t.Errorf("%q over %q: %q, want %q", tt.over, tt.base, got, tt.want)
		}
	}
}

func TestMissing(t *testing.T) {
	m := newMachine(t)
	op := ocf("start")
	want := lrmd.Result{Class: lrmd.ClassOCF, Code: 5, Status: lrmd.AgentNotInstalled, Reason: "a: No such file or directory", Unprepared: true}
	if res := m.run(op); *res != want {
		t.Errorf("%+v", *res)
	}
	op.Class = "upstart"
	want.Class = op.Class
	if res := m.run(op); *res != want {
		t.Errorf("%+v", *res)
	}
	op.Class, op.Provider = lrmd.ClassOCF, ""
	if res := m.run(op); res.Code != 1 || res.Status != lrmd.FailedFatal || !res.Unprepared {
		t.Errorf("%+v", *res)
	}
	op.Class, op.Action = lrmd.ClassLSB, "status"
	if res := m.run(op); res.Code != lrmd.LSBStatusNotInstalled || res.Unprepared || !strings.HasSuffix(res.Reason, "/etc/init.d/a: No such file or directory") {
		t.Errorf("%+v", *res)
	}
	m.write(OCFPath+"/p/a", "#!/bin/sh\n", 0o644)
	want = lrmd.Result{Class: lrmd.ClassOCF, Code: 4, Reason: "Child process was unable to execute file", Stderr: "ocf-exit-reason:Child process was unable to execute file\n"}
	if res := m.run(ocf("start")); *res != want {
		t.Errorf("%+v", *res)
	}
	m.write(OCFPath+"/p/a", "exit 9\n", 0o755) // the shell's, without saying so
	if res := m.run(ocf("start")); res.Code != 9 {
		t.Errorf("%+v", *res)
	}
}

func TestClasses(t *testing.T) {
	m := newMachine(t)
	script := "#!/bin/sh\necho \"$*\"; env | grep RESKEY; [ \"$1\" != status ] || exit 3\n"
	m.write("/etc/init.d/a", script, 0o755)
	m.write("/etc/ha.d/resource.d/a", script, 0o755)
	params := []wire.Param{{Name: "2", Value: "two"}, {Name: "10", Value: "ten"}, {Name: "1", Value: "one"}, {Name: "CRM_meta_x", Value: "y"}}
	for _, tt := range []struct {
		class, action, stdout, ranAs string
		code                         int
	}{
		{lrmd.ClassLSB, "start", "start\n", lrmd.ClassLSB, 0},
		{lrmd.ClassLSB, "status", "status\n", lrmd.ClassLSB, 3},
		{lrmd.ClassService, "status", "status\n", lrmd.ClassLSB, 3},
		{lrmd.ClassHeartbeat, "start", "one two ten start\n", lrmd.ClassHeartbeat, 0},
		{lrmd.ClassHeartbeat, "status", "one two ten status\n", lrmd.ClassHeartbeat, 3},
	} {
		op := ocf(tt.action, params...)
		op.Class, op.Provider = tt.class, ""
		if res := m.run(op); res.Stdout != tt.stdout || res.Class != tt.ranAs || res.Code != tt.code {
			t.Errorf("%s %s: %+v", tt.class, tt.action, *res)
		}
	}
	for out, want := range map[string]int{"running\n": 0, "OK": 0, "stopped": 3, "is NOT running": 3, "": 3} {
		if got := heartbeatStatus(out); got != want {
			t.Errorf("%q: %d", out, got)
		}
	}
	// Without a bus there are no units.
	op := ocf("start")
	op.Class = lrmd.ClassSystemd
	if res := m.run(op); res.Status != lrmd.Failed || res.Reason != "No DBus connection" {
		t.Errorf("%+v", *res)
	}
}

func TestSecrets(t *testing.T) {
	m := newMachine(t)
	m.agent(`echo "$OCF_RESKEY_password"`)
	secret := wire.Param{Name: "password", Value: "lrm://"}
	lost := lrmd.Result{Class: lrmd.ClassOCF, Code: 2, Reason: "Unable to load CIB secrets", Stderr: "ocf-exit-reason:Unable to load CIB secrets\n"}
	if res := m.run(ocf("start", secret)); *res != lost {
		t.Errorf("%+v", *res)
	}
	if res := m.run(ocf("stop", secret)); res.Stdout != "lrm://\n" {
		t.Errorf("%+v", *res)
	}
	m.write(secretsDir+"/r/password", "geheim \n", 0o600)
	m.write(secretsDir+"/r/password.sign", "00000000000000000000000000000000\n", 0o600)
	if res := m.run(ocf("start", secret)); *res != lost {
		t.Errorf("%+v", *res)
	}
	m.write(secretsDir+"/r/password.sign", "E8636EA013E682FAF61F56CE1CB1AB5C\n", 0o600) // md5sum of geheim
	if res := m.run(ocf("start", secret)); res.Stdout != "geheim\n" {
		t.Errorf("%+v", *res)
	}
	if _, err := reveal(m.dir, "r", []wire.Param{{Name: "../r/password", Value: "lrm://"}}, func(string, ...any) {}); err == nil {
		t.Error("a secret from elsewhere")
	}
}

func TestAlert(t *testing.T) {
	m := newMachine(t)
	m.write("/alert", "#!/bin/sh\necho \"$# $CRM_alert_kind $INHERITED\"; exit 4\n", 0o755)
	for path, want := range map[string]lrmd.Result{
		"/alert": {Class: lrmd.ClassAlert, Code: 4, Stdout: "0 node yes\n"},
		"/none":  {Class: lrmd.ClassAlert, Code: 5, Status: lrmd.AgentNotInstalled, Reason: filepath.Join(m.dir, "/none") + ": No such file or directory"},
	} {
		done := make(chan *lrmd.Result, 1)
		m.r.StartAlert(&Alert{ID: "x", Path: filepath.Join(m.dir, path), Timeout: 20_000, Params: []wire.Param{{Name: "CRM_alert_kind", Value: "node"}}},
			func(res *lrmd.Result) { done <- res })
		res := <-done
		res.PID = 0
		if *res != want {
			t.Errorf("%s: %+v", path, *res)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	m := newMachine(t)
	m.agent("exit 0")
	const count = 200
	done := make(chan *lrmd.Result, count)
	for i := range count {
		op := ocf("monitor")
		m.r.Start(lrmd.Token(i), &op, func(_ lrmd.Token, res *lrmd.Result) { done <- res })
	}
	for range count {
		if res := <-done; res.Code != 0 || res.Status != lrmd.Done {
			t.Errorf("%+v", *res)
		}
	}
}

func TestUnitName(t *testing.T) {
	for _, tt := range []struct {
		name     string
		instance bool
		want     string
	}{
		{"nginx", false, "nginx.service"}, {"a.socket", false, "a.socket"}, {"a.b", false, "a.b.service"},
		{"t@", false, "t@.service"}, {"t@", true, "t@pacemaker.service"}, {"t@.service", false, "t@pacemaker.service"}, {"t@x", true, "t@x.service"},
	} {
		if got := unitName(tt.name, tt.instance); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestResourceNames(t *testing.T) {
	got := resourceNames([]string{"/lib/systemd/system/b.service", "/lib/systemd/system/x.target", "/lib/systemd/system/A.timer", "/etc/systemd/system/B.service", "t@.service", "/run/-.mount", "none"})
	if want := []string{"-.mount", "A.timer", "B", "b", "t@"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var none *Units
	if got := none.Listed(); got != nil {
		t.Errorf("without systemd: %q", got)
	}
}

func TestSignalName(t *testing.T) {
	for sig, want := range map[syscall.Signal]string{1: "Hangup", 15: "Terminated", 35: "Real-time signal 1"} {
		if got := signalName(sig); got != want {
			t.Errorf("%d: %s", sig, got)
		}
	}
}

// FuzzOutput: what is kept is the beginning and the end of what was written.
func FuzzOutput(f *testing.F) {
	f.Add([]byte("ocf-exit-reason:why\n"), 3, 100)
	f.Fuzz(func(t *testing.T, piece []byte, times, more int) {
		var o output
		var all []byte
		for i := range times % 50 {
			b := piece
			if i%2 == 1 {
				b = slices.Repeat([]byte{byte(i)}, more&0xfffff)
			}
			_, _ = o.Write(b)
			all = append(all, b...)
		}
		got, whole := o.String(), strings.ReplaceAll(string(all), "\x00", "")
		if len(all) <= MaxOutput && got != whole {
			t.Errorf("%d bytes became %d", len(all), len(got))
		}
		if len(got) > MaxOutput+10 {
			t.Errorf("%d bytes kept", len(got))
		}
		if r := reasonOf(got); len(r) > maxReason || strings.Contains(r, "\n") {
			t.Errorf("reason %q", r)
		}
	})
}
