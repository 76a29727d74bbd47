package exitcode

import "testing"

func TestCodes(t *testing.T) {
	if got, want := MainConfigRead.Line("main.c:1374"), "Corosync Cluster Engine exiting with status 8 at main.c:1374."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Exit.Line("x"), "Corosync Cluster Engine exiting normally"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Killed.Status(); got != 255 {
		t.Errorf("killed is %d to a shell, want 255", got)
	}
	if Code(3).String() != "status 3" || AlreadyRunning.String() != "already running" {
		t.Error("texts")
	}
}
