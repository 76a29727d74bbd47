package dhtls

import (
	"fmt"
	"sync"
)

// Alert is why a side gives up.
type Alert uint8

// The alerts that are ours to send, or to understand.
const (
	alertCloseNotify     Alert = 0
	alertUnexpected      Alert = 10
	alertBadRecord       Alert = 20
	alertOverflow        Alert = 22
	alertHandshake       Alert = 40
	alertIllegal         Alert = 47
	alertDecode          Alert = 50
	alertDecrypt         Alert = 51
	alertVersion         Alert = 70
	alertInsufficient    Alert = 71
	alertInternal        Alert = 80
	alertNoRenegotiation Alert = 100
)

var alertTexts = sync.OnceValue(func() map[Alert]string {
	return map[Alert]string{
		alertCloseNotify: "close notify", alertUnexpected: "unexpected message", alertBadRecord: "bad record MAC",
		alertOverflow: "record overflow", alertHandshake: "handshake failed", alertIllegal: "illegal parameter",
		alertDecode: "decode error", alertDecrypt: "decrypt error", alertVersion: "protocol version",
		alertInsufficient: "insufficient security", alertInternal: "internal error", alertNoRenegotiation: "no renegotiation",
	}
})

func (a Alert) String() string {
	if text, ok := alertTexts()[a]; ok {
		return text
	}
	return fmt.Sprintf("alert %d", uint8(a))
}

// PeerError is a fatal alert of the other side.
type PeerError struct{ Alert Alert }

func (e *PeerError) Error() string { return "the peer gives up: " + e.Alert.String() }

// fault is a peer that does what it should not; it is told the alert.
type fault struct {
	alert Alert
	what  string
	cause error // nil for no more to say
}

func (f *fault) Error() string {
	if f.cause != nil {
		return fmt.Sprintf("%s: %s: %v", f.alert, f.what, f.cause)
	}
	return fmt.Sprintf("%s: %s", f.alert, f.what)
}

func (f *fault) Unwrap() error { return f.cause }

func wrong(alert Alert, format string, args ...any) error {
	return &fault{alert: alert, what: fmt.Sprintf(format, args...)}
}
