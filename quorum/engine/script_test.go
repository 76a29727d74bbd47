package engine_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

var rewrite = flag.Bool("rewrite", false, "write what the scripts print into testdata")

// TestScripts plays the stories in testdata: each block is commands, a line of
// dashes and what they print. Commands:
//
//	cluster KEY=VALUE...          new world; nodes=N votes=1,2.. and keys of the quorum section
//	start ID...                   run daemons; crash ID..., leave ID... end them;
//	                              stop ID begins to leave
//	ring ID... [| ID...]          put running nodes into rings and settle
//	cut ID... [| ID...]           the same without settling; settle does that
//	advance D                     let time pass
//	status [ID...]                what corosync-quorumtool would say
//	get ID KEY; set ID KEY VALUE; del ID KEY; keys ID; reload ID KEY=VALUE...
//	expected ID N; votes ID NODE N
//	track ID CONTEXT FLAGS; untrack ID; events ID
//	qtrack ID MODEL FLAGS; quntrack ID; qevents ID
//	device ID register|unregister NAME; device ID update OLD NEW
//	poll ID NAME VOTE [SEQ]; masterwins ID NAME ALLOW
//	info ID NODE; full ID 0|1; log LEVEL
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(in))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(in) {
				t.Errorf("the story goes otherwise (see -rewrite):\n%s", firstDifference(string(in), got))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			from := max(0, i-6)
			return fmt.Sprintf("line %d\nwant:\n%s\ngot:\n%s", i+1,
				strings.Join(w[min(from, len(w)):min(i+4, len(w))], "\n"), strings.Join(g[min(from, len(g)):min(i+4, len(g))], "\n"))
		}
	}
	return ""
}

// play runs the commands of a script and returns it with their true output.
func play(t *testing.T, script string) string {
	var out bytes.Buffer
	s := &stage{t: t}
	for block := range strings.SplitSeq(strings.TrimRight(script, "\n"), "\n\n") {
		input, _, _ := strings.Cut(block+"\n", "----\n")
		fmt.Fprint(&out, input)
		if !strings.HasSuffix(input, "\n") {
			fmt.Fprintln(&out)
		}
		var result bytes.Buffer
		s.out = &result
		for line := range strings.Lines(input) {
			if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "#") {
				s.command(f[0], f[1:])
			}
		}
		if result.Len() > 0 || strings.Contains(block+"\n", "----\n") {
			fmt.Fprintln(&out, "----")
		}
		fmt.Fprintf(&out, "%s\n", &result)
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

// stage is a world and the clients that a script has in it.
type stage struct {
	t       *testing.T
	w       *world
	out     io.Writer
	voters  map[totem.NodeID]*conn
	quorums map[totem.NodeID]*conn
}

func (s *stage) id(f string) totem.NodeID { return totem.NodeID(s.num(f)) }

func (s *stage) num(f string) uint64 {
	n, err := strconv.ParseUint(f, 0, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *stage) ids(f []string) []totem.NodeID {
	var ids []totem.NodeID
	for _, a := range f {
		ids = append(ids, s.id(a))
	}
	return ids
}

func (s *stage) parts(f []string) [][]totem.NodeID {
	var parts [][]totem.NodeID
	for part := range strings.SplitSeq(strings.Join(f, " "), "|") {
		parts = append(parts, s.ids(strings.Fields(part)))
	}
	return parts
}

func (s *stage) up(f string) *process {
	p := s.w.hosts[s.id(f)].up
	if p == nil {
		s.t.Fatalf("node %s does not run", f)
	}
	return p
}

// conn returns the script's client on a node, opening it when there is none or
// the daemon is another.
func (s *stage) conn(m map[totem.NodeID]*conn, f string, svc service.ID) *conn {
	p := s.up(f)
	if c := m[p.id]; c != nil && c.p == p {
		return c
	}
	c := p.connect(svc)
	m[p.id] = c
	return c
}

func (s *stage) voter(f string) *conn  { return s.conn(s.voters, f, service.Votequorum) }
func (s *stage) quorum(f string) *conn { return s.conn(s.quorums, f, service.Quorum) }

func (s *stage) command(cmd string, f []string) {
	if s.w != nil {
		s.w.out = s.out
	}
	switch cmd {
	case "cluster":
		s.w = newWorld(s.t, s.out)
		s.voters, s.quorums = map[totem.NodeID]*conn{}, map[totem.NodeID]*conn{}
		s.w.conf = config(f)
	case "log":
		s.w.level = map[string]loglevel.Level{"crit": loglevel.Crit, "notice": loglevel.Notice, "info": loglevel.Info, "debug": loglevel.Debug}[f[0]]
	case "start":
		for _, id := range s.ids(f) {
			if err := s.w.start(id); err != nil {
				s.w.printf("%d error: %v\n", id, err)
			}
		}
	case "crash":
		for _, id := range s.ids(f) {
			s.w.crash(id)
		}
	case "leave":
		for _, id := range s.ids(f) {
			s.w.leave(id)
		}
	case "stop":
		s.up(f[0]).node.Stop(func(service.Info) {})
		s.w.settle()
	case "ring":
		s.w.rings(s.parts(f)...)
	case "cut":
		s.w.cut(s.parts(f)...)
	case "settle":
		s.w.settle()
	case "advance":
		d, err := time.ParseDuration(f[0])
		if err != nil {
			s.t.Fatal(err)
		}
		s.w.advance(d)
	case "status":
		ids := s.ids(f)
		if len(f) == 0 {
			ids = s.w.running()
		}
		for _, id := range ids {
			s.status(id)
		}
	case "full":
		s.up(f[0]).full = f[1] == "1"
	default:
		s.clientCommand(cmd, f)
	}
}

func (s *stage) status(id totem.NodeID) {
	p := s.w.hosts[id].up
	c := p.connect(service.Votequorum)
	i, err := wire.ParseInfo(c.call(wire.GetInfo{}.AppendTo(nil)))
	if err != nil {
		s.t.Fatal(err)
	}
	word := "BLOCKED"
	if p.quorum.Quorate() {
		word = "quorate"
	}
	if p.quorum.Quorate() != (i.Flags&wire.InfoQuorate != 0) {
		word += " (votequorum differs)"
	}
	s.w.printf("%d %s ring=%v expected=%d highest=%d total=%d quorum=%d flags=%v\n",
		id, word, p.members, i.ExpectedVotes, i.HighestExpected, i.TotalVotes, i.Quorum, infoFlags(i.Flags))
}

func infoFlags(f wire.InfoFlags) string {
	var s []string
	for i, name := range []string{"2Node", "Quorate", "WaitForAll", "LastManStanding", "AutoTieBreaker", "AllowDownscale", "Qdevice", "alive", "vote", "masterwins"} {
		if f&(1<<i) != 0 {
			s = append(s, name)
		}
	}
	return "[" + strings.Join(s, " ") + "]"
}

func (s *stage) clientCommand(cmd string, f []string) {
	var res []byte
	switch cmd {
	case "get":
		v, err := s.up(f[0]).cmap.Get(f[1])
		if err != nil {
			s.w.printf("%s: %v\n", f[1], err)
		} else {
			s.w.printf("%s (%v) = %v\n", f[1], v.Type(), v)
		}
		return
	case "keys":
		for k, v := range s.up(f[0]).cmap.Iterate("runtime.votequorum.") {
			s.w.printf("%s (%v) = %v\n", k, v.Type(), v)
		}
		return
	case "set":
		set(s.t, s.up(f[0]).cmap, f[1], f[2])
		s.w.settle()
		return
	case "del":
		if err := s.up(f[0]).cmap.Delete(f[1]); err != nil {
			s.t.Fatal(err)
		}
		s.w.settle()
		return
	case "reload":
		m := s.up(f[0]).cmap
		m.SetUint8("config.totemconfig_reload_in_progress", 1)
		for _, kv := range f[1:] {
			k, v, _ := strings.Cut(kv, "=")
			set(s.t, m, k, v)
		}
		if _, err := m.GetInt32("config.reload_status"); err != nil {
			m.SetInt32("config.reload_status", int32(cserr.OK))
		}
		m.SetUint8("config.totemconfig_reload_in_progress", 0)
		s.w.settle()
		return
	case "events":
		s.printEvents(s.voter(f[0]), voterEvents)
		return
	case "qevents":
		s.printEvents(s.quorum(f[0]), quorumEvents)
		return
	case "info":
		i, err := wire.ParseInfo(s.voter(f[0]).call(wire.GetInfo{NodeID: s.id(f[1])}.AppendTo(nil)))
		s.w.printf("%+v %v\n", i, err)
		return
	case "expected":
		res = s.voter(f[0]).call(wire.SetExpected{ExpectedVotes: uint32(s.num(f[1]))}.AppendTo(nil))
	case "votes":
		res = s.voter(f[0]).call(wire.SetVotes{NodeID: s.id(f[1]), Votes: uint32(s.num(f[2]))}.AppendTo(nil))
	case "track":
		res = s.voter(f[0]).call(wire.TrackStart{Context: s.num(f[1]), Flags: uint32(s.num(f[2]))}.AppendTo(nil))
	case "untrack":
		res = s.voter(f[0]).call(wire.AppendRequest(nil, wire.ReqTrackStop))
	case "device":
		res = s.voter(f[0]).call(map[string]func() []byte{
			"register":   func() []byte { return wire.QdeviceName{Name: f[2]}.AppendTo(nil, wire.ReqQdeviceRegister) },
			"unregister": func() []byte { return wire.QdeviceName{Name: f[2]}.AppendTo(nil, wire.ReqQdeviceUnregister) },
			"update":     func() []byte { return wire.QdeviceUpdate{OldName: f[2], NewName: f[3]}.AppendTo(nil) },
		}[f[1]]())
	case "poll":
		m := wire.QdevicePoll{Name: f[1], CastVote: uint32(s.num(f[2])), Ring: s.up(f[0]).ring}
		if len(f) > 3 {
			m.Ring.Seq = s.num(f[3])
		}
		res = s.voter(f[0]).call(m.AppendTo(nil))
	case "masterwins":
		res = s.voter(f[0]).call(wire.QdeviceMasterWins{Name: f[1], Allow: uint32(s.num(f[2]))}.AppendTo(nil))
	case "qtrack":
		c := s.quorum(f[0])
		c.call(wire.QuorumModelGetType{Model: wire.Model(s.num(f[1]))}.AppendTo(nil))
		res = c.call(wire.QuorumTrackStart{Flags: uint32(s.num(f[2]))}.AppendTo(nil))
	case "quntrack":
		res = s.quorum(f[0]).call(wire.AppendRequest(nil, wire.ReqQuorumTrackStop))
	default:
		s.t.Fatalf("no command %q", cmd)
	}
	h, err := wire.ParseResponseHeader(res)
	if err != nil {
		s.t.Fatal(err)
	}
	s.w.printf("%s\n", h.Error)
}

// How the events of both services are read, by their ids.
var (
	voterEvents = map[int32]func([]byte) (any, error){
		wire.ResQuorumNotify:        reader(wire.ParseQuorumNotify),
		wire.ResNodelistNotify:      reader(wire.ParseNodelistNotify),
		wire.ResExpectedVotesNotify: reader(wire.ParseExpectedVotesNotify),
	}
	quorumEvents = map[int32]func([]byte) (any, error){
		wire.ResQuorumNotification: reader(wire.ParseQuorumNotification),
		wire.ResQuorumV1Quorum:     reader(wire.ParseV1QuorumNotification),
		wire.ResQuorumV1Nodelist:   reader(wire.ParseV1NodelistNotification),
	}
)

func reader[T any](parse func([]byte) (T, error)) func([]byte) (any, error) {
	return func(b []byte) (any, error) { return parse(b) }
}

func (s *stage) printEvents(c *conn, events map[int32]func([]byte) (any, error)) {
	for _, e := range c.events {
		h, err := wire.ParseResponseHeader(e)
		var m any
		if err == nil {
			m, err = events[h.ID](e)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		s.w.printf("%d %T %+v\n", c.p.id, m, m)
	}
	c.events = nil
}

// wide are the keys that are 32 bits wide in corosync.conf's map; other numbers
// of the quorum section are 8.
var wide = map[string]bool{
	"quorum.expected_votes": true, "quorum.votes": true, "quorum.last_man_standing_window": true,
	"quorum.device.timeout": true, "quorum.device.sync_timeout": true, "quorum.device.votes": true,
}

// set puts a value into a map, in the type that the configuration gives to it.
func set(t testing.TB, m *icmap.Map, key, value string) {
	n, numErr := strconv.ParseUint(value, 10, 32)
	var err error
	switch {
	case numErr != nil || strings.HasSuffix(key, "auto_tie_breaker_node") || strings.HasSuffix(key, ".name"):
		err = m.SetString(key, strings.ReplaceAll(value, ",", " "))
	case key == "config.reload_status":
		err = m.SetInt32(key, int32(n))
	case wide[key] || strings.HasPrefix(key, "nodelist."):
		err = m.SetUint32(key, uint32(n))
	default:
		err = m.SetUint8(key, uint8(n))
	}
	if err != nil {
		t.Fatal(key, err)
	}
}

// config makes each node's map from the words of "cluster".
func config(f []string) func(totem.NodeID) *icmap.Map {
	return func(id totem.NodeID) *icmap.Map {
		m := icmap.New()
		m.SetString("quorum.provider", "corosync_votequorum")
		for _, kv := range f {
			k, v, _ := strings.Cut(kv, "=")
			switch k {
			case "nodes":
				n, _ := strconv.Atoi(v)
				for i := range n {
					m.SetUint32(fmt.Sprintf("nodelist.node.%d.nodeid", i), uint32(i+1))
				}
				m.SetUint32("nodelist.local_node_pos", uint32(id)-1)
			case "votes":
				for i, v := range strings.Split(v, ",") {
					n, _ := strconv.Atoi(v)
					m.SetUint32(fmt.Sprintf("nodelist.node.%d.quorum_votes", i), uint32(n))
				}
			case "provider":
				if v == "" {
					m.Delete("quorum.provider")
				} else {
					m.SetString("quorum.provider", v)
				}
			default:
				set(nil, m, "quorum."+k, v)
			}
		}
		return m
	}
}
