package shm

import "encoding/binary"

// bigEndian: the value of a semaphore lies in the second half of its word.
var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1
