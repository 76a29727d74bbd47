package crmreport

import (
	"fmt"
	"os"
	"strconv"
)

// collectorOption has crm_report collect a node, and with "probe" tell that it can.
const (
	collectorOption = "--collector"
	probeAnswer     = "ringmaster-collector-1"
)

// choose is what follows the settings in the script that another node is sent: it has our collector do the
// work, where there is one, or else the reference's, in one file and in a shell of its own as it always runs: what its shell
// traces into the report has a mark for each file that is read from within another.
const choose = `
export LABEL REPORT_HOME REPORT_MASTER REPORT_TARGET LOG_START LOG_END REMOVE SANITIZE
export CLUSTER LOG_PATTERNS EXTRA_LOGS SEARCH_LOGS SOS_MODE verbose maxdepth
for program in crm_report /usr/sbin/crm_report; do
	if [ "$($program --collector probe 2>/dev/null)" = ` + probeAnswer + ` ]; then
		exec $program --collector
	fi
done
cat /usr/share/pacemaker/report.common /usr/share/pacemaker/report.collector >"$0.reference"
exec bash "$0.reference"
`

// settings are what a collector is told, under the names that the reference has for them.
type settings struct {
	label          string
	home           string // the folder that the node's folder is laid into, in that of the user if it is relative
	master, target string // the node of the report, and this one
	start, end     int64
	remove         bool // the folder when all is sent
	sanitize       string
	cluster        string
	patterns       string
	extraLogs      string
	searchLogs     bool
	sos            bool
	verbosity      int
	maxDepth       string
}

func flag(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// text is the settings in the shell's language.
func (s settings) text() string {
	return fmt.Sprintf(`LABEL="%s"
REPORT_HOME="%s"
REPORT_MASTER="%s"
REPORT_TARGET="%s"
LOG_START=%d
LOG_END=%d
REMOVE=%s
SANITIZE="%s"
CLUSTER=%s
LOG_PATTERNS="%s"
EXTRA_LOGS="%s"
SEARCH_LOGS=%s
SOS_MODE=%s
verbose=%d
maxdepth=%s
`, s.label, s.home, s.master, s.target, s.start, s.end, flag(s.remove), s.sanitize, s.cluster, s.patterns, s.extraLogs, flag(s.searchLogs), flag(s.sos), s.verbosity, s.maxDepth)
}

// fromEnvironment are the settings that the script of another node's report has put into the environment.
func fromEnvironment() (s settings, err error) {
	integer := func(name string) (n int64) {
		if err == nil {
			if n, err = strconv.ParseInt(os.Getenv(name), 10, 64); err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
		}
		return n
	}
	s = settings{
		label: os.Getenv("LABEL"), home: os.Getenv("REPORT_HOME"), master: os.Getenv("REPORT_MASTER"), target: os.Getenv("REPORT_TARGET"),
		start: integer("LOG_START"), end: integer("LOG_END"), remove: os.Getenv("REMOVE") == "1", sanitize: os.Getenv("SANITIZE"),
		cluster: os.Getenv("CLUSTER"), patterns: os.Getenv("LOG_PATTERNS"), extraLogs: os.Getenv("EXTRA_LOGS"),
		searchLogs: os.Getenv("SEARCH_LOGS") == "1", sos: os.Getenv("SOS_MODE") == "1", verbosity: int(integer("verbose")), maxDepth: os.Getenv("maxdepth"),
	}
	if err == nil && (s.home == "" || s.target == "") {
		err = fmt.Errorf("REPORT_HOME and REPORT_TARGET are wanted")
	}
	return s, err
}
