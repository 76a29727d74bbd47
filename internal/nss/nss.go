// Package nss looks users and groups up as getpwnam(3), getpwuid(3), getgrnam(3) and getgrouplist(3) do, of which the
// programs have none: they are linked without the C library. /etc/passwd and /etc/group are read here. For what is not
// there getent(1) is asked, if /etc/nsswitch.conf names any other service (a directory, systemd): a child of a few
// milliseconds, which is ended after five seconds. What it says holds for a minute, also that there is nothing. The files
// come first, whatever the order in nsswitch.conf is.
//
// Any package that has to do with the system may import it; cores may not.
package nss

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ErrUnknown is a user or group that no service knows. Other errors are those of services that could not be asked.
var ErrUnknown = errors.New("not found")

// User is an entry of passwd(5).
type User struct {
	Name     string
	UID, GID uint32
}

// Group is an entry of group(5).
type Group struct {
	Name    string
	GID     uint32
	Members []string // who is in it beside those whose own group it is
}

// LookupUser looks a user up by name.
func LookupUser(name string) (User, error) { return system.user(name) }

// LookupUserID looks a user up by id.
func LookupUserID(uid uint32) (User, error) { return system.userID(uid) }

// LookupGroup looks a group up by name.
func LookupGroup(name string) (Group, error) { return system.group(name) }

// GroupIDs are the ids of the groups that list a user as a member.
func GroupIDs(name string) ([]uint32, error) { return system.groupIDs(name) }

// Databases of nsswitch.conf(5), and files.
const (
	passwd = "passwd"
	group  = "group"
)

const (
	patience = 5 * time.Second // with getent
	fresh    = time.Minute     // is what it has said
	maxKept  = 1000            // answers: what is asked for may be what strangers log in with
)

// source is where entries come from.
type source struct {
	dir    string // has passwd, group and nsswitch.conf
	getent string // the program
	now    func() time.Time

	mu      sync.Mutex
	answers map[[2]string]answer // by database and key
}

type answer struct {
	lines string
	err   error
	until time.Time
}

var system = &source{dir: "/etc", getent: "getent", now: time.Now}

func (s *source) user(name string) (User, error) {
	return find(s, passwd, name, parseUser, func(u User) bool { return u.Name == name })
}

func (s *source) userID(uid uint32) (User, error) {
	return find(s, passwd, strconv.FormatUint(uint64(uid), 10), parseUser, func(u User) bool { return u.UID == uid })
}

func (s *source) group(name string) (Group, error) {
	return find(s, group, name, parseGroup, func(g Group) bool { return g.Name == name })
}

func (s *source) groupIDs(name string) ([]uint32, error) {
	b, err := os.ReadFile(filepath.Join(s.dir, group))
	if err != nil {
		return nil, err
	}
	var ids []uint32
	for line := range strings.Lines(string(b)) {
		if g, ok := parseGroup(line); ok && slices.Contains(g.Members, name) {
			ids = append(ids, g.GID)
		}
	}
	if !s.others(group) {
		return ids, nil
	}
	said, err := s.ask("initgroups", name)
	if err != nil {
		if errors.Is(err, ErrUnknown) {
			err = nil
		}
		return ids, err
	}
	fields := strings.Fields(said) // the name, and the ids
	for _, field := range fields[min(1, len(fields)):] {
		if id, err := strconv.ParseUint(field, 10, 32); err == nil && !slices.Contains(ids, uint32(id)) {
			ids = append(ids, uint32(id))
		}
	}
	return ids, nil
}

// find looks for the entry of a key in a database.
func find[E any](s *source, database, key string, parse func(line string) (E, bool), wanted func(E) bool) (E, error) {
	in := func(lines string) (E, bool) {
		for line := range strings.Lines(lines) {
			if e, ok := parse(line); ok && wanted(e) {
				return e, true
			}
		}
		var none E
		return none, false
	}
	b, err := os.ReadFile(filepath.Join(s.dir, database))
	e, ok := in(string(b))
	if ok || !s.others(database) {
		return e, unless(ok, err)
	}
	said, err := s.ask(database, key)
	e, ok = in(said)
	return e, unless(ok, err)
}

// unless is why nothing was found, if nothing was.
func unless(found bool, err error) error {
	switch {
	case found:
		return nil
	case err != nil:
		return err
	}
	return ErrUnknown
}

// others tells whether nsswitch.conf has services for a database beside its file. compat is the file, too.
func (s *source) others(database string) bool {
	b, err := os.ReadFile(filepath.Join(s.dir, "nsswitch.conf"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		name, services, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(name) == database {
			return slices.ContainsFunc(strings.Fields(services), func(service string) bool {
				return service != "files" && service != "compat" && !strings.HasPrefix(service, "[")
			})
		}
	}
	return false
}

// ask has getent look for a key in a database.
func (s *source) ask(database, key string) (string, error) {
	if key == "" || strings.ContainsAny(key, "\x00\n:") {
		return "", ErrUnknown
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	what := [2]string{database, key}
	if a, ok := s.answers[what]; ok && now.Before(a.until) {
		return a.lines, a.err
	}
	if s.answers == nil || len(s.answers) >= maxKept {
		s.answers = map[[2]string]answer{}
	}
	lines, err := s.run(database, key)
	s.answers[what] = answer{lines, err, now.Add(fresh)}
	return lines, err
}

func (s *source) run(database, key string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, s.getent, "--", database, key)
	c.WaitDelay = time.Second // a child of its own may hold on to the pipe
	out, err := c.Output()
	const unknownKey = 2
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == unknownKey {
		return "", ErrUnknown
	}
	if err != nil {
		return "", fmt.Errorf("getent %s: %w", database, err)
	}
	return string(out), nil
}

func parseUser(line string) (User, bool) {
	f := strings.Split(strings.TrimSpace(line), ":")
	if len(f) != 7 {
		return User{}, false
	}
	uid, err1 := strconv.ParseUint(f[2], 10, 32)
	gid, err2 := strconv.ParseUint(f[3], 10, 32)
	return User{f[0], uint32(uid), uint32(gid)}, err1 == nil && err2 == nil && f[0] != ""
}

func parseGroup(line string) (Group, bool) {
	f := strings.Split(strings.TrimSpace(line), ":")
	if len(f) != 4 {
		return Group{}, false
	}
	gid, err := strconv.ParseUint(f[2], 10, 32)
	return Group{f[0], uint32(gid), strings.FieldsFunc(f[3], func(r rune) bool { return r == ',' })}, err == nil && f[0] != ""
}
