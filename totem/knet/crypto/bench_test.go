package crypto

import (
	"crypto/rand"
	"fmt"
	"testing"
)

func benchConfigs(b *testing.B, f func(b *testing.B, i *Instance, p []byte)) {
	salt := func(s []byte) { rand.Read(s) }
	for _, c := range [][2]string{{"aes256", "sha256"}, {"aes128", "sha256"}, {"aes256", "sha1"}, {"aes256", "sha512"}, {"aes256", "md5"}, {"none", "sha256"}} {
		for _, n := range []int{100, 1400, 8192, 65000} {
			b.Run(fmt.Sprintf("%s/%s/%d", c[0], c[1], n), func(b *testing.B) {
				i, err := New(Config{Model: "nss", Cipher: c[0], Hash: c[1], Key: key(256)}, salt)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(n))
				b.ReportAllocs()
				f(b, i, packet(n))
			})
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	benchConfigs(b, func(b *testing.B, i *Instance, p []byte) {
		var buf []byte
		for b.Loop() {
			buf = i.Seal(buf[:0], p[:14], p[14:])
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	benchConfigs(b, func(b *testing.B, i *Instance, p []byte) {
		s := i.Seal(nil, p, nil)
		buf := make([]byte, 0, len(s))
		for b.Loop() {
			if _, err := i.Open(buf, s); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSealFilled(b *testing.B) {
	for _, n := range []int{100, 1400} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			i, err := New(Config{Model: "nss", Cipher: "aes256", Hash: "sha256", Key: key(256)}, func(s []byte) { rand.Read(s) })
			if err != nil {
				b.Fatal(err)
			}
			p := packet(n)
			packets := make([][]byte, 48)
			b.SetBytes(int64(n * len(packets)))
			b.ReportAllocs()
			for b.Loop() {
				for at := range packets {
					packets[at] = i.Fill(packets[at][:0], p[:14], p[14:])
				}
				i.SealFilled(packets)
			}
		})
	}
}
