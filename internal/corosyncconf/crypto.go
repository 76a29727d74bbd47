package corosyncconf

import "fmt"

// crypto reads totem.crypto_* and, when they ask for any, the key.
func (r *reader) crypto() *InputError {
	c := Crypto{Model: "nss", Cipher: "none", Hash: "none"}
	if s, err := r.m.GetString("totem.crypto_model"); err == nil {
		c.Model = s
	}
	if r.str("totem.secauth") == "on" {
		c.Cipher, c.Hash = "aes256", "sha256"
	}
	if s, err := r.m.GetString("totem.crypto_cipher"); err == nil {
		c.Cipher = s // Parse has checked the words
	}
	if s, err := r.m.GetString("totem.crypto_hash"); err == nil {
		c.Hash = s
	}
	if c.Cipher != "none" && c.Hash == "none" {
		return r.fail("crypto_cipher requires crypto_hash with value other than none", "totem.crypto_cipher", "totem.crypto_hash", "totem.secauth")
	}
	if c.Enabled() {
		var err *InputError
		if c.Key, err = r.key(); err != nil {
			return err
		}
	}
	r.t.Crypto = c
	return nil
}

// key comes from totem.keyfile, else from totem.key itself, else from the
// default file.
func (r *reader) key() ([]byte, *InputError) {
	file := r.env.path(defaultKeyFile)
	if s, err := r.m.GetString("totem.keyfile"); err == nil {
		file = s
	} else if v, err := r.m.Get("totem.key"); err == nil {
		k := v.Bytes()
		switch {
		case len(k) > keyLenMax:
			return nil, r.fail("key is too long", "totem.key")
		case len(k) < keyLenMin:
			return nil, r.fail("key is too short", "totem.key")
		}
		return k, nil
	}
	at := []string{"totem.keyfile", "totem.crypto_cipher", "totem.crypto_hash", "totem.secauth"}
	k, err := r.env.ReadFile(file)
	if err != nil {
		return nil, r.fail(fmt.Sprintf("Could not open %s: %s", file, strerror(err)), at...)
	}
	k = k[:min(len(k), keyLenMax)]
	if len(k) < keyLenMin {
		return nil, r.fail(fmt.Sprintf("Could only read %d bits of minimum %d bits from %s.", len(k)*8, keyLenMin*8, file), at...)
	}
	return k, nil
}
