package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	qb "github.com/ringmaster-ha/ringmaster/internal/qb/client"
)

// askers is how many clients ask at once: enough that the daemon, and not the way to
// it and back, is what is waited for.
const askers = 4

// queries has clients ask for a section, "" for all, and counts the answers, without each client's
// first. They do not look at the text, which would take them longer than the daemon takes
// to write it: only at how long it is, and that it is the same each time.
func queries(section string, span time.Duration) (n int, took time.Duration, err error) {
	var ready sync.WaitGroup
	ready.Add(askers)
	begin := sync.OnceValue(func() time.Time { ready.Wait(); return time.Now() })
	counts := make([]int, askers)
	var g errgroup.Group
	for i := range counts {
		g.Go(func() (err error) {
			counts[i], err = ask(section, func() time.Time {
				ready.Done()
				return begin().Add(span)
			})
			return err
		})
	}
	err = g.Wait()
	for _, c := range counts {
		n += c
	}
	return n, time.Since(begin()), err
}

// largest is the longest message in bytes that libcib asks for (cib_native.c): longer ones are
// compressed.
const largest = 512 << 10

// ask asks once, and then again and again until a time. Only the answers after the first count.
func ask(section string, ready func() (until time.Time)) (n int, err error) {
	var once sync.Once
	end := func() (until time.Time) { once.Do(func() { until = ready() }); return until }
	defer end() // nobody waits for one that fails
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c, err := qb.Dial(ctx, "cib_ro", qb.Options{MaxMsgSize: largest})
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if section != "" {
		section = fmt.Sprintf(` cib_section="%s"`, section)
	}
	call := func(text string) ([]byte, error) {
		b, err := frame.Encode(nil, &frame.Message{ID: 1, Flags: frame.ClientResponse, Text: text}, c.MaxMsgSize())
		if err != nil {
			return nil, err
		}
		for {
			answer, err := c.Call(ctx, b)
			if !errors.Is(err, qb.ErrAgain) {
				return answer, err
			}
		}
	}
	if _, err := call(`<cib_command t="cib" cib_op="register" cib_clientname="bench-cib" cib_callopt="4096"/>`); err != nil {
		return 0, err
	}
	query := fmt.Sprintf(`<cib_command __name__="cib_command" t="cib" cib_op="cib_query"%s cib_callid="1" cib_callopt="4352"/>`, section)
	first, err := call(query)
	if err != nil {
		return 0, err
	}
	if m, err := frame.Decode(first); err != nil {
		return 0, err
	} else if !bytes.Contains([]byte(m.Text), []byte(` cib_rc="0"`)) {
		return 0, fmt.Errorf("the query was refused: %.300s", m.Text)
	}
	for until := end(); time.Now().Before(until); n++ {
		answer, err := call(query)
		if err != nil {
			return 0, err
		}
		if len(answer) != len(first) {
			return 0, fmt.Errorf("an answer has %d bytes, the first one %d", len(answer), len(first))
		}
	}
	return n, nil
}
