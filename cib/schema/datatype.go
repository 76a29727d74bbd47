package schema

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// datatype decides whether an attribute may have a value. The lexical rules are
// libxml2's (xmlschemastypes.c), which differ from the recommendation's in places: an
// integer has 24 digits at most.
type datatype struct {
	kind typeKind
	// name is the type as messages name it.
	name   string
	tokens []string // typeTokens, typeNot, typeExact
	match  *regexp.Regexp
	anyOf  []*datatype // typeChoice
}

type typeKind uint8

const (
	typeText typeKind = iota
	typeID
	typeIDREF
	typeBoolean
	typeInteger
	typeNonNegative
	typePositive
	typeTokens // one of them, white space aside
	typeNot    // none of them
	typeExact
	typeMatch
	typeChoice
)

var namedTypes = map[string]*datatype{
	"ID":                 {kind: typeID, name: "ID"},
	"IDREF":              {kind: typeIDREF, name: "IDREF"},
	"boolean":            {kind: typeBoolean, name: "boolean"},
	"integer":            {kind: typeInteger, name: "integer"},
	"nonNegativeInteger": {kind: typeNonNegative, name: "nonNegativeInteger"},
	"positiveInteger":    {kind: typePositive, name: "positiveInteger"},
}

var anyText = &datatype{kind: typeText}

// allows tells whether the value is of the type; for an ID, whether it could be one.
func (t *datatype) allows(value string) bool {
	switch t.kind {
	case typeText:
		return true
	case typeID, typeIDREF:
		return isNCName(trimBlanks(value))
	case typeBoolean:
		switch trimBlanks(value) {
		case "0", "1", "true", "false":
			return true
		}
		return false
	case typeInteger, typeNonNegative, typePositive:
		return t.allowsInteger(trimBlanks(value))
	case typeTokens:
		return oneOf(t.tokens, value)
	case typeNot:
		return !oneOf(t.tokens, value)
	case typeExact:
		return value == t.tokens[0]
	case typeMatch:
		return t.match.MatchString(value)
	}
	for _, alternative := range t.anyOf {
		if alternative.allows(value) {
			return true
		}
	}
	return false
}

func (t *datatype) allowsInteger(digits string) bool {
	const most = 24
	negative := strings.HasPrefix(digits, "-")
	if negative || strings.HasPrefix(digits, "+") {
		digits = digits[1:]
	}
	if digits == "" {
		return false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	significant := strings.TrimLeft(digits, "0")
	switch {
	case len(significant) > most:
		return false
	case t.kind == typePositive:
		return !negative && significant != ""
	case t.kind == typeNonNegative:
		return !negative || significant == ""
	}
	return true
}

func oneOf(tokens []string, value string) bool {
	for _, token := range tokens {
		if token == value {
			return true
		}
	}
	if !strings.ContainsAny(value, blanks) {
		return false
	}
	value = strings.Join(strings.FieldsFunc(value, isBlank), " ")
	for _, token := range tokens {
		if token == value {
			return true
		}
	}
	return false
}

const blanks = " \t\n\r"

func isBlank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

func trimBlanks(s string) string {
	if s == "" || s[0] > ' ' && s[len(s)-1] > ' ' {
		return s
	}
	return strings.Trim(s, blanks)
}

// isNCName follows XML 1.0, before its fifth edition, and Namespaces in XML.
func isNCName(s string) bool {
	if s == "" || s[0] != '_' && !isASCIILetter(s[0]) && s[0] < utf8.RuneSelf {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case isASCIILetter(c), c == '_', i > 0 && (c == '-' || c == '.' || '0' <= c && c <= '9'):
		case c >= utf8.RuneSelf:
			return isWideNCName(s)
		default:
			return false
		}
	}
	return true
}

func isASCIILetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
