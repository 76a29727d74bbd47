package frame

import (
	"math"
	"strconv"
)

// The limits of PCMK_ipc_buffer in bytes.
const (
	DefaultBuffer = 128 << 10
	minBuffer     = 12336 // a set-up response of libqb
)

// Buffer is how large messages may be, in bytes, with a value of PCMK_ipc_buffer, "" for
// none (pcmk__ipc_buffer_size); at least least.
func Buffer(value string, least uint32) uint32 {
	size := uint32(DefaultBuffer)
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && n > 0 {
		size = uint32(min(max(n, minBuffer), math.MaxUint32))
	}
	return max(size, least)
}
