package compress

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/ulikunitz/xz/lzma"
)

// lzmaDictCap is the size in bytes of the dictionaries that we use to pack and
// to unpack. User data is never longer than that, so that no reference in it can
// reach further back, whatever its header says.
const lzmaDictCap = 1 << 17

var xzMagic = [...]byte{0xfd, '7', 'z', 'X', 'Z', 0}

const (
	xzHeaderLen = 12 // of the stream
	xzFooterLen = 12
	xzIndexLen  = 8 // at least
	xzLZMA2     = 0x21
)

// xz appends the contents of an .xz stream of one block without check, which is
// what model lzma is (lzma_easy_buffer_encode). The container is read here and
// not by the library, which makes a dictionary as large as the header asks for:
// a packet could have it allocate gigabytes.
func (u *Unpacker) xz(dst, src []byte) ([]byte, error) {
	n, err := xzHeaders(src)
	if err != nil {
		return dst, err
	}
	u.src.Reset(src[n:])
	r, err := lzma.Reader2Config{DictCap: lzmaDictCap}.NewReader2(&u.src)
	if err != nil {
		return dst, err
	}
	dst, err = u.drain(dst, r)
	if err != nil {
		return dst, err
	}
	// What follows the block is padding, an index of one block and the footer.
	if u.src.Len() < xzIndexLen+xzFooterLen {
		return dst, errors.New("xz footer: missing")
	}
	footer := src[len(src)-xzFooterLen:]
	if footer[10] != 'Y' || footer[11] != 'Z' || binary.LittleEndian.Uint32(footer) != crc32.ChecksumIEEE(footer[4:10]) {
		return dst, errors.New("xz footer: damaged")
	}
	return dst, nil
}

// xzHeaders checks the headers of stream and block and returns where the block's
// data begins.
func xzHeaders(b []byte) (int, error) {
	if len(b) < xzHeaderLen+1 {
		return 0, errors.New("xz header: too short")
	}
	flags := b[6:8]
	switch {
	case [6]byte(b) != xzMagic:
		return 0, errors.New("xz header: magic is wrong")
	case binary.LittleEndian.Uint32(b[8:]) != crc32.ChecksumIEEE(flags):
		return 0, errors.New("xz header: damaged")
	case flags[0] != 0 || flags[1] != 0:
		return 0, fmt.Errorf("xz header: flags are %x, want none", flags)
	}
	b = b[xzHeaderLen:]
	n := (int(b[0]) + 1) * 4
	switch {
	case b[0] == 0:
		return 0, errors.New("xz block header: there is no block")
	case n > len(b):
		return 0, errors.New("xz block header: too short")
	case binary.LittleEndian.Uint32(b[n-4:]) != crc32.ChecksumIEEE(b[:n-4]):
		return 0, errors.New("xz block header: damaged")
	}
	head := b[2 : n-4]
	if b[1]&0x3f != 0 {
		return 0, fmt.Errorf("xz block header: flags are %#02x, want one filter", b[1])
	}
	for _, size := range []byte{0x40, 0x80} { // compressed, uncompressed: both optional
		if b[1]&size == 0 {
			continue
		}
		_, l := binary.Uvarint(head)
		if l <= 0 {
			return 0, errors.New("xz block header: size is damaged")
		}
		head = head[l:]
	}
	if len(head) < 3 || head[0] != xzLZMA2 || head[1] != 1 {
		return 0, errors.New("xz block header: filter is not LZMA2")
	}
	return xzHeaderLen + n, nil
}
