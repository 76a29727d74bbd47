package corosyncconf

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

// File is what corosync.conf and uidgid.d say, before any default.
type File struct {
	Name string
	Map  *icmap.Map
	pos  map[string]Position // by key, and by section
}

// Parse reads a configuration file, and every file in the directory uidgid.d
// beside it. The map, which is to become the daemon's, has the marks of what is
// read-only to clients. The error is an *InputError.
func Parse(env *Env, file string) (*File, error) {
	f := &File{Name: file, Map: icmap.New(), pos: make(map[string]Position)}
	markReadOnly(f.Map)
	text, err := env.ReadFile(file)
	if err != nil {
		return nil, errorAt(Position{File: file}, "Can't read file %s: %s", file, strerror(err))
	}
	if err := parse(file, text, &mainHandler{f: f, env: env}); err != nil {
		return nil, err
	}
	dir := filepath.Join(filepath.Dir(file), "uidgid.d")
	names, err := env.ReadDir(dir)
	if err != nil {
		return f, nil // the reference takes any failure for there being none
	}
	slices.Sort(names)
	for _, n := range names {
		name := filepath.Join(dir, n)
		text, err := env.ReadFile(name)
		if err != nil {
			continue
		}
		if err := parse(name, text, &uidgidHandler{mainHandler{f: f, env: env}}); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// At tells where one of the keys was said: the first of them that was said at
// all, else the section that the first key belongs to, else the file.
func (f *File) At(keys ...string) Position {
	for _, k := range keys {
		if p, ok := f.pos[k]; ok {
			return p
		}
	}
	for _, k := range keys {
		for i := strings.LastIndexByte(k, '.'); i > 0; i = strings.LastIndexByte(k[:i], '.') {
			if p, ok := f.pos[k[:i]]; ok {
				return p
			}
		}
	}
	return Position{File: f.Name}
}

func (f *File) set(key string, v icmap.Value, at Position) *InputError {
	if err := f.Map.Set(key, v); err != nil {
		e := errorAt(at, "Can't store key \"%s\" into icmap, returned error is %v", key, err)
		e.Key, e.Got = key, v.String()
		return e
	}
	f.pos[key] = at
	return nil
}

// strerror is the text of a system error as the C library has it.
func strerror(err error) string {
	var n syscall.Errno
	if !errors.As(err, &n) {
		return err.Error()
	}
	s := n.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}

// account sets uidgid.config.* for a uid or gid line.
func (h *mainHandler) account(key, value string, at Position) *InputError {
	if key != "uid" && key != "gid" {
		return notAccount(key, at)
	}
	var id uint32
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 && n < 1<<32-1 {
		id = uint32(n)
	} else {
		lookup, call, what, base := h.env.UserID, "getpwnam_r()", "user", "/etc/passwd"
		if key == "gid" {
			lookup, call, what, base = h.env.GroupID, "getgrnam_r()", "group", "/etc/group"
		}
		n, ok, err := lookup(value)
		if err != nil {
			return &InputError{Position: at, Key: "uidgid." + key, Got: value, Text: fmt.Sprintf("%s: %s", call, strerror(err))}
		}
		if !ok {
			return &InputError{Position: at, Key: "uidgid." + key, Got: value,
				Text: fmt.Sprintf("The '%s' %s is not found in %s, please read the documentation.", value, what, base)}
		}
		id = n
	}
	return h.f.set(fmt.Sprintf("uidgid.config.%s.%d", key, id), icmap.Uint8(1), at)
}

func notAccount(key string, at Position) *InputError {
	return &InputError{Position: at, Key: key, Got: key, Want: "uid, gid", Text: "uidgid: Only uid and gid are allowed items"}
}

// uidgidHandler reads a file of uidgid.d, which may hold uidgid sections only.
type uidgidHandler struct{ mainHandler }

func (h *uidgidHandler) sectionStart(path string, s state, at Position) (state, *InputError) {
	if path != "uidgid" {
		return s, &InputError{Position: at, Key: path, Got: path, Want: "uidgid", Text: "uidgid: Can't add subsection different than uidgid"}
	}
	return stateUIDGID, nil
}

func (h *uidgidHandler) sectionEnd(string, state, Position) *InputError { return nil }

func (h *uidgidHandler) item(path, key, value string, _ state, at Position) *InputError {
	if path != "uidgid.uid" && path != "uidgid.gid" {
		return notAccount(path, at) // outside of a section not even these
	}
	return h.account(key, value, at)
}
