// Package packed compresses large messages the way Pacemaker's daemons and tools do, over
// IPC and between nodes: by bzip2, in blocks of 400,000 bytes.
package packed

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
)

// Threshold is the size in bytes, its final zero byte counted, from which on a text is
// compressed between nodes (the reference's CRM_BZ2_THRESHOLD).
const Threshold = 128 * 1024

// MaxSize is the largest size in bytes that Unpack believes. Closed process groups
// carry messages of up to 1 MiB, and a configuration is compressed to a twentieth.
const MaxSize = 256 << 20

// level is the size of the blocks in 100,000 bytes (CRM_BZ2_BLOCKS).
const level = 4

// errLonger is a stream that goes on where it should end.
var errLonger = errors.New("more data than announced")

// Pack compresses data.
func Pack(data []byte) ([]byte, error) { return stream(data) }

// Unpack is the data of size bytes that was compressed. It uses no more memory than
// the data turns out to need, whatever size says.
func Unpack(packed []byte, size int) ([]byte, error) {
	if size < 0 || size > MaxSize {
		return nil, fmt.Errorf("bzip2: size %d is not within 0 to %d", size, MaxSize)
	}
	r := bzip2.NewReader(bytes.NewReader(packed))
	data, err := io.ReadAll(io.LimitReader(r, int64(size)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("bzip2: %w", err)
	case len(data) > size:
		return nil, fmt.Errorf("bzip2: %w, %d bytes", errLonger, size)
	case len(data) < size:
		return nil, fmt.Errorf("bzip2: %d bytes instead of %d", len(data), size)
	}
	return data, nil
}
