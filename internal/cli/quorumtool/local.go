package quorumtool

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/cfg"
	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/quorum"
)

// local are the services of this node's daemon.
type local struct{}

func (local) Map(ctx context.Context) (Map, error) {
	c, err := cmap.Dial(ctx, cmap.Options{})
	return configuration{c}, err
}

func (local) Quorum(ctx context.Context) (Quorum, error) { return quorum.Dial(ctx, quorum.Options{}) }

func (local) Nodes(ctx context.Context) (Nodes, error) { return cfg.Dial(ctx, cfg.Options{}) }

func (local) Votes(ctx context.Context) (Votes, error) {
	return quorum.DialVotes(ctx, quorum.Options{})
}

func (local) Now() time.Time { return time.Now() }

// HostName asks the resolver. An address that it knows no name for stands for
// itself; a resolver that does not answer leaves nothing, as getnameinfo(3) does
// in the reference.
func (local) HostName(ctx context.Context, addr netip.Addr) string {
	names, err := net.DefaultResolver.LookupAddr(ctx, addr.String())
	var dns *net.DNSError
	switch {
	case err == nil && len(names) > 0:
		return strings.TrimSuffix(names[0], ".")
	case err == nil || errors.As(err, &dns) && dns.IsNotFound:
		return addr.String()
	}
	return ""
}

// configuration reads cmap.
type configuration struct{ c *cmap.Conn }

func (m configuration) GetString(ctx context.Context, key string) (string, error) {
	v, err := m.c.Get(ctx, key)
	if err != nil {
		return "", err
	}
	s, ok := v.Str()
	if !ok {
		return "", cserr.InvalidParam
	}
	return s, nil
}

func (m configuration) GetUint32(ctx context.Context, key string) (uint32, error) {
	v, err := m.c.Get(ctx, key)
	if err != nil {
		return 0, err
	}
	n, ok := v.Uint()
	if !ok || v.Len() != 4 {
		return 0, cserr.InvalidParam
	}
	return uint32(n), nil
}

func (m configuration) Keys(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	for e, err := range m.c.Keys(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, e.Key)
	}
	return keys, nil
}
