// Package digest is the CIB's digests: MD5 sums of its text as Pacemaker writes it, by which
// nodes find out that they have the same CIB and a node that its file is whole (the
// reference's lib/common/digest.c). They are equal to the reference's for every document
// that it can read.
//
// There are two versions. The first is of all of the text with a blank before and a line
// feed after it; files have it. The second is of the text alone, without the attributes
// that say who changed the CIB and when; nodes use it among each other if the CIB's feature
// set is at least 3.0.5. The digests of operations are package pengine/status's.
//
// Any package may import it. docs/wire/cib.md describes the digests.
package digest

import (
	"crypto/md5"
	"encoding/hex"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
)

// filtering is the first feature set whose digests are of the second version.
const filtering = "3.0.5"

// OnDisk is the digest that is kept beside a file (calculate_on_disk_digest).
func OnDisk(cib *etree.Element) string {
	b := text.AppendDigested([]byte{' '}, cib, false)
	return sum(append(b, '\n'))
}

// Versioned is the digest of a document that goes from node to node
// (calculate_xml_versioned_digest, filtered and not sorted), for a feature set; "" is none,
// which is older than any.
func Versioned(e *etree.Element, featureSet string) string {
	if featureset.Compare(filtering, featureSet) > 0 {
		return OnDisk(e)
	}
	return sum(text.AppendDigested(nil, e, true))
}

// OfCIB is the versioned digest for the feature set that the document itself has.
func OfCIB(cib *etree.Element) string {
	return Versioned(cib, cib.SelectAttrValue("crm_feature_set", ""))
}

func sum(b []byte) string {
	s := md5.Sum(b)
	return hex.EncodeToString(s[:])
}
