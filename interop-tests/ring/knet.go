package ring

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/totem/knet/compress"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
	knet "github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// overKnet is a sight of knet's packets as the ring's that they carry: opened,
// put together and unpacked. sight may get one more than once, as links do.
type overKnet struct {
	sight  func([]byte)
	keys   *crypto.Keyring
	unpack *compress.Unpacker
	begun  map[knet.HostID]map[uint16]*pieces
	buf    []byte
}

// pieces is a message of which some fragments are here.
type pieces struct {
	list    [][]byte
	missing int
}

// newOverKnet opens with cipher and hash, "aes256/sha256", and the key; or takes
// packets in clear if there are none.
func newOverKnet(ciphers string, key []byte, sight func([]byte)) (*overKnet, error) {
	keys, err := newKeyring(ciphers, key)
	if err != nil {
		return nil, err
	}
	return &overKnet{
		sight: sight, keys: keys, unpack: compress.NewUnpacker(knet.MaxUserData),
		begun: map[knet.HostID]map[uint16]*pieces{}, buf: make([]byte, 0, knet.MaxUserData),
	}, nil
}

// newKeyring opens and seals with cipher and hash, "aes256/sha256", and the key; or
// neither if there are none.
func newKeyring(ciphers string, key []byte) (*crypto.Keyring, error) {
	k := &crypto.Keyring{}
	cipher, hash, ok := strings.Cut(ciphers, "/")
	if !ok {
		k.AllowClear(true)
		return k, nil
	}
	i, err := crypto.New(crypto.Config{Model: "openssl", Cipher: cipher, Hash: hash, Key: key}, func(b []byte) { clear(b) })
	if err != nil {
		return nil, err
	}
	if err := k.Set(1, i); err != nil {
		return nil, err
	}
	return k, k.Use(1)
}

// datagram takes one, whatever it is.
func (k *overKnet) datagram(b []byte) {
	plain, _, err := k.keys.Open(k.buf, b)
	if err != nil {
		return
	}
	var d knet.Data
	n, err := d.Parse(plain)
	if err != nil {
		return
	}
	body := plain[n:]
	if d.Frags > 1 {
		if body = k.join(&d, body); body == nil {
			return
		}
	}
	if m := compress.Model(d.Compress); m != compress.None {
		if body, err = k.unpack.Unpack(nil, m, body); err != nil {
			return
		}
	}
	k.sight(body)
}

// behind is how many messages a sender may be on before one that is not whole is
// given up.
const behind = 32

// join returns the message once its last fragment is here.
func (k *overKnet) join(d *knet.Data, body []byte) []byte {
	from := k.begun[d.From]
	if from == nil {
		from = map[uint16]*pieces{}
		k.begun[d.From] = from
	}
	p := from[d.Seq]
	if p == nil || len(p.list) != int(d.Frags) {
		p = &pieces{list: make([][]byte, d.Frags), missing: int(d.Frags)}
		from[d.Seq] = p
		for seq := range from {
			if d.Seq-seq > behind && d.Seq-seq < 1<<15 {
				delete(from, seq)
			}
		}
	}
	if p.list[d.Frag-1] == nil {
		p.list[d.Frag-1] = append([]byte(nil), body...)
		p.missing--
	}
	if p.missing > 0 {
		return nil
	}
	delete(from, d.Seq)
	var whole []byte
	for _, b := range p.list {
		whole = append(whole, b...)
	}
	return whole
}
