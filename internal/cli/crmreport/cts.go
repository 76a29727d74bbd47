package crmreport

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

var (
	ctsNode   = pattern{text: func() string { return `.*\*` }}
	allOfThem = `BEGINNING [0-9].* TESTS`
)

// runTests makes a report of each test, or span of tests, of the cluster test suite that is asked for, by the times
// that the suite's own log has for them.
func (r *report) runTests() error {
	for set := range strings.FieldsSeq(strings.ReplaceAll(r.tests, ",", " ")) {
		if err := r.runTest(set); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) runTest(set string) error {
	words := strings.Fields(strings.ReplaceAll(set, "-", " "))
	if len(words) == 0 {
		words = []string{""}
	}
	day := r.now().Format("Jan-02-2006")
	first, end := words[0], words[0]
	what, label := "Extracting test "+first, "CTS-"+first+"-"+day
	if len(words) > 1 {
		end = words[1]
		what, label = "Extracting tests "+first+" to "+end, "CTS-"+first+"-"+end+"-"+day
	}
	if n, err := strconv.Atoi(end); err == nil {
		end = strconv.Itoa(n + 1)
	} else {
		end = ""
	}
	begins := `Running test.*\[ *` + first + `\]`
	if first == "0" {
		begins = allOfThem
	}
	if r.testLog == "" {
		logs := r.findLogs(1, begins)
		if len(logs) == 0 {
			return r.fatal("No CTS control file detected")
		}
		r.testLog = logs[0]
		r.log("Using CTS control file: %s", r.testLog)
	}
	text, err := os.ReadFile(r.testLog)
	if err != nil {
		text = nil
	}
	log := &indexed{node: &r.node, path: r.testLog, lines: slices.Collect(strings.Lines(string(text)))}
	from, to := log.lastTime(begins), log.lastTime(`Running test.*\[ *`+end+`\]`)
	if r.nodes == "" {
		r.nodes = ctsNodes(log.lines)
		r.log("Calculated node list: %s", r.nodes)
	}
	if to < from {
		r.debug("Test didn't complete, grabbing everything up to now")
		to = r.now().Unix()
	}
	if from == 0 {
		return r.fatal("%s failed: not found", what)
	}
	r.log("%s (%s to %s)", what, stamp(from), stamp(to))
	return r.collect(label, from, to, r.testLog)
}

// lastTime is the time of the last line that has a pattern, 0 for none.
func (l *indexed) lastTime(pattern string) int64 {
	re, err := basic(pattern)
	if err != nil {
		return 0
	}
	for i := len(l.lines) - 1; i >= 0; i-- {
		if re.MatchString(l.lines[i]) {
			at, _ := l.at(i + 1)
			return at
		}
	}
	return 0
}

// ctsNodes are the nodes that the suite lists at its beginning.
func ctsNodes(lines []string) string {
	var names []string
	for _, line := range lines {
		if strings.Contains(line, "CTS:") && !strings.Contains(line, "debug:") && strings.Contains(line, " * ") {
			names = append(names, ctsNode.get().ReplaceAllString(strings.TrimSuffix(line, "\n"), ""))
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return ""
	}
	return strings.Join(names, " ") + " "
}
