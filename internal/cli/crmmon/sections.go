package crmmon

import (
	"strings"
	"sync"

	"github.com/ringmaster-ha/ringmaster/pengine/show"
)

// format is how output looks, and to whom it goes (mon_output_format_t).
type format int

const (
	unset format = iota
	simple
	plain
	console
	xml
	legacyXML
	html
	cgi
)

// isText tells whether output is for people at a terminal.
func (f format) isText() bool { return f == simple || f == plain || f == console }

func (f format) isXML() bool  { return f == xml || f == legacyXML }
func (f format) isHTML() bool { return f == html || f == cgi }

// all are the sections that "all" stands for.
func (f format) all() show.Section {
	if f.isText() {
		return show.SectionAll &^ show.SectionOptions
	}
	return show.SectionAll
}

// defaults are the sections that are shown if nobody says otherwise.
func (f format) defaults() show.Section {
	if f.isXML() {
		return f.all()
	}
	return show.SectionSummary | show.SectionNodes | show.SectionResources | show.SectionFailures
}

var sections = sync.OnceValue(func() map[string]show.Section {
	return map[string]show.Section{
		"attributes":        show.SectionAttributes,
		"bans":              show.SectionBans,
		"counts":            show.SectionCounts,
		"dc":                show.SectionDC,
		"failcounts":        show.SectionFailCounts,
		"failures":          show.SectionFailures,
		"fencing":           show.SectionFencing,
		"fencing-failed":    show.SectionFenceFailed,
		"fencing-pending":   show.SectionFencePending,
		"fencing-succeeded": show.SectionFenceWorked,
		"maint-mode":        show.SectionMaintMode,
		"nodes":             show.SectionNodes,
		"operations":        show.SectionOperations,
		"options":           show.SectionOptions,
		"resources":         show.SectionResources,
		"stack":             show.SectionStack,
		"summary":           show.SectionSummary,
		"tickets":           show.SectionTickets,
		"times":             show.SectionTimes,
	}
})

const (
	listOfIncludes = "--include options: all, attributes, bans[:PREFIX], counts, dc, " +
		"default, failcounts, failures, fencing, fencing-failed, " +
		"fencing-pending, fencing-succeeded, maint-mode, nodes, " +
		"none, operations, options, resources, stack, summary, tickets, times"
	listOfExcludes = "--exclude options: all, attributes, bans, counts, dc, " +
		"failcounts, failures, fencing, fencing-failed, " +
		"fencing-pending, fencing-succeeded, maint-mode, nodes, " +
		"none, operations, options, resources, stack, summary, tickets, times"
)

// choice is an --include or an --exclude.
type choice struct {
	exclude bool
	list    string
}

// mistake is a mistake in the command line, in the reference's words.
type mistake string

func (m mistake) Error() string { return string(m) }

// choose applies choices to the sections that are shown.
func (o *options) choose(choices []choice) error {
	for _, c := range choices {
		apply := o.include
		if c.exclude {
			apply = o.exclude
		}
		// Of an empty list nothing is left to split.
		if c.list == "" {
			continue
		}
		for name := range strings.SplitSeq(c.list, ",") {
			if err := apply(name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *options) include(name string) error {
	section, known := sections()[strings.ToLower(name)]
	switch {
	case name == "all":
		o.sections = o.format.all()
	case strings.HasPrefix(name, "bans"):
		o.sections |= show.SectionBans
		o.banPrefix = nil
		if prefix, ok := strings.CutPrefix(name, "bans:"); ok {
			o.banPrefix = &prefix
		}
	case name == "default" || name == "defaults":
		o.sections |= o.format.defaults()
	case name == "none":
		o.sections = 0
	case known:
		o.sections |= section
	default:
		return mistake(listOfIncludes)
	}
	return nil
}

func (o *options) exclude(name string) error {
	section, known := sections()[strings.ToLower(name)]
	switch {
	case name == "all":
		o.sections = 0
	case name == "none":
		o.sections = o.format.all()
	case known:
		o.sections &^= section
	default:
		return mistake(listOfExcludes)
	}
	return nil
}
