package ring

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/totem/knet/compress"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
	knet "github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

func TestOverKnet(t *testing.T) {
	key := bytes.Repeat([]byte("k"), crypto.MinKeyLen)
	for _, ciphers := range []string{"", "aes256/sha256"} {
		var seen []string
		k, err := newOverKnet(ciphers, key, func(b []byte) { seen = append(seen, string(b)) })
		if err != nil {
			t.Fatal(err)
		}
		keys, err := newKeyring(ciphers, key)
		if err != nil {
			t.Fatal(err)
		}
		send := func(d knet.Data, body string) {
			d.From = 3
			k.datagram(keys.Seal(nil, d.AppendTo(nil), []byte(body)))
		}
		send(knet.Data{Seq: 1, Frags: 1, Frag: 1}, "whole")
		send(knet.Data{Seq: 2, Frags: 3, Frag: 3}, "c")
		send(knet.Data{Seq: 2, Frags: 3, Frag: 1}, "aa")
		send(knet.Data{Seq: 2, Frags: 3, Frag: 1}, "aa")
		send(knet.Data{Seq: 3, Frags: 2, Frag: 1}, "never whole")
		send(knet.Data{Seq: 2, Frags: 3, Frag: 2}, "bb")
		p, err := compress.NewPacker(compress.Config{Model: "zlib", Level: 1})
		if err != nil {
			t.Fatal(err)
		}
		long := strings.Repeat("long ", 1000)
		packed, err := p.Pack(nil, []byte(long))
		if err != nil {
			t.Fatal(err)
		}
		send(knet.Data{Seq: 4, Frags: 1, Frag: 1, Compress: uint8(compress.Zlib)}, string(packed))
		send(knet.Data{Seq: 50, Frags: 2, Frag: 1}, "later")
		k.datagram(nil)
		k.datagram(bytes.Repeat([]byte{1}, 100))
		if want := []string{"whole", "aabbc", long}; strings.Join(seen, "|") != strings.Join(want, "|") {
			t.Errorf("%q: %q", ciphers, seen)
		}
		if len(k.begun[3]) != 1 {
			t.Errorf("%q: %d messages wait", ciphers, len(k.begun[3]))
		}
	}
}
