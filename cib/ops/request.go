package ops

import (
	"errors"
	"fmt"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/acl"
	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
)

// Op is what to do, by the name that it has in messages.
type Op string

// The operations.
const (
	Query   Op = "cib_query"
	Create  Op = "cib_create"
	Modify  Op = "cib_modify"
	Delete  Op = "cib_delete"
	Replace Op = "cib_replace"
	Erase   Op = "cib_erase"
	Bump    Op = "cib_bump"
	Upgrade Op = "cib_upgrade"
	Patch   Op = "cib_apply_diff"
)

// Options of a request (enum cib_call_options). Those that say where and how to
// send it are not here.
type Options struct {
	XPath       bool // the section is an XPath
	PathsOnly   bool // a query by XPath answers with paths (cib_xpath_address)
	NoChildren  bool // a query leaves out what is in the elements
	Lend        bool // a query's answer may be part of the CIB given: it is only read, and before that changes
	Multiple    bool // an XPath means all that it finds, not the first
	CanCreate   bool // a modification may create its object
	MixedUpdate bool // a modification removes what it marks with __delete__
	NoTime      bool // does not note who changed the configuration, and when (cib_no_mtime)
	Uncounted   bool // the version is not raised: it comes from elsewhere
	// OwnNotes has a replacement that differs in nothing but who changed it last, and when, leave all as it
	// is: each node of a cluster has notes of its own, and all have to count alike. (In the
	// reference, nodes whose notes differ from those of a replacement raise the version, the others
	// do not.)
	OwnNotes   bool
	WithDigest bool // the patchset gets a digest, whatever its version
	// Take lets what does not change move from the CIB given to the new one, so that it is not
	// copied: the old one is no CIB any more then, unless there was an error.
	Take bool
}

// Request is an operation and what it is about.
type Request struct {
	Op      Op
	Section string         // "" for none
	Data    *etree.Element // nil for none
	Options
	User acl.User
	// Origin and Client are the node and the program that ask.
	Origin, Client string
	// Digest is that of Data, which a replacement verifies, for FeatureSet; "" for none.
	Digest, FeatureSet string
	// SchemaMax is the newest schema that an upgrade may go to; V1_0 is no limit.
	SchemaMax schema.Version
	// Now is the time, for rules that guard options and for cib-last-written, which is Written.
	Now     iso8601.Time
	Written string
}

// Result is what has come of a request.
type Result struct {
	// CIB is the new one; after a query that given. After an error it is what the user may know of what would have
	// been, or nil.
	CIB *etree.Element
	// Answer is a query's, or what could not be created; nil for none. It is not part of
	// any other document, unless it is lent.
	Answer *etree.Element
	// Patchset leads from the old CIB to the new one, also to one that is not valid; nil if nothing
	// has changed.
	Patchset *etree.Element
	// ConfigChanged tells that the configuration has changed, not just the status.
	ConfigChanged bool
}

// Why a request fails. Patchsets have errors of their own.
var (
	ErrNoSuch      = errors.New("ops: no such object")                    // ENXIO
	ErrInvalid     = errors.New("ops: invalid request")                   // EINVAL
	ErrExists      = errors.New("ops: the object exists")                 // EEXIST
	ErrDenied      = errors.New("ops: permission denied")                 // EACCES
	ErrUnsupported = errors.New("ops: not supported")                     // EPROTONOSUPPORT
	ErrSchema      = errors.New("ops: the CIB would not be valid")        // pcmk_rc_schema_validation
	ErrTransform   = errors.New("ops: the CIB cannot be upgraded")        // pcmk_rc_transform_failed
	ErrOldData     = errors.New("ops: the CIB would become an older one") // pcmk_rc_old_data
)

// ErrNoData is an ErrInvalid: there is nothing to change the CIB to.
var ErrNoData = fmt.Errorf("%w: no data", ErrInvalid)

// StepBack is an ErrOldData: a part of the version would go backwards.
type StepBack struct {
	Field    string
	From, To int
}

func (s *StepBack) Error() string {
	return fmt.Sprintf("%v: %s from %d to %d", ErrOldData, s.Field, s.From, s.To)
}

func (s *StepBack) Unwrap() error { return ErrOldData }
