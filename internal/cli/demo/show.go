package demo

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// status is what crm_mon's XML says of nodes and resources.
type status struct {
	Nodes []struct {
		Name    string `xml:"name,attr"`
		Online  bool   `xml:"online,attr"`
		Unclean bool   `xml:"unclean,attr"`
		Pending bool   `xml:"pending,attr"`
	} `xml:"nodes>node"`
	Resources []resource `xml:"resources>resource"`
	Groups    []struct {
		ID      string     `xml:"id,attr"`
		Members []resource `xml:"resource"`
	} `xml:"resources>group"`
}

type resource struct {
	ID     string `xml:"id,attr"`
	Active bool   `xml:"active,attr"`
	Failed bool   `xml:"failed,attr"`
	On     []struct {
		Name string `xml:"name,attr"`
	} `xml:"node"`
}

// place is the node that runs a resource, "" for none.
func (r *resource) place() string {
	if !r.Active || r.Failed || len(r.On) != 1 {
		return ""
	}
	return r.On[0].Name
}

// group is the members of the demo's group.
func (s *status) group() []resource {
	for _, g := range s.Groups {
		if g.ID == groupID {
			return g.Members
		}
	}
	return nil
}

// online is that all those nodes are in the cluster, and ready.
func online(nodes []*node) func(*status) bool {
	return func(s *status) bool {
		n := 0
		for _, o := range s.Nodes {
			if o.Online && !o.Pending && !o.Unclean {
				n++
			}
		}
		return n == len(nodes)
	}
}

// running is that the whole group runs on one of some nodes.
func running(names ...string) func(*status) bool {
	return func(s *status) bool {
		members := s.group()
		if len(members) != len(resources) {
			return false
		}
		at := members[0].place()
		return slices.Contains(names, at) && !slices.ContainsFunc(members, func(r resource) bool { return r.place() != at })
	}
}

// screen shows what crm_mon says, each time that it says something else.
type screen struct {
	out   io.Writer
	began time.Time
	last  string
}

const refresh = 50 * time.Millisecond

// watch shows the cluster as a node sees it, until it is as wanted.
func (s *screen) watch(ctx context.Context, n *node, wanted func(*status) bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		now, text, err := n.status(ctx)
		if err == nil {
			if text != s.last {
				s.last = text
				fmt.Fprintf(s.out, "\n%6.2f s\n%s", time.Since(s.began).Seconds(), text)
			}
			if wanted(now) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the cluster does not get there (%w); the log of %s is in %s", ctx.Err(), n.name, n.pacemakerLog())
		case <-time.After(refresh):
		}
	}
}

// status is what crm_mon says, for programs and for people.
func (n *node) status(ctx context.Context) (*status, string, error) {
	data, err := n.tool(ctx, "crm_mon", "--one-shot", "--inactive", "--output-as=xml")
	if err != nil {
		return nil, "", err
	}
	s := &status{}
	if err := xml.Unmarshal([]byte(data), s); err != nil {
		return nil, "", err
	}
	text, err := n.tool(ctx, "crm_mon", "--one-shot", "--inactive", "--include=none,nodes,resources,failures")
	if err != nil {
		return nil, "", err
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		// That says when, too, and would change each second.
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "Status of pacemakerd:") {
			b.WriteString("  " + line)
		}
	}
	return s, b.String(), nil
}
