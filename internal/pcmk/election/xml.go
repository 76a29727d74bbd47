package election

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
)

// Names of attributes; xmlMicroseconds is what it says it is not.
const (
	xmlOwner        = "election-owner"
	xmlRound        = "election-id"
	xmlSeconds      = "election-age-sec"
	xmlMicroseconds = "election-age-nano-sec"
)

// Encode is a message as XML, as daemons send it to their peers: whatever daemon they are,
// they say that they are the controller.
func (m *Message) Encode(maker *crmmsg.Maker, now time.Time) *etree.Element {
	function := "election_vote"
	if m.Op == OpNoVote {
		function = "send_no_vote"
	}
	e := maker.Request(&crmmsg.Request{Function: function, Task: m.Op, HostTo: m.To, SystemTo: crmmsg.Controller, From: crmmsg.Controller}, now)
	e.CreateAttr(xmlOwner, m.Owner)
	e.CreateAttr(xmlRound, strconv.Itoa(m.Round))
	if m.Op == OpVote {
		e.CreateAttr(xmlSeconds, strconv.FormatInt(int64(m.Age/time.Second), 10))
		e.CreateAttr(xmlMicroseconds, strconv.FormatInt(int64(m.Age%time.Second/time.Microsecond), 10))
	}
	return e
}

// Decode reads a message of a node's. What is missing or wrong in it Election.Count
// refuses, except for numbers that are none: their error names the attribute.
func Decode(e *etree.Element, from string) (*Message, error) {
	m := &Message{
		Op: e.SelectAttrValue(crmmsg.Task, ""), From: from, To: e.SelectAttrValue(crmmsg.HostTo, ""),
		Version: e.SelectAttrValue(crmmsg.Version, ""), Owner: e.SelectAttrValue(xmlOwner, ""),
	}
	round, err := number(e, xmlRound, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	m.Round = int(round)
	// As many seconds as a Duration holds.
	seconds, err := number(e, xmlSeconds, int64(math.MaxInt64/time.Second)-1)
	if err != nil {
		return nil, err
	}
	micros, err := number(e, xmlMicroseconds, 999_999)
	if err != nil {
		return nil, err
	}
	m.Age = time.Duration(seconds)*time.Second + time.Duration(micros)*time.Microsecond
	if m.Op == OpVote && e.SelectAttr(xmlSeconds) == nil {
		m.Age = -1
	}
	return m, nil
}

// number is an attribute from 0 to most, -1 if it is the round and not there, else 0.
func number(e *etree.Element, name string, most int64) (int64, error) {
	a := e.SelectAttr(name)
	if a == nil {
		if name == xmlRound {
			return -1, nil
		}
		return 0, nil
	}
	n, err := strconv.ParseInt(a.Value, 10, 64)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("election: %s %q, want a number from 0 to %d", name, a.Value, most)
	}
	return n, nil
}
