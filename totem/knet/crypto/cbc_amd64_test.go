//go:build !purego

package crypto

import (
	"bytes"
	"testing"

	"golang.org/x/sys/cpu"
)

// The assembly and the standard library agree on every length and key size.
func TestAESNI(t *testing.T) {
	if !cpu.X86.HasAES || !cpu.X86.HasAVX {
		t.Skip("the processor has no AES instructions")
	}
	for _, n := range []int{16, 24, 32} {
		k := key(n)
		standard, err := newStandardCBC(k)
		if err != nil {
			t.Fatal(err)
		}
		ours := newAESNI(k)
		iv := packet(16)
		for length := 16; length <= 16*40; length += 16 {
			plain := packet(length + 16)
			// Behind what was asked for nothing is touched, and no place is aligned.
			want, got := make([]byte, length+17)[1:], make([]byte, length+17)[1:]
			standard.encrypt(want[:length], plain[:length], iv)
			ours.encrypt(got[:length], plain[:length], iv)
			if !bytes.Equal(got, want) {
				t.Fatalf("AES-%d, %d bytes: encrypted to\n%x, want\n%x", n*8, length, got, want)
			}
			in := bytes.Clone(plain)
			ours.encrypt(in[:length], in[:length], iv)
			if !bytes.Equal(in[:length], want[:length]) || !bytes.Equal(in[length:], plain[length:]) {
				t.Fatalf("AES-%d, %d bytes: encrypted in place to\n%x", n*8, length, in)
			}
			back := make([]byte, length+17)[1:]
			ours.decrypt(back[:length], want[:length], iv)
			if !bytes.Equal(back[:length], plain[:length]) || !bytes.Equal(back[length:], make([]byte, 16)) {
				t.Fatalf("AES-%d, %d bytes: decrypted to\n%x", n*8, length, back)
			}
		}
	}
}

func TestExpandKey(t *testing.T) {
	// FIPS 197, appendix A: the last round key of each of its examples.
	for _, tt := range []struct{ key, last string }{
		{"2b7e151628aed2a6abf7158809cf4f3c", "d014f9a8c9ee2589e13f0cc8b6630ca6"},
		{"8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "e98ba06f448c773c8ecc720401002202"},
		{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "fe4890d1e6188d0b046df344706c631e"},
	} {
		var keys [maxRoundKeys * 16]byte
		n := expandKey(keys[:], unhex(t, tt.key))
		if got := keys[n-16 : n]; !bytes.Equal(got, unhex(t, tt.last)) {
			t.Errorf("%d bits: last round key %x, want %s", len(tt.key)*4, got, tt.last)
		}
	}
}

func FuzzAESNI(f *testing.F) {
	if !cpu.X86.HasAES || !cpu.X86.HasAVX {
		f.Skip("the processor has no AES instructions")
	}
	f.Add(key(32), packet(16), packet(200))
	f.Fuzz(func(t *testing.T, k, iv, text []byte) {
		if n := len(k); n != 16 && n != 24 && n != 32 || len(iv) != 16 {
			return
		}
		text = text[:len(text)/16*16]
		if len(text) == 0 {
			return
		}
		standard, _ := newStandardCBC(k)
		ours := newAESNI(k)
		want, got := make([]byte, len(text)), make([]byte, len(text))
		standard.encrypt(want, text, iv)
		ours.encrypt(got, text, iv)
		if !bytes.Equal(got, want) {
			t.Fatalf("encrypted to %x, want %x", got, want)
		}
		standard.decrypt(want, text, iv)
		ours.decrypt(got, text, iv)
		if !bytes.Equal(got, want) {
			t.Fatalf("decrypted to %x, want %x", got, want)
		}
	})
}
