package cfgtool

import (
	"context"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

// mapKeys is the daemon's map as keys.
type mapKeys struct{ c *cmap.Conn }

func dialMap(ctx context.Context) (keys, error) {
	c, err := cmap.Dial(ctx, cmap.Options{})
	if err != nil {
		return nil, err
	}
	return mapKeys{c}, nil
}

func (m mapKeys) Close() error { return m.c.Close() }

func (m mapKeys) GetString(ctx context.Context, key string) (string, error) {
	v, err := m.c.Get(ctx, key)
	if err != nil {
		return "", err
	}
	if s, ok := v.Str(); ok {
		return s, nil
	}
	return "", fmt.Errorf("%s is no text: %w", key, cserr.InvalidParam)
}

func (m mapKeys) GetUint32(ctx context.Context, key string) (uint32, error) {
	v, err := m.c.Get(ctx, key)
	if err != nil {
		return 0, err
	}
	if n, ok := v.Uint(); ok && v.Type() == cmap.TypeUint32 {
		return uint32(n), nil
	}
	return 0, fmt.Errorf("%s is no u32: %w", key, cserr.InvalidParam)
}

func (m mapKeys) Keys(ctx context.Context, prefix string) (list []string, err error) {
	for e, err := range m.c.Keys(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		list = append(list, e.Key)
	}
	return list, nil
}
