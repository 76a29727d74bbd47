package notifyd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/ringmaster-ha/ringmaster/cfg"
	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/quorum"
)

// values is a map of the daemon, to be followed.
type values interface {
	Get(ctx context.Context, key string) (cmap.Value, error)
	Next(ctx context.Context) (cmap.Change, error)
}

// watcher makes events of what the daemon tells.
type watcher struct {
	config, stats *cmap.Conn
	links         map[string]*cmap.Tracker // of knet's links, by key
	quorum        *quorum.Client           // nil: it could not be reached
	addresses     bool                     // nodes are named by their addresses, nobody is asked for names
	log           func(loglevel.Level, string)
	events        chan event
	local         func() here
}

// code is an error as the reference prints it: a cs_error_t.
func code(err error) int {
	var c cserr.Code
	if errors.As(err, &c) {
		return int(c)
	}
	return int(cserr.Library)
}

// dial connects to the daemon and asks it for changes.
func dial(ctx context.Context, addresses bool, log func(loglevel.Level, string)) (*watcher, error) {
	w := &watcher{links: map[string]*cmap.Tracker{}, addresses: addresses, log: log, events: make(chan event), local: sync.OnceValue(func() here { return local(ctx) })}
	var err error
	if w.config, err = cmap.Dial(ctx, cmap.Options{}); err != nil {
		return nil, fmt.Errorf("Failed to initialize the cmap API. Error %d", code(err)) //lint:ignore ST1005 the reference's text
	}
	if w.stats, err = cmap.Dial(ctx, cmap.Options{Map: cmap.Statistics}); err != nil {
		w.close()
		return nil, fmt.Errorf("Failed to initialize the cmap stats API. Error %d", code(err)) //lint:ignore ST1005 the reference's text
	}
	for _, t := range []struct {
		conn   *cmap.Conn
		prefix string
		events cmap.Event
		what   string
	}{
		{w.config, "runtime.members.", cmap.Added | cmap.Modified, "members"},
		{w.stats, "stats.ipcs.", cmap.Added | cmap.Deleted, "connections"},
		{w.stats, "stats.knet.", cmap.Added | cmap.Deleted, "knet link status"},
	} {
		if _, err := t.conn.TrackPrefix(ctx, t.prefix, t.events); err != nil {
			w.close()
			return nil, fmt.Errorf("Failed to track the %s key. Error %d", t.what, code(err)) //lint:ignore ST1005 the reference's text
		}
	}
	if err := w.trackLinks(ctx); err != nil {
		w.close()
		return nil, err
	}
	w.dialQuorum(ctx)
	return w, nil
}

// trackLinks asks for changes of the links that there are: of the statistics only
// single keys tell of those.
func (w *watcher) trackLinks(ctx context.Context) error {
	for k, err := range w.stats.Keys(ctx, "stats.knet.") {
		if err != nil {
			return fmt.Errorf("Failed to initialize knet stats iterator. Error %w", err) //lint:ignore ST1005 the reference's text
		}
		if !linkKey().MatchString(k.Key) {
			continue
		}
		if err := w.trackLink(ctx, k.Key); err != nil {
			return fmt.Errorf("Failed to add tracker for %s. Error %w", k.Key, err) //lint:ignore ST1005 the reference's text
		}
	}
	return nil
}

func (w *watcher) trackLink(ctx context.Context, key string) error {
	t, err := w.stats.Track(ctx, key, cmap.Modified)
	if err == nil {
		w.links[key] = t
	}
	return err
}

func (w *watcher) dialQuorum(ctx context.Context) {
	q, err := quorum.Dial(ctx, quorum.Options{})
	if err != nil {
		w.log(loglevel.Error, "Could not connect to corosync(quorum)")
		return
	}
	if err := q.Track(ctx, quorum.Current|quorum.Changes); err != nil {
		w.log(loglevel.Error, "Could not start tracking")
	}
	w.quorum = q
}

func (w *watcher) close() {
	for _, c := range []*cmap.Conn{w.config, w.stats} {
		if c != nil {
			_ = c.Close()
		}
	}
	if w.quorum != nil {
		_ = w.quorum.Close()
	}
}

// local asks the daemon for the node's id and the system for its name.
func local(ctx context.Context) here {
	unknown := here{name: "localhost"}
	c, err := cfg.Dial(ctx, cfg.Options{})
	if err != nil {
		return unknown
	}
	defer c.Close()
	id, err := c.LocalNode(ctx)
	if err != nil {
		return unknown
	}
	name, err := os.Hostname()
	if err != nil {
		return unknown
	}
	return here{name, uint32(id)}
}

// run hands events to the channel until the context or a connection ends, and
// closes it.
func (w *watcher) run(ctx context.Context) error {
	defer close(w.events)
	g, ctx := errgroup.WithContext(ctx)
	follow := func(from values, event func(context.Context, cmap.Change) (event, bool)) {
		g.Go(func() error {
			for {
				ch, err := from.Next(ctx)
				if err != nil {
					return fmt.Errorf("Could not dispatch cmap events. Error %d", code(err)) //lint:ignore ST1005 the reference's text
				}
				if e, ok := event(ctx, ch); ok {
					w.send(ctx, e)
				}
			}
		})
	}
	follow(w.config, func(ctx context.Context, ch cmap.Change) (event, bool) { return w.member(ctx, w.config, ch) })
	follow(w.stats, w.statistic)
	if w.quorum != nil {
		g.Go(func() error { return w.followQuorum(ctx) })
	}
	return g.Wait()
}

func (w *watcher) send(ctx context.Context, e event) {
	select {
	case w.events <- e:
	case <-ctx.Done():
	}
}

func (w *watcher) followQuorum(ctx context.Context) error {
	quorate := false
	for {
		e, err := w.quorum.Next(ctx)
		if err != nil {
			return fmt.Errorf("Could not dispatch quorum events. Error %d", code(err)) //lint:ignore ST1005 the reference's text
		}
		if c, ok := e.(quorum.Change); ok && c.Quorate != quorate {
			quorate = c.Quorate
			w.send(ctx, quorumChange{w.local(), quorate})
		}
	}
}

var (
	memberKey = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^runtime\.members\.(\d+)\.status$`)
	})
	connectionKey = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^stats\.ipcs\.service\d+\.(\d+)\.([^.]+)\.procname$`)
	})
	linkKey = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^stats\.knet\.node(\d+)\.link(\d+)\.connected$`)
	})
)

// number reads what a key's expression has found to be digits; ok is false if
// they are too many.
func number(s string) (n uint32, ok bool) {
	v, err := strconv.ParseUint(s, 10, 32)
	return uint32(v), err == nil
}

// member is the event of a change of runtime.members.
func (w *watcher) member(ctx context.Context, config values, ch cmap.Change) (event, bool) {
	m := memberKey().FindStringSubmatch(ch.Key)
	if m == nil {
		return nil, false
	}
	id, ok := number(m[1])
	if !ok {
		return nil, false
	}
	v, err := config.Get(ctx, "runtime.members."+m[1]+".ip")
	if err != nil {
		return nil, false
	}
	addr, ok := lastAddress(v.String())
	if !ok {
		w.log(loglevel.Error, "ip_str: "+v.String())
		return nil, false
	}
	e := nodeChange{name: addr, id: id, addr: addr, state: ch.New.String()}
	if !w.addresses {
		if names, err := net.DefaultResolver.LookupAddr(ctx, addr); err == nil && len(names) > 0 {
			e.name = strings.TrimSuffix(names[0], ".")
		}
	}
	return e, true
}

// lastAddress takes the last of the addresses in "r(0) ip(192.0.2.1) ".
func lastAddress(s string) (string, bool) {
	i := strings.LastIndexByte(s, '(')
	if i < 0 {
		return "", false
	}
	addr, _, ok := strings.Cut(s[i+1:], ")")
	return addr, ok
}

// statistic is the event of a change of the statistics.
func (w *watcher) statistic(ctx context.Context, ch cmap.Change) (event, bool) {
	if m := connectionKey().FindStringSubmatch(ch.Key); m != nil {
		name := ch.New
		if ch.Event == cmap.Deleted {
			name = ch.Old
		}
		return connectionChange{w.local(), m[2] + "." + m[1] + "." + name.String(), ch.Event == cmap.Added}, true
	}
	m := linkKey().FindStringSubmatch(ch.Key)
	if m == nil {
		return nil, false
	}
	switch ch.Event {
	case cmap.Added:
		if err := w.trackLink(ctx, ch.Key); err != nil {
			w.log(loglevel.Warning, "Can't add tracker for new/removed knet link")
		}
	case cmap.Deleted:
		if t := w.links[ch.Key]; t != nil {
			_ = t.Stop(ctx) // it may have gone with its key
			delete(w.links, ch.Key)
		}
	case cmap.Modified:
		v, err := w.stats.Get(ctx, ch.Key)
		if err != nil {
			return nil, false
		}
		node, ok := number(m[1])
		link, ok2 := number(m[2])
		up, ok3 := v.Uint()
		return linkChange{w.local(), node, link, up != 0}, ok && ok2 && ok3
	}
	return nil, false
}
