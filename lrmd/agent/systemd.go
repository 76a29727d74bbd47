package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd"
)

// Where systemd is on the bus.
const (
	busName    = "org.freedesktop.systemd1"
	busPath    = "/org/freedesktop/systemd1"
	busManager = busName + ".Manager"
	busUnit    = busName + ".Unit"
)

// overrideRoot is where systemd looks for what to change in units until the next boot.
const overrideRoot = "/run/systemd/system"

// defaultCall is how long systemd may take for a question that has no time of its own.
const defaultCall = 25 * time.Second

// callGrace is how much longer than an operation may take systemd has to answer.
const callGrace = 5 * time.Second

// Units are systemd's, over the system's bus. A nil *Units is a machine without systemd.
type Units struct {
	log  loglevel.Logger
	path func(string) string

	mu   sync.Mutex
	conn *dbus.Conn
}

// NewUnits connects to the bus when there is something to ask for. path moves paths below
// another root.
func NewUnits(log loglevel.Logger, path func(string) string) *Units {
	return &Units{log: log, path: path}
}

// Close ends the connection.
func (u *Units) Close() {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.conn != nil {
		_ = u.conn.Close()
		u.conn = nil
	}
}

func (u *Units) bus() *dbus.Conn {
	if u == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.conn != nil && !u.conn.Connected() {
		loglevel.LogfAt(u.log, loglevel.Warning, "systemd_init", "Connection to System DBus is closed. Reconnecting...")
		u.conn = nil
	}
	if u.conn == nil {
		conn, err := dbus.ConnectSystemBus()
		if err != nil {
			loglevel.LogfAt(u.log, loglevel.Error, "pcmk_dbus_connect", "Could not connect to DBus: %v", err)
			return nil
		}
		u.conn = conn
	}
	return u.conn
}

// extensions are of units that can be resources.
var extensions = []string{".service", ".socket", ".mount", ".timer", ".path"}

// unitName is a unit as systemd knows it. A template gets an instance if it is only to be
// looked at (systemd_service_name).
func unitName(name string, instance bool) string {
	ext := path.Ext(name)
	if slices.Contains(extensions, ext) {
		if base := strings.TrimSuffix(name, ext); strings.HasSuffix(base, "@") {
			return base + "pacemaker" + ext
		}
		return name
	}
	if instance && strings.HasSuffix(name, "@") {
		return name + "pacemaker.service"
	}
	return name + ".service"
}

// call asks systemd's manager. What it answers is not looked at.
func call(ctx context.Context, conn *dbus.Conn, method string, args ...any) *dbus.Call {
	return conn.Object(busName, busPath).CallWithContext(ctx, busManager+"."+method, 0, args...)
}

// load makes a unit known to systemd, whether it exists or not.
func load(ctx context.Context, conn *dbus.Conn, name string) (dbus.ObjectPath, error) {
	c := call(ctx, conn, "LoadUnit", name)
	if c.Err != nil {
		return "", c.Err
	}
	if len(c.Body) == 1 {
		if unit, ok := c.Body[0].(dbus.ObjectPath); ok { // Store would take any text
			return unit, nil
		}
	}
	return "", errors.New("unexpected reply")
}

func (u *Units) property(ctx context.Context, conn *dbus.Conn, unit dbus.ObjectPath, name string) (value string, err error) {
	var v dbus.Variant
	c := conn.Object(busName, unit).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, busUnit, name)
	if err = c.Store(&v); err == nil {
		var ok bool
		if value, ok = v.Value().(string); !ok {
			err = errors.New("Unexpected variant type")
		}
	}
	if err != nil && ctx.Err() == nil {
		loglevel.LogfAt(u.log, loglevel.Error, "handle_query_result", "DBus query for %s property '%s' failed: %v", unit, name, err)
	}
	return value, err
}

// Listed are the units that can be resources, by name; a service is listed without its type
// (systemd_unit_listall).
func (u *Units) Listed() (names []string) {
	const function = "systemd_unit_listall"
	conn := u.bus()
	if conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), defaultCall)
	defer cancel()
	var files []struct{ Path, State string }
	if err := call(ctx, conn, "ListUnitFiles").Store(&files); err != nil {
		loglevel.LogfAt(u.log, loglevel.Error, function, "Could not send ListUnitFiles to systemd: %v", err)
		return nil
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	return resourceNames(paths)
}

// resourceNames are the units of files that can be resources, sorted.
func resourceNames(files []string) (names []string) {
	for _, f := range slices.Backward(files) { // those that are equal but for case, from last to first
		if slices.Contains(extensions, path.Ext(f)) {
			names = append(names, strings.TrimSuffix(path.Base(f), ".service"))
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return names
}

// exists tells whether there is such a unit: systemd loads even what is not there, so the
// unit's state is asked for (systemd_unit_exists).
func (u *Units) exists(name string) bool {
	conn := u.bus()
	if conn == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), defaultCall)
	defer cancel()
	unit, err := load(ctx, conn, unitName(name, true))
	if err != nil {
		return false
	}
	state, err := u.property(ctx, conn, unit, "LoadState")
	return err == nil && (state == "loaded" || state == "masked")
}

// run carries out an operation (services__execute_systemd).
func (u *Units) run(op *lrmd.Operation, kill <-chan struct{}) *lrmd.Result {
	conn := u.bus()
	if conn == nil {
		return unitResult(lrmd.UnknownError, lrmd.Failed, "No DBus connection")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(op.Timeout)*time.Millisecond+callGrace)
	defer cancel()
	res := u.ask(ctx, cancel, conn, op, kill)
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return res
	}
	action := op.Action
	if action == "monitor" {
		action = "status"
	}
	loglevel.LogfAt(u.log, loglevel.Info, "systemd_timeout_callback", "%s action for systemd unit %s named '%s' timed out", action, op.Type, op.RscID)
	return unitResult(lrmd.UnknownError, lrmd.TimedOut, action+" action for systemd unit "+op.Type+" did not complete in time")
}

// ask carries out an operation while ctx lasts; cancel ends that.
func (u *Units) ask(ctx context.Context, cancel func(), conn *dbus.Conn, op *lrmd.Operation, kill <-chan struct{}) *lrmd.Result {
	go func() {
		select {
		case <-kill:
			cancel()
		case <-ctx.Done():
		}
	}()
	if strings.EqualFold(op.Action, "meta-data") {
		res := unitResult(lrmd.OK, lrmd.Done, "")
		res.Stdout = u.metadata(ctx, conn, op.Type)
		return res
	}
	unit, err := load(ctx, conn, unitName(op.Type, false))
	if err != nil {
		return unitResult(lrmd.UnknownError, lrmd.Failed, "No DBus object found for systemd unit "+op.Type)
	}
	method := ""
	switch op.Action {
	case "status", "monitor":
		return u.status(ctx, conn, op, unit)
	case "start":
		method = "StartUnit"
		u.override(conn, op.Type)
	case "stop":
		method = "StopUnit"
		u.removeOverride(conn, op.Type)
	case "restart":
		method = "RestartUnit"
	default:
		return unitResult(lrmd.Unimplemented, lrmd.Failed, "Action "+op.Action+" not implemented for systemd resources")
	}
	c := call(ctx, conn, method, unitName(op.Type, false), "replace")
	if c.Err != nil {
		return u.methodError(op, c.Err)
	}
	if len(c.Body) == 1 {
		if _, ok := c.Body[0].(dbus.ObjectPath); ok {
			return unitResult(lrmd.OK, lrmd.Done, "")
		}
	}
	return unitResult(lrmd.OK, lrmd.Done, "systemd DBus method had unexpected reply")
}

func unitResult(code lrmd.Code, status lrmd.Status, reason string) *lrmd.Result {
	return &lrmd.Result{Class: lrmd.ClassSystemd, Code: int(code), Status: status, Reason: reason}
}

// status is what a unit's state means (parse_status_result).
func (u *Units) status(ctx context.Context, conn *dbus.Conn, op *lrmd.Operation, unit dbus.ObjectPath) *lrmd.Result {
	state, err := u.property(ctx, conn, unit, "ActiveState")
	if err != nil {
		<-ctx.Done() // the reference counts that as no answer
		return unitResult(lrmd.UnknownError, lrmd.Failed, "Could not get state for unit "+op.Type+" from DBus")
	}
	switch state {
	case "active", "reloading":
		return unitResult(lrmd.OK, lrmd.Done, "")
	case "activating", "deactivating":
		return unitResult(lrmd.UnknownCode, lrmd.Pending, "")
	}
	return unitResult(lrmd.NotRunning, lrmd.Done, state)
}

// methodError is what an error of systemd's means (set_result_from_method_error): what is
// not there is stopped.
func (u *Units) methodError(op *lrmd.Operation, err error) *lrmd.Result {
	res := unitResult(lrmd.UnknownError, lrmd.Failed, "Unable to invoke systemd DBus method")
	var e dbus.Error
	if errors.As(err, &e) {
		switch e.Name {
		case busName + ".InvalidName", busName + ".LoadFailed", busName + ".NoSuchUnit":
			if op.Action == "stop" {
				return unitResult(lrmd.OK, lrmd.Done, "")
			}
			res = unitResult(lrmd.NotInstalled, lrmd.AgentNotInstalled, "systemd unit "+op.Type+" not found")
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return res // another is told
	}
	loglevel.LogfAt(u.log, loglevel.Info, "set_result_from_method_error", "DBus request for %s of systemd unit %s for resource %s failed: %v", op.Action, op.Type, op.RscID, err)
	return res
}

func (u *Units) overrideFile(agent string) string {
	return filepath.Join(u.path(overrideRoot), agent+".service.d", "50-pacemaker.conf")
}

// override has systemd stop a unit only after Pacemaker, and leave its restart to the
// cluster (systemd_create_override).
func (u *Units) override(conn *dbus.Conn, agent string) {
	file := u.overrideFile(agent)
	content := "[Unit]\nDescription=Cluster Controlled " + agent +
		"\nBefore=pacemaker.service pacemaker_remote.service\n\n[Service]\nRestart=no\n\n"
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if err == nil {
		err = os.WriteFile(file, []byte(content), 0o644)
	}
	if err == nil {
		err = os.Chmod(file, 0o644) // our umask keeps it from others, which systemd warns of
	}
	if err != nil {
		loglevel.LogfAt(u.log, loglevel.Error, "systemd_create_override", "Cannot open systemd override file %s for writing: %v", file, err)
		return
	}
	reload(conn)
}

func (u *Units) removeOverride(conn *dbus.Conn, agent string) {
	file := u.overrideFile(agent)
	if err := os.Remove(file); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			loglevel.LogfAt(u.log, loglevel.Warning, "systemd_remove_override", "Cannot remove systemd override file %s: %v", file, err)
		}
		return
	}
	reload(conn)
}

// reload has systemd read its files again; what is sent after it is done after it.
func reload(conn *dbus.Conn) {
	conn.Object(busName, busPath).Go(busManager+".Reload", 0, make(chan *dbus.Call, 1))
}

// metadata is what there is to say of a unit (systemd_unit_metadata).
func (u *Units) metadata(ctx context.Context, conn *dbus.Conn, name string) string {
	description := "Systemd unit file for " + name
	if unit, err := load(ctx, conn, unitName(name, true)); err == nil {
		if description, err = u.property(ctx, conn, unit, "Description"); err != nil {
			description = "(null)" // as the reference prints what is missing
		}
	}
	return fmt.Sprintf(unitMetadata, name, text.AppendEscaped(nil, description, text.Readable), name)
}

const unitMetadata = `<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="%s" version="0.1">
  <version>1.1</version>
  <longdesc lang="en">
    %s
  </longdesc>
  <shortdesc lang="en">systemd unit file for %s</shortdesc>
  <parameters/>
  <actions>
    <action name="start"     timeout="100" />
    <action name="stop"      timeout="100" />
    <action name="status"    timeout="100" />
    <action name="monitor"   timeout="100" interval="60"/>
    <action name="meta-data" timeout="5"   />
  </actions>
  <special tag="systemd"/>
</resource-agent>
`
