package controld

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

// TestOptions: what a caller gets who does not want the daemon to run, as the reference has it.
func TestOptions(t *testing.T) {
	metadata, err := os.ReadFile("testdata/metadata.xml") // what the reference prints
	if err != nil {
		t.Fatal(err)
	}
	const program = "/usr/lib/pacemaker/pacemaker-controld"
	for _, tt := range []struct {
		args        string
		code        int
		out, failed string
	}{
		{"--help", 0, help, ""},
		{"--he", 0, help, ""},
		{"--help metadata", 0, help, ""},
		{"-?", 64, "", help},
		{"metadata", 0, string(metadata), ""},
		{"METADATA", 0, string(metadata), ""},
		{"-V metadata", 0, string(metadata), ""},
		{"version", 0, "CRM Version: 2.1.5 (a3f44794f94)\n", ""},
		{"--version", 64, "", program + ": unrecognized option '--version'\n" + help},
		{"-h metadata", 64, "", program + ": invalid option -- 'h'\n" + help},
		{"--verbose=3", 64, "", program + ": option '--verbose' doesn't allow an argument\n" + help},
	} {
		t.Setenv("PCMK_debug", "")
		var out, failed bytes.Buffer
		code := Main(append([]string{program}, strings.Fields(tt.args)...), strings.NewReader(""), &out, &failed)
		if code != tt.code || out.String() != tt.out || failed.String() != tt.failed {
			t.Errorf("%q: %d, %q, %q, want %d, %q, %q", tt.args, code, out.String(), failed.String(), tt.code, tt.out, tt.failed)
		}
	}
}

// TestUser: only root and the cluster's user speak for others.
func TestUser(t *testing.T) {
	for _, tt := range []struct {
		privileged          bool
		target, asked, want string
	}{
		{true, "", "", "me"}, {true, "", "joe", "joe"}, {true, "ann", "joe", "ann"}, {true, "ann", "", "ann"},
		{false, "", "", "me"}, {false, "", "root", "me"}, {false, "root", "root", "me"},
	} {
		e := etree.NewElement("x")
		for name, value := range map[string]string{"acl_target": tt.target, "crm_user": tt.asked} {
			if value != "" {
				e.CreateAttr(name, value)
			}
		}
		got := setUser(&ipc.Client{User: "me", Privileged: tt.privileged}, e)
		if got != tt.want || e.SelectAttrValue("acl_target", "") != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

func TestProcessorTime(t *testing.T) {
	const stat = "17 (pacemaker (x) y) S 1 17 17 0 -1 4194560 5166 0 0 0 123 45 0 0 20 0 1 0 100"
	if got, err := processorTime(stat); err != nil || got != 1680*time.Millisecond {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "17 (x) S 1 2", "17 (x) S 1 17 17 0 -1 4194560 5166 0 0 0 a 45 0", "17 (x) S 1 17 17 0 -1 4194560 5166 0 0 0 1 -1 0"} {
		if got, err := processorTime(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
	if _, err := os.Stat("/proc/loadavg"); err == nil && cores() < 1 {
		t.Error("no processor")
	}
}
