package notifyd

import (
	"net"
	"strconv"
	"time"

	"github.com/gosnmp/gosnmp"
)

// Numbers of COROSYNC-MIB.
const (
	mib     = ".1.3.6.1.4.1.35488"
	traps   = mib + ".0"
	objects = mib + ".1"

	trapNode   = traps + ".1"
	trapQuorum = traps + ".2"
	trapLink   = traps + ".4"

	objectNodeName    = objects + ".1"
	objectNodeID      = objects + ".2"
	objectNodeStatus  = objects + ".3"
	objectNodeAddr    = objects + ".4"
	objectLocalNodeID = objects + ".5"
	objectQuorum      = objects + ".21"
	objectLinkNo      = objects + ".60"
	objectLinkStatus  = objects + ".61"
)

// trap is a notification of SNMP: a string, an unsigned number or a signed one
// for each object.
type trap struct {
	oid    string
	fields []field
}

type field struct {
	oid   string
	value any
}

// trapPort is where a manager listens that has no port given.
const trapPort = 162

// manager sends traps.
type manager struct{ snmp *gosnmp.GoSNMP }

// newManager makes ready to send to a manager: address or name, with a port or
// without.
func newManager(target, community string) (*manager, error) {
	port := uint16(trapPort)
	if host, p, err := net.SplitHostPort(target); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return nil, err
		}
		target, port = host, uint16(n)
	}
	s := &gosnmp.GoSNMP{
		Target: target, Port: port, Version: gosnmp.Version2c, Community: community,
		Timeout: time.Second, MaxOids: gosnmp.MaxOids,
	}
	return &manager{s}, s.Connect()
}

func (m *manager) notify(e event) error {
	t, ok := e.trap()
	if !ok {
		return nil
	}
	_, err := m.snmp.SendTrap(gosnmp.SnmpTrap{Variables: variables(t)})
	return err
}

func (m *manager) close() { _ = m.snmp.Conn.Close() }

// variables is the trap as SNMP has it; gosnmp puts the time in front.
func variables(t trap) []gosnmp.SnmpPDU {
	const trapOID = ".1.3.6.1.6.3.1.1.4.1.0"
	out := []gosnmp.SnmpPDU{{Name: trapOID, Type: gosnmp.ObjectIdentifier, Value: t.oid}}
	for _, f := range t.fields {
		typ := gosnmp.OctetString
		switch f.value.(type) {
		case uint32:
			typ = gosnmp.Gauge32
		case int:
			typ = gosnmp.Integer
		}
		out = append(out, gosnmp.SnmpPDU{Name: f.oid, Type: typ, Value: f.value})
	}
	return out
}
