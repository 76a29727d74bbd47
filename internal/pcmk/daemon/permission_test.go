package daemon

import (
	"io/fs"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
)

func TestWritable(t *testing.T) {
	cluster := account.IDs{UID: 102, GID: 105, Known: true}
	for _, tt := range []struct {
		mode     fs.FileMode
		uid, gid uint32
		cluster  account.IDs
		want     bool
	}{
		{0o750, 102, 105, cluster, true},
		{0o070, 102, 105, cluster, true},
		{0o007, 102, 105, cluster, false},
		{0o750, 0, 0, cluster, false},
		{0o770, 0, 105, cluster, true},
		{0o700, 0, 105, cluster, false},
		{0o777, 0, 0, account.IDs{}, false},
	} {
		if got := writable(tt.mode, tt.uid, tt.gid, tt.cluster); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}
