package crypto

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

var (
	allCiphers = []string{"none", "aes128", "aes192", "aes256"}
	allHashes  = []string{"none", "md5", "sha1", "sha256", "sha384", "sha512"}
)

// key is a private key of n bytes that differ.
func key(n int) []byte {
	k := make([]byte, n)
	for i := range k {
		k[i] = byte(i*7 + 3)
	}
	return k
}

// counter is a source of salts that differ.
func counter() func([]byte) {
	var n byte
	return func(b []byte) {
		n++
		for i := range b {
			b[i] = n + byte(i)
		}
	}
}

func instance(t testing.TB, cipher, hash string, key []byte) *Instance {
	t.Helper()
	i, err := New(Config{Model: "nss", Cipher: cipher, Hash: hash, Key: key}, counter())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// configs calls f with each configuration that there can be.
func configs(f func(cipher, hash string)) {
	for _, c := range allCiphers {
		for _, h := range allHashes {
			if h != "none" {
				f(c, h)
			}
		}
	}
}

// packet is a plaintext of n bytes that begins as packets do.
func packet(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i)
	}
	p[0] = wire.Version
	return p
}

func TestSealOpen(t *testing.T) {
	configs(func(cipher, hash string) {
		i := instance(t, cipher, hash, key(MinKeyLen))
		var buf []byte
		for _, n := range []int{1, 9, 15, 16, 17, 26, 31, 32, 33, 1400, 65000} {
			p := packet(n)
			before := []byte("before")
			s := i.Seal(before, p[:n/3], p[n/3:])
			if !bytes.HasPrefix(s, before) {
				t.Fatalf("%s/%s: %d bytes: dst was changed", cipher, hash, n)
			}
			s = s[len(before):]
			if want := i.Sizes().Sealed(n); len(s) != want {
				t.Errorf("%s/%s: %d bytes sealed are %d, want %d", cipher, hash, n, len(s), want)
			}
			got, err := i.Open(buf, s)
			if err != nil || !bytes.Equal(got, p) {
				t.Errorf("%s/%s: %d bytes: %v", cipher, hash, n, err)
			}
			buf = got
		}
	})
}

// Packets sealed together are what they are when sealed one by one, whatever
// their lengths.
func TestSealFilled(t *testing.T) {
	zero := func(b []byte) { clear(b) }
	for _, length := range [][]int{{100}, {1400, 1400, 1400, 1400}, {1, 2000, 16, 15, 400, 400, 31}, {300, 200, 100, 17, 90, 80, 70, 60, 50}} {
		configs(func(cipher, hash string) {
			i, err := New(Config{Model: "nss", Cipher: cipher, Hash: hash, Key: key(256)}, zero)
			if err != nil {
				t.Fatal(err)
			}
			var k Keyring
			if err := errors.Join(k.Set(1, i), k.Use(1)); err != nil {
				t.Fatal(err)
			}
			var filled, want [][]byte
			for n, l := range length {
				p := packet(l)
				p[l-1] = byte(n)
				want = append(want, i.Seal(nil, p[:l/2], p[l/2:]))
				filled = append(filled, k.Fill(nil, p[:l/2], p[l/2:]))
			}
			k.SealFilled(filled)
			for n := range length {
				if !bytes.Equal(filled[n], want[n]) {
					t.Errorf("%s/%s: packet %d of %v:\n%x, want\n%x", cipher, hash, n, length, filled[n], want[n])
				}
			}
		})
	}
	var clear Keyring
	got := [][]byte{clear.Fill(nil, []byte("head"), []byte("body"))}
	if clear.SealFilled(got); string(got[0]) != "headbody" {
		t.Errorf("in clear: %q", got[0])
	}
}

// Whatever bit is changed, whatever is cut off or added, the packet is refused.
func TestOpenRefuses(t *testing.T) {
	configs(func(cipher, hash string) {
		i := instance(t, cipher, hash, key(MinKeyLen))
		s := i.Seal(nil, packet(40), nil)
		for at := range s {
			changed := bytes.Clone(s)
			changed[at] ^= 0x10
			if _, err := i.Open(nil, changed); !errors.Is(err, ErrDigest) {
				t.Errorf("%s/%s: byte %d changed: %v", cipher, hash, at, err)
			}
			if _, err := i.Open(nil, s[:at]); !errors.Is(err, ErrDigest) && !errors.Is(err, ErrShort) {
				t.Errorf("%s/%s: cut to %d bytes: %v", cipher, hash, at, err)
			}
		}
		if _, err := i.Open(nil, append(s, 0)); !errors.Is(err, ErrDigest) {
			t.Errorf("%s/%s: a byte more: %v", cipher, hash, err)
		}
		stranger := instance(t, cipher, hash, key(MinKeyLen+1))
		if _, err := stranger.Open(nil, s); !errors.Is(err, ErrDigest) {
			t.Errorf("%s/%s: another key: %v", cipher, hash, err)
		}
	})
}

// An authentic packet that is no ciphertext of ours: its sender has the same key
// and hash and another cipher.
func TestOpenOtherCipher(t *testing.T) {
	ours := instance(t, "aes256", "sha256", key(256))
	for _, tt := range []struct {
		cipher string
		length int
		want   error
	}{
		{"none", 16, ErrShort},     // nothing after the salt
		{"none", 40, ErrShort},     // no whole blocks
		{"none", 64, ErrGarbled},   // whole blocks, but not encrypted
		{"aes128", 64, ErrGarbled}, // encrypted with the first half of our key
	} {
		theirs := instance(t, tt.cipher, "sha256", key(256))
		if _, err := ours.Open(nil, theirs.Seal(nil, packet(tt.length), nil)); !errors.Is(err, tt.want) {
			t.Errorf("%s, %d bytes: %v, want %v", tt.cipher, tt.length, err, tt.want)
		}
	}
}

// The AES key is the beginning of the private key, so that two keys that begin
// alike differ in the HMAC only.
func TestKeyUse(t *testing.T) {
	salt := func(b []byte) { clear(b) }
	k := key(256)
	k2 := bytes.Clone(k)
	k2[255]++
	seal := func(k []byte) []byte {
		i, err := New(Config{Model: "openssl", Cipher: "aes256", Hash: "sha256", Key: k}, salt)
		if err != nil {
			t.Fatal(err)
		}
		return i.Seal(nil, packet(40), nil)
	}
	a, b := seal(k), seal(k2)
	n := len(a) - 32
	if !bytes.Equal(a[:n], b[:n]) || bytes.Equal(a[n:], b[n:]) {
		t.Errorf("sealed with keys that differ in their last byte:\n%x\n%x", a, b)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		c    Config
		want string
	}{
		{Config{Model: "gnutls", Cipher: "aes256", Hash: "sha256", Key: key(128)}, "model gnutls not supported"},
		{Config{Model: "nss", Cipher: "3des", Hash: "sha256", Key: key(128)}, "unknown crypto cipher type requested: 3des"},
		{Config{Model: "nss", Cipher: "aes256", Hash: "sha3", Key: key(128)}, "unknown crypto hash type requested: sha3"},
		{Config{Model: "nss", Cipher: "aes256", Hash: "none", Key: key(128)}, "crypto communication requires hash specified"},
		{Config{Model: "nss", Cipher: "aes256", Hash: "sha1", Key: key(127)}, "private key len too short (min 128): 127"},
		{Config{Model: "nss", Cipher: "aes256", Hash: "sha1", Key: key(4097)}, "private key len too long (max 4096): 4097"},
	} {
		if _, err := New(tt.c, counter()); err == nil || err.Error() != tt.want {
			t.Errorf("%s/%s/%s: %v, want %s", tt.c.Model, tt.c.Cipher, tt.c.Hash, err, tt.want)
		}
	}
	for _, n := range []int{MinKeyLen, MaxKeyLen} {
		if _, err := New(Config{Model: "openssl", Cipher: "none", Hash: "md5", Key: key(n)}, counter()); err != nil {
			t.Errorf("key of %d bytes: %v", n, err)
		}
	}
}

func TestEnabled(t *testing.T) {
	for _, tt := range []struct {
		model, cipher, hash string
		want                bool
	}{
		{"nss", "none", "none", false},
		{"nss", "none", "sha1", true},
		{"nss", "aes128", "none", true}, // though New refuses it
		{"none", "aes128", "sha1", false},
	} {
		c := Config{Model: tt.model, Cipher: tt.cipher, Hash: tt.hash}
		if got := c.Enabled(); got != tt.want {
			t.Errorf("%s/%s/%s: %v", tt.model, tt.cipher, tt.hash, got)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	configs(func(cipher, hash string) {
		i := instance(t, cipher, hash, key(256))
		p := packet(1400)
		sealed, plain := make([]byte, 0, 2048), make([]byte, 0, 2048)
		if n := testing.AllocsPerRun(10, func() {
			sealed = i.Seal(sealed[:0], p[:14], p[14:])
			if _, err := i.Open(plain, sealed); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s/%s: %v allocations for a packet", cipher, hash, n)
		}
	})
}

// The change of a key, step by step, between a node that is ahead and one that
// is behind by one.
func TestRekey(t *testing.T) {
	old, next := key(256), key(300)
	node := func() *Keyring {
		var k Keyring
		if err := errors.Join(k.Set(1, instance(t, "aes256", "sha256", old)), k.Use(1)); err != nil {
			t.Fatal(err)
		}
		return &k
	}
	a, b := node(), node()
	hear := func(step string) {
		t.Helper()
		for _, pair := range [][2]*Keyring{{a, b}, {b, a}} {
			p := packet(100)
			got, sealed, err := pair[1].Open(nil, pair[0].Seal(nil, p, nil))
			if err != nil || !sealed || !bytes.Equal(got, p) {
				t.Errorf("%s: sealed %v, %v", step, sealed, err)
			}
		}
	}
	steps := []struct {
		name string
		do   func(*Keyring) error
	}{
		{"load", func(k *Keyring) error { return k.Set(2, instance(t, "aes128", "sha1", next)) }},
		{"activate", func(k *Keyring) error { return k.Use(2) }},
		{"clean up", func(k *Keyring) error { return k.Set(1, nil) }},
	}
	hear("before")
	for _, s := range steps {
		for n, k := range []*Keyring{a, b} {
			if err := s.do(k); err != nil {
				t.Fatalf("%s: %v", s.name, err)
			}
			hear(fmt.Sprintf("%s on node %d", s.name, n+1))
		}
	}
	if a.use != 2 || a.Sizes() != (wire.Security{Block: 16, Salt: 16, Hash: 20}) {
		t.Errorf("at the end slot %d is in use, sizes %+v", a.use, a.Sizes())
	}
	stale := node().Seal(nil, packet(100), nil)
	if _, _, err := a.Open(nil, stale); !errors.Is(err, ErrDigest) {
		t.Errorf("a packet under the old key: %v", err)
	}
}

// A change of nothing but the cipher: no packet is taken for what it is not.
func TestRekeyCipherOnly(t *testing.T) {
	var a, b Keyring
	k := key(256)
	err := errors.Join(
		a.Set(1, instance(t, "aes128", "sha256", k)), a.Use(1), a.Set(2, instance(t, "aes256", "sha256", k)),
		b.Set(1, instance(t, "aes256", "sha256", k)), b.Use(1),
	)
	if err != nil {
		t.Fatal(err)
	}
	p := packet(200)
	for n := range 5000 { // some of them decrypt to valid padding under the wrong cipher
		got, _, err := a.Open(nil, b.Seal(nil, p, []byte{byte(n), byte(n >> 8)}))
		if err != nil || !bytes.HasPrefix(got, p) {
			t.Fatalf("packet %d: %v", n, err)
		}
	}
}

func TestClear(t *testing.T) {
	p := packet(50)
	sealed := instance(t, "aes256", "sha256", key(256)).Seal(nil, p, nil)
	var k Keyring
	if _, _, err := k.Open(nil, p); !errors.Is(err, ErrClear) {
		t.Errorf("the empty keyring: %v", err)
	}
	k.AllowClear(true)
	if got, wasSealed, err := k.Open(nil, p); err != nil || wasSealed || !bytes.Equal(got, p) {
		t.Errorf("clear allowed: sealed %v, %v", wasSealed, err)
	}
	// Encryption is being turned on: both kinds are taken, and we send in clear.
	if err := k.Set(1, instance(t, "aes256", "sha256", key(256))); err != nil {
		t.Fatal(err)
	}
	for _, in := range [][]byte{p, sealed} {
		if got, wasSealed, err := k.Open(nil, in); err != nil || wasSealed != (len(in) != len(p)) || !bytes.Equal(got, p) {
			t.Errorf("turning on: sealed %v, %v", wasSealed, err)
		}
	}
	if got := k.Seal(nil, p[:14], p[14:]); !bytes.Equal(got, p) {
		t.Errorf("sealed before it was activated: %x", got)
	}
	if err := k.Use(1); err != nil {
		t.Fatal(err)
	}
	k.AllowClear(false)
	if _, _, err := k.Open(nil, p); !errors.Is(err, ErrDigest) && !errors.Is(err, ErrShort) {
		t.Errorf("clear after encryption was turned on: %v", err)
	}
}

func TestKeyringRefuses(t *testing.T) {
	var k Keyring
	i := instance(t, "none", "sha256", key(256))
	for _, tt := range []struct {
		what string
		err  error
		want string
	}{
		{"slot 0", k.Set(0, i), "slot 0: want 1 to 2"},
		{"slot 3", k.Set(3, i), "slot 3: want 1 to 2"},
		{"use 3", k.Use(3), "slot 3: want 0 to 2"},
		{"use an empty slot", k.Use(1), ErrEmpty.Error()},
		{"replace", errors.Join(k.Set(1, i), k.Use(1), k.Set(1, nil)), ErrInUse.Error()},
	} {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.what, tt.err, tt.want)
		}
	}
}

// golden is a packet of libknet in one configuration.
type golden struct {
	model, cipher, hash string
	packet              []byte
}

func goldens(t testing.TB) (all []golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/packets.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if f[0] != "#" {
			all = append(all, golden{f[0], f[1], f[2], unhex(t, f[3])})
		}
	}
	return all
}

// What libknet sealed is opened, and sealed anew with the same salt it is the
// same packet.
func TestGoldens(t *testing.T) {
	all := goldens(t)
	if want := 2 * len(allCiphers) * (len(allHashes) - 1); len(all) != want {
		t.Fatalf("%d packets, want %d", len(all), want)
	}
	for _, g := range all {
		i, err := New(Config{Model: g.model, Cipher: g.cipher, Hash: g.hash, Key: key(256)}, func(b []byte) { copy(b, g.packet) })
		if err != nil {
			t.Fatal(err)
		}
		plain, err := i.Open(nil, g.packet)
		if err != nil {
			t.Errorf("%s/%s/%s: %v", g.model, g.cipher, g.hash, err)
			continue
		}
		var d wire.Data
		n, err := d.Parse(plain)
		if err != nil || string(plain[n:]) != "user data" || d.From != 1 || d.Frags != 1 {
			t.Errorf("%s/%s/%s: %+v and %q, %v", g.model, g.cipher, g.hash, d, plain[n:], err)
		}
		if got := i.Seal(nil, plain[:n], plain[n:]); !bytes.Equal(got, g.packet) {
			t.Errorf("%s/%s/%s: sealed to\n%x, want\n%x", g.model, g.cipher, g.hash, got, g.packet)
		}
	}
}

// Nobody who changes a packet gets it through.
func FuzzOpen(f *testing.F) {
	all := goldens(f)
	for n, g := range all {
		f.Add(uint8(n), g.packet)
		f.Add(uint8(n), g.packet[:len(g.packet)-1])
	}
	instances := make([]*Instance, len(all))
	for n, g := range all {
		instances[n] = instance(f, g.cipher, g.hash, key(256))
	}
	f.Fuzz(func(t *testing.T, n uint8, b []byte) {
		at := int(n) % len(all)
		before := bytes.Clone(b)
		_, err := instances[at].Open(nil, b)
		if !bytes.Equal(b, before) {
			t.Fatal("the packet was changed")
		}
		switch {
		case err == nil:
			// It may be that of another cipher: the HMAC has the same key.
			if !slices.ContainsFunc(all, func(g golden) bool { return bytes.Equal(g.packet, b) }) {
				t.Fatalf("%x was opened", b)
			}
		case !errors.Is(err, ErrShort) && !errors.Is(err, ErrDigest) && !errors.Is(err, ErrGarbled):
			t.Fatal(err)
		}
		// What is behind the HMAC, too, takes whatever comes.
		if i := instances[at]; i.cbc != nil {
			open := *i
			open.mac = nil
			if plain, err := open.Open(nil, b); err == nil && len(plain) > len(b) {
				t.Fatalf("%d bytes from %d", len(plain), len(b))
			}
		}
	})
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
