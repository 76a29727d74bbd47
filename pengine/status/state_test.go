package status_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// unpackFile unpacks a CIB of testdata.
func unpackFile(t *testing.T, name string, o status.Options) *status.WorkingSet {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromFile(name); err != nil {
		t.Fatal(err)
	}
	if o.Now.IsZero() {
		o.Now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	}
	ws, err := status.Unpack(doc.Root(), o)
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

// What is unpacked of each CIB of testdata is what the reference's crm_mon shows
// of it: testdata/refresh.sh.
func TestStates(t *testing.T) {
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no CIBs: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".xml"), func(t *testing.T) {
			mon := etree.NewDocument()
			if err := mon.ReadFromFile(strings.TrimSuffix(name, ".xml") + ".status"); err != nil {
				t.Fatal(err)
			}
			ws := unpackFile(t, name, status.Options{})
			got, want := stateOf(ws), stateShown(mon)
			for _, line := range want {
				if !slices.Contains(got, line) {
					t.Errorf("missing: %s", line)
				}
			}
			for _, line := range got {
				if !slices.Contains(want, line) {
					t.Errorf("wrong:   %s", line)
				}
			}
			if !t.Failed() && !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// stateShown is what crm_mon shows, a line for each node, primitive, failure and
// ticket. Primitives are sorted, because crm_mon orders them in its own way.
func stateShown(mon *etree.Document) (lines []string) {
	attributes := func(kind string, e *etree.Element, names ...string) string {
		for _, n := range names {
			kind += " " + n + "=" + e.SelectAttrValue(n, "")
		}
		return kind
	}
	for _, e := range mon.FindElements("/pacemaker-result/nodes/node") {
		lines = append(lines, attributes("node", e, "name", "id", "online", "standby", "standby_onfail", "maintenance",
			"pending", "unclean", "health", "shutdown", "expected_up", "is_dc", "resources_running", "type"))
	}
	var resources []string
	for _, e := range mon.FindElements("//resources//resource") {
		line := attributes("resource", e, "id", "resource_agent", "role", "target_role", "active", "orphaned", "blocked",
			"managed", "failed", "failure_ignored", "locked_to") + " on"
		for _, n := range e.SelectElements("node") {
			line += " " + n.SelectAttrValue("name", "")
		}
		resources = append(resources, line)
	}
	slices.Sort(resources)
	lines = append(lines, resources...)
	for _, e := range mon.FindElements("//failures/failure") {
		lines = append(lines, attributes("failure", e, "op_key", "node"))
	}
	for _, e := range mon.FindElements("//tickets/ticket") {
		lines = append(lines, attributes("ticket", e, "id", "status", "standby", "last-granted"))
	}
	e := mon.FindElement("//resources_configured")
	return append(lines, attributes("instances", e, "number", "disabled", "blocked"))
}

func stateOf(ws *status.WorkingSet) (lines []string) {
	for _, n := range ws.Nodes {
		health := []string{"red", "yellow", "green"}[n.HealthColor()+1]
		kind := []string{"ping", "member", "remote"}[n.Type]
		lines = append(lines, fmt.Sprintf("node name=%s id=%s online=%t standby=%t standby_onfail=%t maintenance=%t"+
			" pending=%t unclean=%t health=%s shutdown=%t expected_up=%t is_dc=%t resources_running=%d type=%s",
			n.Name, n.ID, n.Online, n.Standby, n.StandbyOnFail, n.Maintenance, n.Pending, n.Unclean, health, n.Shutdown,
			n.ExpectedUp, n.IsDC, len(n.Running), kind))
	}
	var resources []string
	for _, r := range ws.AllResources() {
		if r.Variant == status.Primitive && (!r.Is(status.Orphan) || r.Parent != nil || r.IsActive(false)) {
			resources = append(resources, primitiveState(r))
		}
	}
	slices.Sort(resources)
	lines = append(lines, resources...)
	for _, f := range ws.Failures {
		if !f.MasksProbeFailure() { // crm_mon leaves these out
			lines = append(lines, fmt.Sprintf("failure op_key=%s node=%s", f.OperationKey, f.NodeName))
		}
	}
	for _, ticket := range ws.TicketList() {
		granted, last := "revoked", ""
		if ticket.Granted {
			granted = "granted"
		}
		if ticket.LastGranted >= 0 {
			last = time.Unix(ticket.LastGranted, 0).UTC().Format(time.ANSIC)
		}
		lines = append(lines, fmt.Sprintf("ticket id=%s status=%s standby=%t last-granted=%s", ticket.ID, granted, ticket.Standby, last))
	}
	return append(lines, fmt.Sprintf("instances number=%d disabled=%d blocked=%d", ws.Instances, ws.Disabled, ws.Blocked))
}

func primitiveState(r *status.Resource) string {
	role := r.Role.String()
	if r.Role == status.RoleStarted && r.Top().Is(status.Promotable) {
		role = status.RoleUnpromoted.String()
	}
	if doing, ok := map[string]string{
		"start": "Starting", "stop": "Stopping", "migrate_to": "Migrating", "migrate_from": "Migrating",
		"promote": "Promoting", "demote": "Demoting",
	}[r.PendingTask]; ok {
		role = doing
	}
	agent := r.Class + ":" + r.Type
	if r.Provider != "" {
		agent = r.Class + ":" + r.Provider + ":" + r.Type
	}
	lock := ""
	if r.LockNode != nil {
		lock = r.LockNode.Name
	}
	line := "resource id=" + r.PrintableID() + " resource_agent=" + agent + " role=" + role + " target_role=" + r.Meta["target-role"] +
		" active=" + strconv.FormatBool(r.IsActive(true))
	for _, f := range []struct {
		name string
		flag status.ResourceFlags
	}{
		{"orphaned", status.Orphan}, {"blocked", status.Blocked}, {"managed", status.Managed}, {"failed", status.Failed},
		{"failure_ignored", status.FailureIgnored},
	} {
		line += fmt.Sprintf(" %s=%t", f.name, r.Is(f.flag))
	}
	line += " locked_to=" + lock + " on"
	for _, n := range r.Running {
		line += " " + n.Name
	}
	return line
}
