package compress

import (
	"fmt"
	"slices"
)

// Model is the number of a way to compress, as it stands in the header of a
// packet of user data.
type Model uint8

// The models, in the order of their numbers on the wire. Another order would be
// another protocol.
const (
	None Model = iota
	Zlib
	LZ4
	LZ4HC
	LZO2
	LZMA
	Bzip2
	Zstd
	modelCount
)

var modelNames = [modelCount]string{"none", "zlib", "lz4", "lz4hc", "lzo2", "lzma", "bzip2", "zstd"}

func (m Model) String() string {
	if m < modelCount {
		return modelNames[m]
	}
	return fmt.Sprintf("model %d", uint8(m))
}

// modelOf knows a model by its name in corosync.conf.
func modelOf(name string) (Model, error) {
	m := slices.Index(modelNames[:], name)
	if m < 0 {
		return 0, fmt.Errorf("compress model %s not supported", name)
	}
	return Model(m), nil
}

// Supported tells why the model of a name cannot be configured, or nil.
func Supported(name string) error {
	m, err := modelOf(name)
	if err == nil {
		err = m.supported()
	}
	return err
}

// supported refuses the one model that has no library.
func (m Model) supported() error {
	if m == LZO2 {
		return fmt.Errorf("compress model lzo2 is not supported by Ringmaster: there is no lzo2 library for it. Please use another model on all nodes, lz4 comes closest")
	}
	return nil
}
