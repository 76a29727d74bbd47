package wire

import "github.com/ringmaster-ha/ringmaster/totem"

const mergeDetectLen = HeaderLen + 4 + ringIDLen

// MergeDetect is what the representative of an idle ring calls out, so that
// another ring on the same network hears of it.
type MergeDetect struct {
	Header
	SystemFrom totem.NodeID
	Ring       totem.RingID
}

// Parse reads a memb_merge_detect.
func (d *MergeDetect) Parse(b []byte) (int, error) {
	if err := d.Header.parse(b, TypeMergeDetect, mergeDetectLen); err != nil {
		return 0, err
	}
	d.SystemFrom = totem.NodeID(d.Order.u32(b[HeaderLen:]))
	d.Ring = d.Order.ringID(b[HeaderLen+4:])
	return mergeDetectLen, nil
}

// AppendTo writes the memb_merge_detect.
func (d *MergeDetect) AppendTo(b []byte) []byte {
	b = d.Header.AppendTo(b)
	b = d.Order.append32(b, uint32(d.SystemFrom))
	return d.Order.appendRingID(b, d.Ring)
}
