package schema

import (
	"errors"
	"fmt"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// What keeps a CIB from being upgraded.
var (
	ErrInvalid   = errors.New("schema: the configuration does not validate") // pcmk_err_schema_validation
	ErrTransform = errors.New("schema: the transformation failed")           // pcmk_err_transform_failed
)

// Options of an upgrade.
type Options struct {
	// Max is where to stop, the newest if it is V1_0: the reference uses 0 for no limit.
	Max Version
	// ValidateOnly looks for the newest version that the CIB is valid for as it is.
	ValidateOnly bool
	// Explain adds why versions refuse the CIB to the messages.
	Explain bool
}

// Upgraded is what has become of a CIB.
type Upgraded struct {
	// CIB is the one given, unless a step has changed more than its validate-with.
	CIB *etree.Element
	// Version is what it is valid for now. V1_0 with an error: none was found.
	Version  Version
	Messages []Message
}

// Upgrade brings a CIB to the newest version that it can have, step by step, as
// update_validation does. A step is taken if the CIB is valid before and after it; the
// last version reached is put in validate-with. A CIB of the newest version, of a
// later one or of none is left alone, valid or not.
func Upgrade(cib *etree.Element, opts Options) (Upgraded, error) {
	u := &upgrade{Upgraded: Upgraded{CIB: cib}, ids: newIdentifiers(), opts: opts}
	err := u.run()
	return u.Upgraded, err
}

type upgrade struct {
	Upgraded
	ids  *identifiers // of u.CIB, through all validations of it
	opts Options
	// silenced are the versions first tried in silence.
	tried, silenced [count]bool
}

// valid tries a version.
func (u *upgrade) valid(v Version) bool {
	u.tried[v] = true
	return v.validate(u.CIB, u.ids)
}

// validSilently tries a version, and what it says is not heard.
func (u *upgrade) validSilently(v Version) bool {
	u.silenced[v] = u.silenced[v] || !u.tried[v]
	return u.valid(v)
}

// refused tells why a version does not take a CIB.
func (u *upgrade) refused(v Version, cib *etree.Element) {
	if u.opts.Explain {
		u.Messages = append(u.Messages, Message{Kind: Refused, Level: Error, Faults: v.Explain(cib), Logged: u.silenced[v]})
	}
}

func (u *upgrade) log(level Level, format string, args ...any) {
	u.Messages = append(u.Messages, Message{Kind: Logging, Level: level, Text: fmt.Sprintf(format, args...)})
}

func (u *upgrade) run() error {
	claimed, claims := lookup(u.CIB, "validate-with")
	match, v := Unknown, V1_0
	if claims {
		match = Named(claimed)
		switch {
		case match < 0:
			u.log(Debug, "Unknown validation schema")
		case u.opts.ValidateOnly:
			u.Version, v = match, match+1
		default:
			v = match
		}
	}
	if match >= Latest {
		u.Version = match
		return nil
	}

	err := u.climb(v)

	if u.Version > match && u.Version != 0 {
		how, from := "Transformed", claimed
		if u.opts.ValidateOnly {
			how = "Upgraded"
		}
		if !claims {
			from = "<none>"
		}
		u.log(Info, "%s the configuration from %s to %s", how, from, u.Version)
		u.CIB.CreateAttr("validate-with", u.Version.String())
	}
	return err
}

// climb tries the versions from v on.
func (u *upgrade) climb(v Version) error {
	var err error
	pending := false // a step without a transformation has been taken to v
	for v <= Latest {
		u.log(Debug, "Testing '%s' validation (%d of %d)", v, int(v), int(Latest))
		if !u.valid(v) {
			u.refused(v, u.CIB)
			if pending {
				u.log(Info, "Configuration not valid for schema: %s", v)
				pending = false
			}
			if u.Version != 0 {
				return err
			}
			err = ErrInvalid
			v++
			continue
		}
		if pending {
			u.log(Debug, "Configuration valid for schema: %s", v)
			pending = false
		}
		err = nil
		u.Version = v
		if u.opts.ValidateOnly {
			v++
			continue
		}

		to := v.after()
		switch {
		case to <= v:
			return nil
		case u.opts.Max > 0 && (v == u.opts.Max || to > u.opts.Max):
			return nil
		case v != V1_3 && v != V2_10 || u.validSilently(to):
			u.log(Debug, "%s-style configuration is also valid for %s", v, to)
			pending = true
			v = to
		default:
			if err = u.transform(v, to); err != nil {
				v++
			} else {
				v = to
			}
		}
	}
	return err
}

// transform takes a step that changes the document.
func (u *upgrade) transform(v, to Version) error {
	stylesheet := "upgrade-1.3"
	if v == V2_10 {
		stylesheet = "upgrade-2.10"
	}
	u.log(Debug, "Upgrading %s-style configuration to %s with %s.xsl", v, to, stylesheet)
	var result *etree.Element
	if v == V1_3 {
		result = u.toVersion2(u.CIB)
	} else {
		result = u.toVersion3(u.CIB)
	}
	ids := newIdentifiers()
	if !to.validate(result, ids) {
		u.refused(to, result)
		u.log(Error, "Transformation %s.xsl did not produce a valid configuration", stylesheet)
		u.Messages = append(u.Messages, Message{Kind: Logging, Level: Info, Text: "transform:bad", XML: result})
		return ErrInvalid
	}
	u.log(Info, "Transformation %s.xsl successful", stylesheet)
	u.CIB, u.ids, u.Version = result, ids, to
	return nil
}

func (u *upgrade) toVersion2(cib *etree.Element) *etree.Element {
	u.log(Debug, "Upgrading %s-style configuration, main phase with %s.xsl", V1_3, "upgrade-1.3")
	result, said := upgradeACLs(cib)
	u.Messages = append(u.Messages, said...)
	return result
}

// toVersion3 has three phases; without the first, there is no last one.
func (u *upgrade) toVersion3(cib *etree.Element) *etree.Element {
	u.log(Debug, "Upgrading %s-style configuration, pre-upgrade phase with %s.xsl", V2_10, "upgrade-2.10-enter")
	unfolded, err := unfold(cib)
	if err != nil {
		u.Messages = append(u.Messages, Message{Kind: Transforming, Level: Warning, Text: err.Error()})
		u.log(Warning, "Upgrade-enter transformation %s.xsl failed", "upgrade-2.10-enter")
		unfolded = cib
	}
	u.log(Debug, "Upgrading %s-style configuration, main phase with %s.xsl", V2_10, "upgrade-2.10")
	result, said := upgradeOptions(unfolded)
	u.Messages = append(u.Messages, said...)
	if err != nil {
		return result
	}
	u.log(Debug, "Upgrading %s-style configuration, post-upgrade phase with %s.xsl", V2_10, "upgrade-2.10-leave")
	folded, said, err := fold(result)
	u.Messages = append(u.Messages, said...)
	if err != nil {
		u.Messages = append(u.Messages, Message{Kind: Transforming, Level: Warning, Text: err.Error()})
		u.log(Warning, "Upgrade-leave transformation %s.xsl failed", "upgrade-2.10-leave")
		return result
	}
	return folded
}

// UpdateConfiguration is what tools and the scheduler do with a CIB before they use it
// (cli_config_update): one older than [Minimum] is upgraded. With ok false it could not
// be and is left as it is. The given CIB is not changed if it is upgraded: the result is
// another.
func UpdateConfiguration(cib *etree.Element) (u Upgraded, ok bool) {
	return UpdateConfigurationWith(cib, Options{})
}

// UpdateConfigurationWith is UpdateConfiguration for tools that tell why versions refuse
// the CIB; of opts only Explain counts.
func UpdateConfigurationWith(cib *etree.Element, opts Options) (u Upgraded, ok bool) {
	claimed, claims := lookup(cib, "validate-with")
	version := None
	if claims {
		version = Named(claimed)
	} else {
		claimed = "(none)"
	}
	u = Upgraded{CIB: cib, Version: version}
	if version >= Minimum {
		if version >= None {
			u.say(Configuration, Warning, "Schema validation of configuration is disabled"+
				" (enabling is encouraged and prevents common misconfigurations)")
		}
		return u, true
	}

	converted, _ := Upgrade(xmltree.Copy(cib), Options{Explain: opts.Explain})
	u.Version, u.Messages = converted.Version, converted.Messages
	if converted.Version < Minimum {
		text := fmt.Sprintf("Cannot upgrade configuration (claiming schema %s) to at least %s because it ", claimed, Minimum)
		if converted.Version < version || version == Unknown {
			text += fmt.Sprintf("does not validate with any schema from %s to %s", version, Latest)
		} else {
			reached, ok := lookup(converted.CIB, "validate-with")
			if !ok {
				reached = "unspecified version"
			}
			text += "would not upgrade past " + reached
		}
		u.say(Configuration, Error, text)
		return u, false
	}
	u.CIB = converted.CIB
	if u.Version < Latest {
		u.say(ConfigurationLog, Warning, fmt.Sprintf("Configuration with schema %s was internally upgraded to"+
			" acceptable (but not most recent) %s", claimed, u.Version))
	} else {
		u.say(Logging, Info, fmt.Sprintf("Configuration with schema %s was internally upgraded to latest version %s",
			claimed, u.Version))
	}
	return u, true
}

func (u *Upgraded) say(kind Kind, level Level, text string) {
	u.Messages = append(u.Messages, Message{Kind: kind, Level: level, Text: text})
}
