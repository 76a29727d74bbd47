package dhtls

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// capture is a connection of GnuTLS with itself.
type capture struct {
	master         []byte
	client, server bytes.Buffer
}

func load(t testing.TB) *capture {
	t.Helper()
	text, err := os.ReadFile("testdata/gnutls.txt")
	if err != nil {
		t.Fatal(err)
	}
	c := &capture{}
	for line := range strings.Lines(string(text)) {
		who, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		switch who {
		case "master":
			c.master = b
		case "client":
			c.client.Write(b)
		case "server":
			c.server.Write(b)
		}
	}
	return c
}

// reader is a Conn that reads what was captured.
func reader(b *bytes.Buffer, client bool) *Conn {
	c := &Conn{client: client}
	c.records.stream = b
	return c
}

// TestCapture follows a connection of GnuTLS with itself, with the master secret that it has come to.
func TestCapture(t *testing.T) {
	cap := load(t)
	fromClient, fromServer := reader(&cap.client, false), reader(&cap.server, true)
	var transcript []byte
	hear := func(c *Conn, kind byte) []byte {
		t.Helper()
		c.transcript = nil
		body, err := c.hear(kind)
		if err != nil {
			t.Fatal(err)
		}
		transcript = append(transcript, c.transcript...)
		return body
	}
	client, err := parseClientHello(hear(fromClient, typeClientHello))
	if err != nil || !client.extended || !client.secure || len(client.session) != 32 {
		t.Fatalf("%+v, %v", client, err)
	}
	chosen, group, err := choose(client)
	if err != nil {
		t.Fatal(err)
	}
	server, err := parseServerHello(hear(fromServer, typeServerHello))
	if err != nil || !server.extended || !server.secure || server.suites[0] != chosen.id {
		t.Fatalf("%+v, %v, we choose %#04x", server, err, chosen.id)
	}
	d, _, err := parseServerKeyExchange(hear(fromServer, typeServerKeyExchange))
	if err != nil || d.p.Cmp(group.p) != 0 || d.g.Cmp(group.g) != 0 {
		t.Fatalf("p %x, g %v, %v; we choose %x", d.p, d.g, err, group.p)
	}
	hear(fromServer, typeServerHelloDone)
	if _, err := parseClientKeyExchange(hear(fromClient, typeClientKeyExchange), d); err != nil {
		t.Fatal(err)
	}
	// The keys follow from the master secret; the premaster secret is not known.
	keys := prf(chosen.hash, 2*(chosen.keySize+saltSize), cap.master, "key expansion", server.random, client.random)
	s := &secrets{suite: chosen, master: cap.master}
	for i, to := range []*direction{&s.client, &s.server} {
		*to, err = newDirection(keys[i*chosen.keySize:][:chosen.keySize], keys[2*chosen.keySize+i*saltSize:][:saltSize])
		if err != nil {
			t.Fatal(err)
		}
	}
	fromClient.transcript = transcript
	if err := fromClient.finished(s); err != nil {
		t.Fatal("client: ", err)
	}
	fromServer.transcript = fromClient.transcript
	if err := fromServer.finished(s); err != nil {
		t.Fatal("server: ", err)
	}
	for _, c := range []struct {
		from *Conn
		want string
	}{{fromClient, `op="authenticate" user="hacluster" password="geheim"`}, {fromServer, `<cib_result cib_op="register" `}} {
		var all []byte
		for {
			kind, data, err := c.from.records.read()
			if err != nil {
				t.Fatal(err)
			}
			if kind == recordAlert {
				if heard(data) != io.EOF {
					t.Errorf("alert %v", data)
				}
				break
			}
			all = append(all, data...)
		}
		if !strings.Contains(string(all), c.want) {
			t.Errorf("%q", all)
		}
	}
}

func TestPrimes(t *testing.T) {
	for _, g := range groups {
		p := g.prime()
		if p.BitLen() != int(g.bits) {
			t.Errorf("group %#x: %d bits", g.id, p.BitLen())
		}
		if g.bits > 3072 && testing.Short() || g.bits > 4096 {
			continue // the larger take long
		}
		if half := new(big.Int).Rsh(p, 1); !p.ProbablyPrime(0) || !half.ProbablyPrime(0) {
			t.Errorf("group %#x: no safe prime", g.id)
		}
	}
}

// pair connects both sides, if that takes no longer than limit.
func pair(t *testing.T, limit time.Duration, wrapClient, wrapServer func(net.Conn) net.Conn) (client, server *Conn, clientErr, serverErr error) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if server, serverErr = Server(ctx, wrapServer(b)); serverErr != nil {
			_ = b.Close()
		}
	}()
	if client, clientErr = Client(ctx, wrapClient(a)); clientErr != nil {
		_ = a.Close()
	}
	<-done
	return client, server, clientErr, serverErr
}

// ample is a limit that only who hangs exceeds.
const ample = 20 * time.Second

func same(c net.Conn) net.Conn { return c }

func TestConnection(t *testing.T) {
	client, server, err1, err2 := pair(t, ample, same, same)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	large := bytes.Repeat([]byte("0123456789"), 10000)
	for _, c := range []struct{ from, to *Conn }{{client, server}, {server, client}} {
		for _, data := range [][]byte{[]byte("x"), large} {
			go func() {
				if n, err := c.from.Write(data); n != len(data) || err != nil {
					t.Error(n, err)
				}
			}()
			got := make([]byte, len(data))
			if _, err := io.ReadFull(c.to, got); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes: %v", len(data), err)
			}
		}
	}
	go func() { _ = client.Close() }()
	if n, err := server.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// spoiler changes a byte of what is sent.
type spoiler struct {
	net.Conn
	at int
}

func (s *spoiler) Write(b []byte) (int, error) {
	if s.at >= 0 && s.at < len(b) {
		b = bytes.Clone(b)
		b[s.at] ^= 0x10
	}
	s.at -= len(b)
	return s.Conn.Write(b)
}

// TestSpoiled: no byte of a handshake can be changed without somebody noticing.
func TestSpoiled(t *testing.T) {
	const limit = 200 * time.Millisecond // who waits for more than there will be waits in vain
	for at := 0; at < 600; at += 61 {
		spoil := func(c net.Conn) net.Conn { return &spoiler{c, at} }
		if _, _, err1, err2 := pair(t, limit, spoil, same); err1 == nil && err2 == nil && at < 400 {
			t.Errorf("byte %d of the client was changed", at)
		}
		if _, _, err1, err2 := pair(t, limit, same, spoil); err1 == nil && err2 == nil {
			t.Errorf("byte %d of the server was changed", at)
		}
	}
}

// TestTampered: neither can one of the data, and an end that was not announced is no end.
func TestTampered(t *testing.T) {
	var out *spoiler
	client, server, err1, err2 := pair(t, ample, func(c net.Conn) net.Conn { out = &spoiler{c, -1}; return out }, same)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	out.at = 15
	go func() { _, _ = client.Write([]byte("data")) }()
	go func() { _, _ = io.Copy(io.Discard, client) }()
	var f *fault
	if n, err := server.Read(make([]byte, 9)); n != 0 || !errors.As(err, &f) || f.alert != alertBadRecord {
		t.Error(n, err)
	}
	gone, left, err1, err2 := pair(t, ample, same, same)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	_ = gone.Conn.Close()
	if n, err := left.Read(make([]byte, 9)); n != 0 || err != io.ErrUnexpectedEOF {
		t.Error(n, err)
	}
}

// TestRenegotiation: whoever wants it is told that there is none.
func TestRenegotiation(t *testing.T) {
	client, server, err1, err2 := pair(t, ample, same, same)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = client.records.write(recordHandshake, (&hello{random: make([]byte, randomSize), suites: []uint16{0xa7}}).client())
		kind, data, err := client.records.read()
		if kind != recordAlert || !bytes.Equal(data, []byte{1, byte(alertNoRenegotiation)}) {
			t.Error(kind, data, err)
		}
		_, _ = client.Write([]byte("x"))
	}()
	b := make([]byte, 1)
	if n, err := server.Read(b); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestTimeout(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Server(ctx, b); err == nil {
		t.Error("no error")
	}
}

func TestHellos(t *testing.T) {
	cap := load(t)
	body, err := reader(&cap.client, false).hear(typeClientHello)
	if err != nil {
		t.Fatal(err)
	}
	for n := range body {
		if _, err := parseClientHello(body[:n]); err == nil && n != len(body)-102 { // without extensions it is one as well
			t.Errorf("%d bytes are a ClientHello", n)
		}
	}
	hello := func(version uint16, suites []uint16, compression byte, extensions func(*cryptobyte.Builder)) []byte {
		var b cryptobyte.Builder
		b.AddUint16(version)
		b.AddBytes(make([]byte, randomSize))
		b.AddUint8(0)
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, s := range suites {
				b.AddUint16(s)
			}
		})
		b.AddBytes([]byte{1, compression})
		if extensions != nil {
			b.AddUint16LengthPrefixed(extensions)
		}
		return b.BytesOrPanic()
	}
	list := func(id uint16, bytes ...byte) func(*cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) {
			extension(b, id, func(b *cryptobyte.Builder) { b.AddBytes(bytes) })
		}
	}
	for _, tt := range []struct {
		name string
		body []byte
		want string // the error, "" for none
	}{
		{"the least", hello(0x0303, []uint16{0xa6}, 0, nil), ""},
		{"a newer one", hello(0x0304, []uint16{0x1301, 0xa7}, 0, list(extensionVersions, 4, 3, 4, 3, 3)), ""},
		{"the signal", hello(0x0303, []uint16{0xa7, renegotiationSuite}, 0, nil), ""},
		{"other groups", hello(0x0303, []uint16{0xa7}, 0, list(extensionGroups, 0, 2, 0, 23)), ""},
		{"the largest group", hello(0x0303, []uint16{0xa7}, 0, list(extensionGroups, 0, 4, 1, 0xff, 1, 4)), ""},
		{"unknown fields", hello(0x0303, []uint16{0xa7}, 0, list(extensionGroups, 0, 2, 1, 0xff)), "insufficient security: no group in common with [0x01ff]"},
		{"old", hello(0x0302, []uint16{0xa7}, 0, nil), "protocol version: ClientHello: version 0x0302"},
		{"only new", hello(0x0303, []uint16{0xa7}, 0, list(extensionVersions, 2, 3, 4)), "protocol version: ClientHello: versions [0x0304]"},
		{"compressed", hello(0x0303, []uint16{0xa7}, 1, nil), "illegal parameter: ClientHello: compression only"},
		{"other suites", hello(0x0303, []uint16{0x34, 0xc02f}, 0, nil), "handshake failed: no cipher suite in common with [0x0034 0xc02f]"},
		{"no suites", hello(0x0303, nil, 0, nil), "decode error: ClientHello: cipher_suites"},
		{"a second handshake", hello(0x0303, []uint16{0xa7}, 0, list(extensionRenegotiation, 1, 7)), "handshake failed: renegotiation_info of 1 bytes in a first handshake"},
		{"half a list", hello(0x0303, []uint16{0xa7}, 0, list(extensionGroups, 0, 3, 1, 0, 1)), "decode error: supported_groups"},
	} {
		h, err := parseClientHello(tt.body)
		if err == nil {
			_, _, err = choose(h)
		}
		if got := ""; err != nil {
			if got = err.Error(); got != tt.want {
				t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
			}
		} else if tt.want != "" {
			t.Errorf("%s: no error, want %s", tt.name, tt.want)
		}
	}
}

func TestParameters(t *testing.T) {
	d := groups[0].params()
	n := big.NewInt
	for _, tt := range []struct {
		name    string
		p, g, y *big.Int
		want    string
	}{
		{"good", d.p, d.g, n(4), ""},
		{"small p", n(23), n(5), n(4), "p has 5 bits"},
		{"even p", new(big.Int).Sub(d.p, n(1)), d.g, n(4), "p is even"},
		{"g of one", d.p, n(1), n(4), "g is not within"},
		{"y of one", d.p, d.g, n(1), "Ys is not within"},
		{"y of p-1", d.p, d.g, new(big.Int).Sub(d.p, n(1)), "Ys is not within"},
		{"y of p", d.p, d.g, d.p, "Ys is not within"},
	} {
		_, _, err := parseServerKeyExchange(serverKeyExchange(params{tt.p, tt.g}, tt.y)[4:])
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if _, err := parseClientKeyExchange(clientKeyExchange(n(0))[4:], d); err == nil {
		t.Error("an empty value")
	}
}

// stub is a connection on which all has arrived.
type stub struct {
	net.Conn
	in *bytes.Reader
}

func (s stub) Read(b []byte) (int, error)     { return s.in.Read(b) }
func (stub) Write(b []byte) (int, error)      { return len(b), nil }
func (stub) SetDeadline(time.Time) error      { return nil }
func (stub) SetWriteDeadline(time.Time) error { return nil }

// zeros is a source of numbers that are not random, so that a run is like the next.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// FuzzHandshake: whatever a peer sends, a handshake ends, and not well.
func FuzzHandshake(f *testing.F) {
	cap := load(f)
	f.Add(cap.client.Bytes(), false)
	f.Add(cap.server.Bytes(), true)
	f.Add(bytes.Repeat([]byte{recordAlert, 3, 3, 0, 2, 1, 1}, 50), true)
	f.Add([]byte{recordHandshake, 3, 3, 0, 4, 1, 0xff, 0xff, 0xff}, false)
	f.Fuzz(func(t *testing.T, b []byte, client bool) {
		c := &Conn{Conn: stub{in: bytes.NewReader(b)}, client: client, random: zeros{}}
		if _, err := handshake(context.Background(), c); err == nil {
			t.Error("a handshake with nobody")
		}
	})
}

// FuzzRecords: whatever comes later, reading ends with an error.
func FuzzRecords(f *testing.F) {
	f.Add([]byte{recordData, 3, 3, 0, 1, 'x', recordAlert, 3, 3, 0, 2, 1, 0})
	f.Add(bytes.Repeat([]byte{recordData, 3, 3, 0, 0}, 50))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &Conn{Conn: stub{in: bytes.NewReader(b)}}
		c.records.stream = c.Conn
		got, err := io.ReadAll(c)
		if len(got) > len(b) || errors.Is(err, io.ErrNoProgress) {
			t.Error(len(got), err)
		}
	})
}
