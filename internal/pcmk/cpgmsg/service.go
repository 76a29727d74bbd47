package cpgmsg

import "strconv"

// Service says which of a node's daemons sent a message or is to take it. Programs that
// are no daemon are told by their process ids, which are larger than StonithNG.
type Service uint32

// The daemons, by their names before Pacemaker 2.0.
const (
	None Service = iota
	AIS
	LRMD
	CIB
	CRMD
	Attrd
	Stonithd
	TEngine
	PEngine
	StonithNG
)

var serviceNames = [...]string{"unknown", "ais", "lrmd", "cib", "crmd", "attrd", "stonithd", "tengine", "pengine", "stonith-ng"}

// String is the name that the reference logs.
func (s Service) String() string {
	if int(s) < len(serviceNames) {
		return serviceNames[s]
	}
	return serviceNames[None]
}

// ServiceOf is the service with a name as Pacemaker's messages have it ("cib", "dc",
// "stonith-ng"), or the one of a program that calls itself by its process id; None if
// there is no such.
func ServiceOf(name string) Service {
	if name == "dc" {
		return CRMD
	}
	for i, n := range serviceNames {
		if n == name && i > 0 {
			return Service(i)
		}
	}
	if pid, err := strconv.ParseInt(name, 10, 32); err == nil && pid > int64(StonithNG) {
		return Service(pid)
	}
	return None
}
