package crmfailcount

import (
	"context"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

const infinity = 1000000

// sum adds up the counts of all operations, whose attributes' names begin with prefix
// (query_attr_sum). It is empty if the CIB cannot be asked.
func (t *tool) sum(prefix string) string {
	path := "/cib/status/node_state[@uname='" + t.target + "']/transient_attributes/instance_attributes/nvpair[starts-with(@name,'" + prefix + "')]"
	found, err := find(path)
	if err != nil && client.RC(err) != crmexit.RC(syscall.ENXIO) {
		fmt.Fprintln(t.Err, "error: could not query CIB for fail counts")
		return ""
	}
	if found == nil {
		return "0"
	}
	total := 0
	for _, e := range append(found.ChildElements(), found) {
		value := e.SelectAttrValue("value", "")
		n, err := strconv.Atoi(value)
		switch {
		case e.Tag != "nvpair" || value != "INFINITY" && strings.Trim(value, "0123456789") != "" || value == "":
			continue
		case err != nil: // also for a number beyond all
			return "INFINITY"
		}
		if total += n; total >= infinity {
			return "INFINITY"
		}
	}
	return strconv.Itoa(total)
}

// find asks the CIB without a word to anybody.
func find(path string) (*etree.Element, error) {
	ctx := context.Background()
	var c pcmktool.Common
	r := cibinput.Reader{Log: c.NewLog("cibadmin", io.Discard), Stderr: io.Discard}
	cib, err := r.Open(ctx, client.Options{})
	if err != nil {
		return nil, err
	}
	defer cib.Close()
	return cib.Do(ctx, call.Request{Op: ops.Query, Section: path, Options: call.XPath | call.ScopeLocal})
}

// units are those that an interval may have, in milliseconds; a microsecond is 0.
var units = sync.OnceValue(func() map[string]int64 {
	return map[string]int64{"": 1000, "s": 1000, "sec": 1000, "ms": 1, "msec": 1, "m": 60000, "min": 60000, "h": 3600000, "hr": 3600000, "us": 0, "usec": 0}
})

var (
	plain = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[ \t]*([0-9]+)[ \t]*([a-z]*)[ \t]*$`)
	})
	weeks = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^P([0-9]+)W$`)
	})
	duration = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?T?(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?$`)
	})
)

// lengths are those of a duration's parts in milliseconds; years and months have one length.
var lengths = [...]int64{31536000000, 2592000000, 86400000, 3600000, 60000, 1000}

// milliseconds is an interval in those (parse_interval).
func (t *tool) milliseconds(interval string) string {
	if words := strings.Fields(interval); len(words) > 0 {
		interval = words[0]
	} else {
		interval = ""
	}
	total := new(big.Int)
	add := func(number string, length int64) {
		n, _ := new(big.Int).SetString("0"+number, 10)
		total.Add(total, n.Mul(n, big.NewInt(length)))
	}
	if m := plain().FindStringSubmatch(interval); m != nil {
		if length, ok := units()[m[2]]; ok {
			switch {
			case length == 1:
				return m[1]
			case length == 0:
				add(m[1], 1)
				total.Div(total, big.NewInt(1000))
			default:
				add(m[1], length)
			}
			return total.String()
		}
	}
	if m := weeks().FindStringSubmatch(interval); m != nil {
		add(m[1], 604800000)
		return total.String()
	}
	if m := duration().FindStringSubmatch(interval); m != nil {
		for i, number := range m[1:] {
			add(number, lengths[i])
		}
		return total.String()
	}
	t.warn("Unrecognized interval, using 0")
	return "0"
}
