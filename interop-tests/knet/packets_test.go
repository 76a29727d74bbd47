//go:build interop

package knet

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/knet/peer"
	"github.com/ringmaster-ha/ringmaster/totem/knet/compress"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// patience is how long anything may take.
const patience = 15 * time.Second

var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "knetpeer")
	if err != nil {
		panic(err)
	}
	if program, err = peer.Build(dir); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// node is host 1, ours, reduced to what keeps the link of host 2, the
// reference's, up: it answers pings and probes.
type node struct {
	t      *testing.T
	conn   *net.UDPConn
	to     netip.AddrPort
	keys   crypto.Keyring
	unpack *compress.Unpacker
	seq    uint16
	host   *peer.Host
	buf    []byte
	plain  []byte
	out    []byte
	frags  map[uint16]map[uint8][]byte
	failed map[error]int // packets that were not opened, by why
}

func salt(b []byte) { rand.Read(b) }

// start makes both hosts and waits until host 2 has its link up.
func start(t *testing.T, c crypto.Config, options ...string) *node {
	t.Helper()
	local := netip.MustParseAddr("127.0.0.1")
	// The kernel chooses a port for the peer, and then the peer gets it.
	reserve, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	if err != nil {
		t.Fatal(err)
	}
	n := &node{
		t: t, conn: conn, to: reserve.LocalAddr().(*net.UDPAddr).AddrPort(),
		unpack: compress.NewUnpacker(wire.MaxUserData),
		buf:    make([]byte, 1<<16), plain: make([]byte, 0, 1<<16),
		frags: map[uint16]map[uint8][]byte{}, failed: map[error]int{},
	}
	reserve.Close()
	options = append(options, "host=2", "peer=1", "local="+n.to.String(), "remote="+conn.LocalAddr().String())
	if c.Model != "" {
		n.load(1, c)
		if err := n.keys.Use(1); err != nil {
			t.Fatal(err)
		}
		options = append(options, "model="+c.Model, "cipher="+c.Cipher, "hash="+c.Hash, fmt.Sprintf("keylen=%d", len(c.Key)))
	} else {
		n.keys.AllowClear(true)
	}
	if n.host, err = peer.Start(program, options...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.host.Stop(); conn.Close() })
	up := make(chan error, 1)
	go func() { _, err := n.host.Wait("up", patience); up <- err }()
	n.serve(func([]byte) bool { return len(up) > 0 })
	if err := <-up; err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *node) load(slot int, c crypto.Config) {
	n.t.Helper()
	i, err := crypto.New(c, salt)
	if err == nil {
		err = n.keys.Set(slot, i)
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) transmit(head, body []byte) {
	n.t.Helper()
	n.out = n.keys.Seal(n.out[:0], head, body)
	if _, err := n.conn.WriteToUDPAddrPort(n.out, n.to); err != nil {
		n.t.Fatal(err)
	}
}

// serve answers host 2 until done is true, which is asked with each message and
// every now and then with nil.
func (n *node) serve(done func(message []byte) bool) {
	n.t.Helper()
	end := time.Now().Add(patience)
	for time.Now().Before(end) {
		n.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		l, _, err := n.conn.ReadFromUDPAddrPort(n.buf)
		var message []byte
		if err == nil {
			message = n.packet(n.buf[:l])
		} else if !errors.Is(err, os.ErrDeadlineExceeded) {
			n.t.Fatal(err)
		}
		if done(message) {
			return
		}
	}
	n.t.Fatalf("host 2 did not do what was waited for; packets that were not opened: %v", n.failed)
}

// packet deals with a datagram and returns the message that it completes.
func (n *node) packet(b []byte) []byte {
	n.t.Helper()
	plain, _, err := n.keys.Open(n.plain, b)
	if err != nil {
		n.failed[err]++
		return nil
	}
	typ, _, err := wire.Peek(plain)
	if err != nil {
		n.t.Fatal(err)
	}
	switch typ {
	case wire.TypePing:
		var p wire.Ping
		if _, err := p.Parse(plain); err != nil {
			n.t.Fatal(err)
		}
		p.From, p.Pong = 1, true
		n.transmit(p.AppendTo(nil), nil)
	case wire.TypePMTUd:
		var p wire.PMTUd
		if _, err := p.Parse(plain); err != nil {
			n.t.Fatal(err)
		}
		if want := len(b) + wire.IPv4Overhead + wire.UDPOverhead; int(p.Size) != want {
			n.t.Errorf("a probe says %d and has %d bytes on the wire", p.Size, want)
		}
		p.From, p.Reply = 1, true
		n.transmit(p.AppendTo(nil), nil)
	case wire.TypeData:
		return n.data(plain)
	}
	return nil
}

func (n *node) data(plain []byte) []byte {
	n.t.Helper()
	var d wire.Data
	at, err := d.Parse(plain)
	if err != nil {
		n.t.Fatal(err)
	}
	message := bytes.Clone(plain[at:])
	if d.Frags > 1 {
		if n.frags[d.Seq] == nil {
			n.frags[d.Seq] = map[uint8][]byte{}
		}
		n.frags[d.Seq][d.Frag] = message
		if len(n.frags[d.Seq]) < int(d.Frags) {
			return nil
		}
		message = nil
		for f := range d.Frags {
			message = append(message, n.frags[d.Seq][f+1]...)
		}
	}
	if d.Compress != 0 {
		if message, err = n.unpack.Unpack(nil, compress.Model(d.Compress), message); err != nil {
			n.t.Fatal(err)
		}
	}
	return message
}

// send sends a message that host 2 must get, in fragments of mtu bytes, the last
// one first.
func (n *node) send(message []byte, p *compress.Packer, mtu int) {
	n.t.Helper()
	n.seq++
	d := wire.Data{From: 1, Seq: n.seq, Broadcast: true, Frags: 1}
	body := message
	if p.Wants(len(message)) {
		packed, err := p.Pack(nil, message)
		if err != nil {
			n.t.Fatal(err)
		}
		if len(packed) < len(message) {
			body, d.Compress = packed, uint8(p.Model())
		}
	}
	d.Frags = uint8(wire.Fragments(len(body), mtu))
	for f := int(d.Frags) - 1; f >= 0; f-- {
		if d.Frags > 1 {
			d.Frag = uint8(f + 1)
		}
		n.transmit(d.AppendTo(nil), body[f*mtu:min(len(body), (f+1)*mtu)])
	}
	got := make(chan error, 1)
	go func() {
		b, err := n.host.Message(patience)
		if err == nil && !bytes.Equal(b, message) {
			err = fmt.Errorf("host 2 got %d other bytes: %.80q", len(b), b)
		}
		got <- err
	}()
	n.serve(func([]byte) bool { return len(got) > 0 })
	if err := <-got; err != nil {
		n.t.Error(err)
	}
}

// receive has host 2 send a message, which we must get.
func (n *node) receive(message []byte) {
	n.t.Helper()
	if err := n.host.Do("send %x", message); err != nil {
		n.t.Fatal(err)
	}
	n.serve(func(b []byte) bool {
		if b != nil && !bytes.Equal(b, message) {
			n.t.Errorf("got %d other bytes: %.80q", len(b), b)
		}
		return b != nil
	})
}

// text is n bytes that can be compressed.
func text(n int) []byte {
	var b []byte
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "node-%d is online, ", i*i%97)
	}
	return b[:n]
}

// Every cipher with every hash, as both of the reference's libraries do it.
func TestCrypto(t *testing.T) {
	for _, model := range []string{"nss", "openssl"} {
		for _, cipher := range []string{"none", "aes128", "aes192", "aes256"} {
			for _, hash := range []string{"md5", "sha1", "sha256", "sha384", "sha512"} {
				t.Run(model+"/"+cipher+"/"+hash, func(t *testing.T) {
					t.Parallel()
					n := start(t, crypto.Config{Model: model, Cipher: cipher, Hash: hash, Key: peer.Key(200)}, "mtu=1500")
					for _, l := range []int{1, 15, 16, 17, 1000, 5000} {
						n.send(text(l), nil, 1300)
						n.receive(text(l))
					}
					if len(n.failed) > 0 {
						t.Errorf("not opened: %v", n.failed)
					}
				})
			}
		}
	}
}

// Keys of the least and the greatest length, and none.
func TestKeys(t *testing.T) {
	for _, l := range []int{crypto.MinKeyLen, 256, crypto.MaxKeyLen} {
		for _, model := range []string{"nss", "openssl"} {
			t.Run(fmt.Sprintf("%s/%d", model, l), func(t *testing.T) {
				t.Parallel()
				n := start(t, crypto.Config{Model: model, Cipher: "aes256", Hash: "sha256", Key: peer.Key(l)})
				n.send(text(100), nil, 1300)
				n.receive(text(100))
			})
		}
	}
	t.Run("clear", func(t *testing.T) {
		t.Parallel()
		n := start(t, crypto.Config{}, "mtu=600")
		for _, l := range []int{1, 546, 547, 20000, 65535} {
			n.send(text(l), nil, 1300)
			n.receive(text(l))
		}
	})
}

// Every model of compression, at levels that make a difference.
func TestCompression(t *testing.T) {
	for model, levels := range map[string][]int{
		"zlib": {0, 1, 9}, "lz4": {0, 5}, "lz4hc": {0, 12}, "lzma": {0, 6}, "bzip2": {1, 9}, "zstd": {0, 19},
	} {
		for _, level := range levels {
			t.Run(fmt.Sprintf("%s/%d", model, level), func(t *testing.T) {
				t.Parallel()
				p, err := compress.NewPacker(compress.Config{Model: model, Level: level})
				if err != nil {
					t.Fatal(err)
				}
				n := start(t, crypto.Config{Model: "nss", Cipher: "aes256", Hash: "sha256", Key: peer.Key(256)},
					"compress="+model, fmt.Sprintf("level=%d", level), "mtu=1500")
				for _, l := range []int{100, 101, 1500, 20000, 65535} {
					n.send(text(l), p, 1300)
					n.receive(text(l))
				}
				noise := make([]byte, 3000)
				rand.Read(noise)
				n.send(noise, p, 1300)
				n.receive(noise)
			})
		}
	}
}

// The key and all of its use change while messages go in both directions, and
// then encryption is turned off and on again.
func TestRekey(t *testing.T) {
	n := start(t, crypto.Config{Model: "nss", Cipher: "aes256", Hash: "sha256", Key: peer.Key(256)})
	talk := func(step string) {
		t.Helper()
		n.send([]byte(step), nil, 1300)
		n.receive([]byte(step))
	}
	do := func(format string, args ...any) {
		t.Helper()
		if err := n.host.Do(format, args...); err != nil {
			t.Fatal(err)
		}
		talk("host 2: " + fmt.Sprintf(format, args...))
	}
	ours := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		talk("host 1: " + what)
	}
	talk("at first")
	n.load(2, crypto.Config{Model: "nss", Cipher: "aes128", Hash: "sha1", Key: peer.Key(300)})
	talk("host 1: set 2")
	do("set 2 openssl aes128 sha1 300")
	ours("use 2", n.keys.Use(2))
	do("use 2")
	do("set 1 none none none 0")
	ours("set 1", n.keys.Set(1, nil))
	// The cipher alone: the HMAC tells the two apart no longer.
	n.load(1, crypto.Config{Model: "nss", Cipher: "aes192", Hash: "sha1", Key: peer.Key(300)})
	do("set 1 nss aes192 sha1 300")
	do("use 1")
	for i := range 300 {
		n.receive(fmt.Appendf(nil, "message %d under the other cipher", i))
	}
	ours("use 1", n.keys.Use(1))
	n.keys.AllowClear(true)
	do("clear 1")
	do("use 0")
	ours("use 0", n.keys.Use(0))
	do("use 1")
	ours("use 1", n.keys.Use(1))
	do("clear 0")
}
