package attrd

import (
	"bytes"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

// TestOptions: what a caller gets who does not want the daemon to run.
func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		args        []string
		code        int
		out, failed string
	}{
		{[]string{"--version"}, 0, "Pacemaker 2.1.5\n", ""},
		{[]string{"--version", "--output-as=xml"}, 0, `<pacemaker-result api-version="2.25" request="/usr/lib/pacemaker/pacemaker-attrd --version --output-as=xml">`, ""},
		{[]string{"--help"}, 0, "daemon for managing Pacemaker node attributes", ""},
		{[]string{"--nonsense"}, 64, "", "pacemaker-attrd: Unknown option --nonsense\n"},
	} {
		var out, failed bytes.Buffer
		code := Main(append([]string{"/usr/lib/pacemaker/pacemaker-attrd"}, tt.args...), strings.NewReader(""), &out, &failed)
		if code != tt.code || !strings.Contains(out.String(), tt.out) || failed.String() != tt.failed {
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
		c := &ipc.Client{User: "me", Privileged: tt.privileged}
		m := &ipc.Message{XML: etree.NewElement("x")}
		if tt.target != "" {
			m.XML.CreateAttr("acl_target", tt.target)
		}
		r := &wire.Message{}
		if tt.asked != "" {
			r.User = &tt.asked
		}
		if got := new(server).user(c, m, r); *got != tt.want {
			t.Errorf("%+v: %s", tt, *got)
		}
	}
}
