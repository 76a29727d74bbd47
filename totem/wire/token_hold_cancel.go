package wire

import "github.com/ringmaster-ha/ringmaster/totem"

const holdCancelLen = HeaderLen + ringIDLen

// TokenHoldCancel asks the representative of an idle ring to let the token go.
type TokenHoldCancel struct {
	Header
	Ring totem.RingID
}

// Parse reads a token_hold_cancel.
func (c *TokenHoldCancel) Parse(b []byte) (int, error) {
	if err := c.Header.parse(b, TypeTokenHoldCancel, holdCancelLen); err != nil {
		return 0, err
	}
	c.Ring = c.Order.ringID(b[HeaderLen:])
	return holdCancelLen, nil
}

// AppendTo writes the token_hold_cancel.
func (c *TokenHoldCancel) AppendTo(b []byte) []byte {
	b = c.Header.AppendTo(b)
	return c.Order.appendRingID(b, c.Ring)
}
