// Package host is the corosyncconf.Env of this machine: its files, accounts,
// interfaces and resolver.
package host

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/nss"
)

// resolveTime bounds one question to the resolver.
const resolveTime = 30 * time.Second

// New returns the environment of this machine. root is put in front of default
// paths; log may be nil. A daemon sets Env.CFG too.
func New(root string, log loglevel.Logger) *corosyncconf.Env {
	return &corosyncconf.Env{
		Root:       root,
		ReadFile:   os.ReadFile,
		ReadDir:    readDir,
		UserID:     userID,
		GroupID:    groupID,
		Hostname:   os.Hostname,
		Interfaces: interfaces,
		Resolve:    resolve,
		NameOf:     nameOf,
		Log:        log,
	}
}

func readDir(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if st, err := os.Stat(filepath.Join(path, e.Name())); err == nil && st.Mode().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func userID(name string) (uint32, bool, error) {
	u, err := nss.LookupUser(name)
	return u.UID, err == nil, known(err)
}

func groupID(name string) (uint32, bool, error) {
	g, err := nss.LookupGroup(name)
	return g.GID, err == nil, known(err)
}

// known is the error of a lookup, which it is none that there is nothing.
func known(err error) error {
	if errors.Is(err, nss.ErrUnknown) {
		return nil
	}
	return err
}

func interfaces() ([]netip.Addr, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			out = append(out, p.Addr().Unmap())
		}
	}
	return out, nil
}

func resolve(name string, f corosyncconf.Family) []netip.Addr {
	var all []netip.Addr
	if a, err := netip.ParseAddr(name); err == nil {
		all = []netip.Addr{a}
	} else if name != "" {
		network := [...]string{corosyncconf.AnyFamily: "ip", corosyncconf.IPv4: "ip4", corosyncconf.IPv6: "ip6"}[f]
		ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
		defer cancel()
		all, _ = net.DefaultResolver.LookupNetIP(ctx, network, name) // none is the answer then
	}
	var out []netip.Addr
	for _, a := range all {
		a = a.Unmap()
		if f == corosyncconf.AnyFamily || a.Is4() == (f == corosyncconf.IPv4) {
			out = append(out, a)
		}
	}
	return out
}

func nameOf(a netip.Addr) string {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	defer cancel()
	names, err := net.DefaultResolver.LookupAddr(ctx, a.String())
	if err != nil || len(names) == 0 {
		return a.String()
	}
	return strings.TrimSuffix(names[0], ".")
}
