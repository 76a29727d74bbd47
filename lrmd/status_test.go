package lrmd

import "testing"

func TestCodeOf(t *testing.T) {
	for _, tt := range []struct {
		class, action string
		exit          int
		want          Code
	}{
		{ClassOCF, "start", 0, OK}, {ClassOCF, "monitor", 9, FailedPromoted}, {ClassOCF, "monitor", 10, UnknownError},
		{ClassOCF, "monitor", 190, Degraded}, {ClassOCF, "monitor", 191, DegradedPromoted}, {ClassOCF, "monitor", 189, UnknownError},
		{ClassOCF, "monitor", -1, UnknownError}, {"OCF", "monitor", 8, RunningPromoted},
		{ClassLSB, "start", 7, NotRunning}, {ClassLSB, "start", 8, UnknownError}, {ClassLSB, "stop", -1, UnknownError},
		{ClassLSB, "status", 0, OK}, {ClassLSB, "status", 1, NotRunning}, {ClassLSB, "status", 2, NotRunning},
		{ClassLSB, "monitor", 3, NotRunning}, {ClassLSB, "status", 4, UnknownError}, {ClassLSB, "status", 150, NotInstalled},
		{ClassLSB, "status", 151, InsufficientPriv}, {ClassSystemd, "status", 193, UnknownCode}, {"", "status", 7, NotRunning},
	} {
		if got := CodeOf(tt.class, tt.action, tt.exit); got != tt.want {
			t.Errorf("CodeOf(%s, %s, %d) = %d, want %d", tt.class, tt.action, tt.exit, got, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	if NotRunning.String() != "not running" || Code(77).String() != "unknown" {
		t.Error(NotRunning, Code(77))
	}
	for status, want := range map[Status]string{StatusUnknown: "UNKNOWN!", Pending: "pending", Done: "complete", NoSecrets: "CIB secrets unavailable", 99: "UNKNOWN!"} {
		if status.String() != want {
			t.Errorf("%d: %s", status, status)
		}
	}
	if ActionOf(ClassService, "Monitor") != "status" || ActionOf(ClassOCF, "monitor") != "monitor" || ActionOf(ClassLSB, "start") != "start" {
		t.Error("ActionOf")
	}
}
