package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	cib "github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
)

// clientMode, as the first argument, makes this program the client, on a host.
const clientMode = "client"

// client does one thing for a while, a call at a time, and prints how often and in
// how many seconds.
func client(args []string) int {
	what := args[0]
	span, err := time.ParseDuration(args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	n, took, err := calls(what, span)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		return 1
	}
	fmt.Println(n, took.Seconds())
	return 0
}

// calls makes calls of a kind for a while; those that change the CIB change one
// option, each time to another value.
func calls(what string, span time.Duration) (n int, took time.Duration, err error) {
	if what == "attribute" {
		return attributes(span)
	}
	ctx := context.Background()
	c, err := cib.Open(ctx, "bench-cib", cib.Options{})
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	var request func(n int) call.Request
	switch what {
	case "write":
		request = func(n int) call.Request {
			options := etree.NewElement("crm_config")
			set := options.CreateElement("cluster_property_set")
			set.CreateAttr("id", "bench")
			option := set.CreateElement("nvpair")
			option.CreateAttr("id", "bench-option")
			option.CreateAttr("name", "bench")
			option.CreateAttr("value", strconv.Itoa(n))
			return call.Request{Op: ops.Modify, Section: "crm_config", Data: options, Options: call.CanCreate}
		}
	case "section":
		return queries("crm_config", span)
	case "all":
		return queries("", span)
	default:
		return 0, 0, fmt.Errorf("there are no such calls")
	}
	start := time.Now()
	for took < span {
		if _, err := c.Do(ctx, request(n)); err != nil {
			return 0, 0, fmt.Errorf("call %d: %w", n, err)
		}
		n++
		took = time.Since(start)
	}
	return n, took, nil
}

// attributes sets an attribute with the host's tool, again and again to another value, each time until
// the tool reads it back.
func attributes(span time.Duration) (n int, took time.Duration, err error) {
	updater := func(args ...string) (string, error) {
		out, err := exec.Command("attrd_updater", append([]string{"-n", "bench"}, args...)...).Output()
		return string(out), err
	}
	start := time.Now()
	for ; took < span; n++ {
		if _, err := updater("-U", strconv.Itoa(n)); err != nil {
			return 0, 0, err
		}
		want := fmt.Sprintf("value=%q", strconv.Itoa(n))
		for since := time.Now(); ; {
			// Until there is a value the tool fails.
			if out, _ := updater("-Q"); strings.Contains(out, want) {
				break
			}
			if time.Since(since) > time.Minute {
				return 0, 0, fmt.Errorf("an attribute does not read back within a minute")
			}
		}
		took = time.Since(start)
	}
	return n, took, nil
}
