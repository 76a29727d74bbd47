package schema

import "github.com/beevik/etree"

// Level is how severe a message is, in syslog's numbers.
type Level int

// The levels that messages have.
const (
	Error   Level = 3
	Warning Level = 4
	Info    Level = 6
	Debug   Level = 7
)

// Kind is where a message goes in the reference.
type Kind int

const (
	// Logging messages go to the log (crm_err, crm_info ...).
	Logging Kind = iota
	// Configuration messages go to the log as configuration errors and warnings
	// if the caller logs, else to stderr as a line each.
	Configuration
	// ConfigurationLog messages are Configuration messages for callers that log; others
	// keep silent.
	ConfigurationLog
	// Transforming messages tell what a step changes. They go to the log after
	// "CIB upgrade: " and without their label (WARNING: , INFO: , DEBUG: ); or to
	// stderr as they are, if the tool's log level, plus four, is at least theirs.
	Transforming
	// Refused messages have the Faults of a version that the CIB is not valid for. They
	// go to the log, only their texts, if the caller logs or if they are Logged; else to stderr as
	// libxml2 prints them.
	Refused
)

// Message is something that the reference says in the course of an upgrade.
type Message struct {
	Kind  Kind
	Level Level
	Text  string

	Faults []Fault
	// Logged faults are of a version that was tried in silence before: libxml2's
	// context for it keeps to the log.
	Logged bool
	// XML is logged after Text, with Text before each line, if it is not nil.
	XML *etree.Element
}
