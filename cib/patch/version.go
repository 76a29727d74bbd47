package patch

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
)

// Why a patchset is not applied.
var (
	// ErrResync says that the document is older than what the patchset starts at: fetch the
	// whole of it (pcmk_rc_diff_resync).
	ErrResync = errors.New("patch: the document is older than the patchset's source")
	// ErrOldData says that the document is newer than what the patchset starts at, or that it
	// leads to no newer version (pcmk_rc_old_data).
	ErrOldData = errors.New("patch: the document is newer than the patchset's source")
	// ErrFailed says that the patchset does not fit the document, or that the outcome does not have
	// its digest (pcmk_rc_diff_failed).
	ErrFailed = errors.New("patch: the patchset does not fit")
	// ErrFormat says that the format is unknown (EINVAL).
	ErrFormat = errors.New("patch: unknown format")
	// ErrNoResult says that a modification does not tell its result (ENOMSG).
	ErrNoResult = errors.New("patch: a modification without its result")
	// ErrNotUnique says that a patchset of version 1 has more than one tree (ENOTUNIQ).
	ErrNotUnique = errors.New("patch: more than one change set")
)

// versionFields are the attributes of a version, most significant first.
var versionFields = [3]string{"admin_epoch", "epoch", "num_updates"}

// Version is a CIB's version: admin_epoch, epoch, num_updates.
type Version [3]int

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

// Int reads a number from an attribute (crm_element_value_int): -1 if it is none or does not
// fit into 32 bits. ok is false if the attribute is not there.
func Int(e *etree.Element, name string) (n int, ok bool) {
	value, ok := document.Get(e, name)
	if !ok {
		return 0, false
	}
	value = strings.TrimLeft(value, " \t\n\v\f\r")
	end := 0
	if end < len(value) && (value[end] == '-' || value[end] == '+') {
		end++
	}
	for end < len(value) && '0' <= value[end] && value[end] <= '9' {
		end++
	}
	parsed, err := strconv.ParseInt(value[:end], 10, 64)
	if err != nil || parsed < math.MinInt32 || parsed > math.MaxInt32 {
		return -1, true
	}
	return int(parsed), true
}

// read takes the numbers that an element has; others stay.
func (v *Version) read(e *etree.Element) {
	if e == nil {
		return
	}
	for i, field := range versionFields {
		if n, ok := Int(e, field); ok {
			v[i] = n
		}
	}
}

// VersionOf is a document's version. A number that is not there, or negative, is 0.
func VersionOf(cib *etree.Element) Version {
	var v Version
	v.read(cib)
	for i := range v {
		v[i] = max(v[i], 0)
	}
	return v
}

// Format is a patchset's version, 1 if it does not say.
func Format(patchset *etree.Element) int {
	if n, ok := Int(patchset, "format"); ok {
		return n
	}
	return 1
}

// Versions are the versions that a patchset starts at and leads to; numbers that it does not
// have are those given (xml_patch_versions).
func Versions(patchset *etree.Element, source, target Version) (Version, Version) {
	switch Format(patchset) {
	case 1:
		source.read(versionNode(patchset, "diff-removed"))
		target.read(versionNode(patchset, "diff-added"))
	case 2:
		version := Child(patchset, "version")
		source.read(Child(version, "source"))
		target.read(Child(version, "target"))
	}
	return source, target
}

// versionNode is where a patchset of version 1 has a version: in its tree, if there is one.
func versionNode(patchset *etree.Element, name string) *etree.Element {
	part := Child(patchset, name)
	if cib := Child(part, "cib"); cib != nil {
		return cib
	}
	return part
}

// Child is the first child of a name, or nil; e may be nil (find_xml_node).
func Child(e *etree.Element, name string) *etree.Element {
	if e == nil {
		return nil
	}
	for _, token := range e.Child {
		if c, ok := token.(*etree.Element); ok && c.Tag == name {
			return c
		}
	}
	return nil
}

// Check tells whether a patchset starts at a document's version and leads to a newer one:
// nil, ErrResync or ErrOldData (xml_patch_version_check).
func Check(cib, patchset *etree.Element) error {
	is := VersionOf(cib)
	next := is
	next[2]++
	source, target := Versions(patchset, is, next)
	for i := range is {
		switch {
		case is[i] < source[i]:
			return fmt.Errorf("%v to %v, applied to %v: %w", source, target, is, ErrResync)
		case is[i] > source[i]:
			return fmt.Errorf("%v to %v, applied to %v: %w", source, target, is, ErrOldData)
		}
	}
	for i := range source {
		if target[i] > source[i] {
			return nil
		}
	}
	return fmt.Errorf("%v to %v, applied to %v: %w", source, target, is, ErrOldData)
}

// Compare is -1, 0 or 1 as v is older than, like or newer than another.
func (v Version) Compare(other Version) int { return slices.Compare(v[:], other[:]) }
