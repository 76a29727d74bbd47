package knet

import "crypto/rand"

// salts hands out random bytes, of which it asks the kernel for many at a time.
type salts struct {
	buf [4096]byte
	at  int
}

func newSalts() *salts { return &salts{at: len(salts{}.buf)} }

// fill fills b, which is shorter than the buffer.
func (s *salts) fill(b []byte) {
	if s.at+len(b) > len(s.buf) {
		rand.Read(s.buf[:]) // it never fails
		s.at = 0
	}
	copy(b, s.buf[s.at:])
	clear(s.buf[s.at : s.at+len(b)])
	s.at += len(b)
}
