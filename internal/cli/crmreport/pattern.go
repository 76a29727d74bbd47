package crmreport

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first asked for: all programs
// are one, and whoever begins as another does not pay for these.
type pattern struct {
	text func() string
	once sync.Once
	re   *regexp.Regexp
}

func (p *pattern) get() *regexp.Regexp {
	p.once.Do(func() { p.re = regexp.MustCompile(p.text()) })
	return p.re
}
