package corosyncconf

import (
	"fmt"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

// mainHandler turns the sections of corosync.conf into keys.
type mainHandler struct {
	f   *File
	env *Env

	link interfaceSection
	log  logSection
	node int // number of the next node section
}

// interfaceSection collects a totem.interface section: its keys get the link
// number, which may come last, into their names.
type interfaceSection struct {
	number  uint64
	values  map[string]said
	members []said
}

// logSection collects a logger_subsys or logging_daemon section.
type logSection struct {
	subsys, daemon *said
	items          []namedValue
}

type said struct {
	value icmap.Value
	at    Position
}

type namedValue struct {
	name string
	said
}

func (h *mainHandler) sectionStart(path string, s state, at Position) (state, *InputError) {
	if _, ok := h.f.pos[path]; !ok {
		h.f.pos[path] = at
	}
	if n, ok := sectionStates()[path]; ok {
		s = n
	}
	switch path {
	case "totem.interface":
		h.link = interfaceSection{values: make(map[string]said)}
	case "logging.logger_subsys", "logging.logging_daemon":
		h.log = logSection{}
	case "nodelist":
		h.node = 0
	case "nodelist.node":
		h.f.pos[fmt.Sprintf("nodelist.node.%d", h.node)] = at
	}
	return s, nil
}

func (h *mainHandler) item(path, key, value string, s state, at Position) *InputError {
	v := icmap.String(value)
	if c, ok := choices()[s][path]; ok {
		if err := c.check(path, value, at); err != nil {
			return err
		}
	}
	if t, ok := numbers()[s][path]; ok {
		var err *InputError
		if v, err = number(path, value, t, at); err != nil {
			return err
		}
	}
	switch s {
	case stateInterface:
		return h.interfaceItem(path, v, at)
	case stateLoggerSubsys, stateLoggingDaemon:
		switch {
		case key == "subsys":
			h.log.subsys = &said{v, at}
		case key == "name" && s == stateLoggingDaemon:
			h.log.daemon = &said{v, at}
		default:
			h.log.items = append(h.log.items, namedValue{key, said{v, at}})
		}
		return nil
	case stateUIDGID:
		return h.account(key, value, at)
	case stateMember:
		if key != "memberaddr" {
			return &InputError{Position: at, Key: path, Got: key, Want: "memberaddr", Text: "Only memberaddr is allowed in member section"}
		}
		h.link.members = append(h.link.members, said{v, at})
		return nil
	case stateNode:
		path = fmt.Sprintf("nodelist.node.%d.%s", h.node, key)
		if key == "nodeid" || key == "quorum_votes" {
			var err *InputError
			if v, err = number(path, value, icmap.TypeUint32, at); err != nil {
				return err
			}
		}
	case stateResources, stateResourcesSub:
		t, ok := icmap.TypeUint32, s == stateResources && key == "watchdog_timeout"
		if s == stateResourcesSub && key == "poll_period" {
			t, ok = icmap.TypeUint64, true
		}
		if ok {
			var err *InputError
			if v, err = number(path, value, t, at); err != nil {
				return err
			}
		}
	}
	return h.f.set(path, v, at)
}

func (h *mainHandler) interfaceItem(path string, v icmap.Value, at Position) *InputError {
	switch k := strings.TrimPrefix(path, "totem.interface."); k {
	case "linknumber":
		h.link.number, _ = v.Uint()
		return nil
	case "bindnetaddr", "mcastaddr", "broadcast", "mcastport", "ttl", "knet_link_priority", "knet_ping_interval",
		"knet_ping_timeout", "knet_ping_precision", "knet_pong_count", "knet_transport":
		// The reference keeps numbers in an int, in which -1 means none.
		if n, ok := v.Uint(); !ok || n <= 1<<31-1 {
			h.link.values[k] = said{v, at}
		}
		return nil
	}
	return h.f.set(path, v, at)
}

func (h *mainHandler) sectionEnd(path string, s state, at Position) *InputError {
	switch s {
	case stateInterface:
		return h.endInterface()
	case stateLoggerSubsys:
		if h.log.subsys == nil {
			return &InputError{Position: at, Key: path + ".subsys", Text: "No subsys key in logger_subsys directive"}
		}
		return h.endLog("logging.logger_subsys."+h.log.subsys.value.String(), "subsys", *h.log.subsys)
	case stateLoggingDaemon:
		return h.endDaemon(path, at)
	case stateNode:
		h.node++
	}
	return nil
}

func (h *mainHandler) endInterface() *InputError {
	prefix := fmt.Sprintf("totem.interface.%d.", h.link.number)
	for k, v := range h.link.values { // the order does not matter: no two are one key
		if err := h.f.set(prefix+k, v.value, v.at); err != nil {
			return err
		}
	}
	// The reference's list grows at the front: the last member gets number 0.
	for i, m := range h.link.members {
		key := fmt.Sprintf("%smember.%d", prefix, len(h.link.members)-1-i)
		if err := h.f.set(key, m.value, m.at); err != nil {
			return err
		}
	}
	h.link.values = make(map[string]said)
	h.link.members = nil
	return nil
}

// endLog stores what a section of logging has collected below prefix. Of a key
// said twice the first one counts, as in the reference.
func (h *mainHandler) endLog(prefix, idKey string, id said) *InputError {
	for i := len(h.log.items) - 1; i >= 0; i-- {
		it := h.log.items[i]
		if err := h.f.set(prefix+"."+it.name, it.value, it.at); err != nil {
			return err
		}
	}
	if idKey == "" {
		return nil
	}
	return h.f.set(prefix+"."+idKey, id.value, id.at)
}

// endDaemon stores a logging_daemon section: for corosync itself that is just
// another way to write logging or logger_subsys.
func (h *mainHandler) endDaemon(path string, at Position) *InputError {
	if h.log.daemon == nil {
		return &InputError{Position: at, Key: path + ".name", Text: "No name key in logging_daemon directive"}
	}
	name := h.log.daemon.value.String()
	switch {
	case name == "corosync" && h.log.subsys == nil:
		return h.endLog("logging", "", said{})
	case name == "corosync":
		return h.endLog("logging.logger_subsys."+h.log.subsys.value.String(), "subsys", *h.log.subsys)
	case h.log.subsys == nil:
		return h.endLog("logging.logging_daemon."+name, "name", *h.log.daemon)
	}
	prefix := "logging.logging_daemon." + name + "." + h.log.subsys.value.String()
	if err := h.endLog(prefix, "subsys", *h.log.subsys); err != nil {
		return err
	}
	return h.f.set(prefix+".name", h.log.daemon.value, h.log.daemon.at)
}
