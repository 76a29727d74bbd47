package server

// queue is what waits in memory for a client.
type queue struct {
	responses, events list
	bytes             int
}

func (q *queue) empty() bool { return q.responses.empty() && q.events.empty() }

// add copies a message of n bytes to the end of l, one of q's lists.
func (q *queue) add(l *list, parts [][]byte, n int) {
	b := make([]byte, 0, n)
	for _, p := range parts {
		b = append(b, p...)
	}
	l.msgs = append(l.msgs, b)
	q.bytes += n
}

// drop removes the head of l, one of q's lists.
func (q *queue) drop(l *list) {
	q.bytes -= len(l.msgs[l.first])
	l.msgs[l.first] = nil
	l.first++
	switch {
	case l.empty():
		*l = list{} // a queue that has been long must not stay large
	case l.first > 1024 && l.first > len(l.msgs)/2:
		n := copy(l.msgs, l.msgs[l.first:])
		clear(l.msgs[n:])
		l.msgs, l.first = l.msgs[:n], 0
	}
}

// list is a first-in, first-out list of messages.
type list struct {
	msgs  [][]byte
	first int
}

func (l *list) empty() bool  { return l.first == len(l.msgs) }
func (l *list) head() []byte { return l.msgs[l.first] }
