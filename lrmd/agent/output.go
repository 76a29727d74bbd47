package agent

import "strings"

// MaxOutput is how much is kept of one stream, in bytes.
const MaxOutput = 1 << 20

// output keeps the beginning and the end of a stream.
type output struct {
	head []byte
	tail []byte // a ring of half, from at on, once it is full
	at   int
	cut  int64 // bytes dropped
}

const half = MaxOutput / 2

// Write keeps what there is room for; it never fails.
func (o *output) Write(b []byte) (int, error) {
	n := len(b)
	if room := half - len(o.head); room > 0 {
		k := min(room, len(b))
		o.head = append(o.head, b[:k]...)
		b = b[k:]
	}
	if room := half - len(o.tail); room > 0 {
		k := min(room, len(b))
		o.tail = append(o.tail, b[:k]...)
		b = b[k:]
	}
	if drop := len(b) - half; drop > 0 {
		o.cut += int64(drop)
		b = b[drop:]
	}
	for len(b) > 0 {
		k := copy(o.tail[o.at:], b)
		o.at = (o.at + k) % half
		o.cut += int64(k)
		b = b[k:]
	}
	return n, nil
}

// String is what was kept. Zero bytes are left out: nothing that it goes to can have them.
func (o *output) String() string {
	var b strings.Builder
	b.Write(o.head)
	if o.cut > 0 {
		b.WriteString("\n[...]\n")
	}
	b.Write(o.tail[o.at:])
	b.Write(o.tail[:o.at])
	return strings.ReplaceAll(b.String(), "\x00", "")
}

// reasonPrefix marks the reason on an OCF agent's standard error.
const reasonPrefix = "ocf-exit-reason:"

// maxReason is how long a reason may be, in bytes.
const maxReason = 128

// reasonOf is the last reason in what an agent wrote (parse_exit_reason_from_stderr).
func reasonOf(stderr string) string {
	i := strings.LastIndex(stderr, reasonPrefix)
	if i < 0 {
		return ""
	}
	reason, _, _ := strings.Cut(stderr[i+len(reasonPrefix):], "\n")
	return reason[:min(len(reason), maxReason)]
}
