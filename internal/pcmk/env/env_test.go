package env

import "testing"

func TestOptions(t *testing.T) {
	vars := map[string]string{
		"PCMK_logfile": "/a", "HA_logfile": "/b", "HA_debug": "Yes", "PCMK_stderr": "0",
		"PCMK_blackbox": "pacemaker-based,pacemaker-attrd", "PCMK_empty": "",
	}
	l := Lookup(func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
	if v, ok := l.Option("logfile"); !ok || v != "/a" {
		t.Errorf("logfile %q, %v", v, ok)
	}
	if v, ok := l.Option("empty"); !ok || v != "" {
		t.Errorf("empty %q, %v", v, ok)
	}
	if v, ok := l.Option("nothing"); ok {
		t.Errorf("nothing %q", v)
	}
	for name, want := range map[string]bool{"debug": true, "stderr": false, "blackbox": true, "nothing": false} {
		if got := l.Enabled("pacemaker-based", name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if l.Enabled("pacemaker-execd", "blackbox") {
		t.Error("blackbox is on for a daemon that is not in the list")
	}
}
