package password

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheck is about what is made of the helper's exit status: the numbers are those that unix_chkpwd
// of Debian 12 ends with.
func TestCheck(t *testing.T) {
	nologin = nil
	closed := errors.New("cannot be run")
	for _, tt := range []struct {
		user, password string
		verify, expiry int
		err            error
		want           error
		asked          string
	}{
		{"hacluster", "geheim", 0, 0, nil, nil, `"geheim\x00" [hacluster nullok] "" [hacluster chkexpiry]`},
		{"hacluster", "falsch", 7, 0, nil, ErrAuthentication, `"falsch\x00" [hacluster nullok]`},
		{"nosuch", "", 9, 0, nil, ErrAuthentication, `"\x00" [nosuch nullok]`},
		{"hacluster", "geheim", 0, 13, nil, ErrAccount, `"geheim\x00" [hacluster nullok] "" [hacluster chkexpiry]`},
		{"hacluster", "geheim", 0, 0, closed, ErrUnavailable, `"geheim\x00" [hacluster nullok]`},
		{"", "geheim", 0, 0, nil, ErrAuthentication, ""},
		{"-x", "geheim", 0, 0, nil, ErrAuthentication, ""},
		{"hacluster", "ge\x00heim", 0, 0, nil, ErrAuthentication, ""},
	} {
		var asked []string
		c := Checker{func(_ context.Context, stdin []byte, args ...string) (int, error) {
			asked = append(asked, fmt.Sprintf("%q %s", stdin, args))
			if args[1] == "chkexpiry" {
				return tt.expiry, tt.err
			}
			return tt.verify, tt.err
		}}
		err := c.Check(t.Context(), tt.user, tt.password)
		if got := strings.Join(asked, " "); err != tt.want || got != tt.asked {
			t.Errorf("%s, %q: got %v after %s, want %v after %s", tt.user, tt.password, err, got, tt.want, tt.asked)
		}
	}
}

func TestNologin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "nologin")
	nologin = []string{file}
	c := Checker{func(context.Context, []byte, ...string) (int, error) { return 0, nil }}
	if err := c.Check(t.Context(), "hacluster", "geheim"); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Check(t.Context(), "hacluster", "geheim"); err != ErrAuthentication {
		t.Error(err)
	}
	if err := c.Check(t.Context(), "root", "geheim"); err != nil {
		t.Error(err)
	}
}
