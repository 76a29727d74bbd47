package account

import (
	"errors"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/nss"
)

func TestListed(t *testing.T) {
	haclient := nss.Group{Name: "haclient", GID: 105, Members: []string{"anna", "ben"}}
	for user, want := range map[string]bool{"anna": true, "ben": true, "": false, "root": false} {
		if got := listed(haclient, user); got != want {
			t.Errorf("%q: %v", user, got)
		}
	}
	if InGroup("root", "no-such-group") {
		t.Error("a group that is none has a member")
	}
}

func TestMember(t *testing.T) {
	haclient := nss.Group{Name: "haclient", GID: 105, Members: []string{"anna"}}
	for _, tt := range []struct {
		user nss.User
		want error
	}{
		{nss.User{Name: "hacluster", UID: 102, GID: 105}, nil},
		{nss.User{Name: "anna", UID: 1000, GID: 1000}, nil},
		{nss.User{Name: "root"}, ErrNotMember},
	} {
		if got := member(tt.user, haclient); !errors.Is(got, tt.want) || (got == nil) != (tt.want == nil) {
			t.Errorf("%s: %v", tt.user.Name, got)
		}
	}
	if err := Member("no-such-user", "root"); !errors.Is(err, ErrNoUser) {
		t.Error(err)
	}
	if err := Member("root", "no-such-group"); !errors.Is(err, ErrNoGroup) {
		t.Error(err)
	}
}
