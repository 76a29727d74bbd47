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

// call asks systemd's manager; into takes the answer, if not nil.
func call(ctx context.Context, conn *dbus.Conn, into any, method string, args ...any) error {
	c := conn.Object(busName, busPath).CallWithContext(ctx, busManager+"."+method, 0, args...)
	if c.Err != nil || into == nil {
		return c.Err
	}
	return c.Store(into)
}

func property(ctx context.Context, conn *dbus.Conn, unit dbus.ObjectPath, name string) (value string, err error) {
	var v dbus.Variant
	c := conn.Object(busName, unit).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, busUnit, name)
	if err := c.Store(&v); err != nil {
		return "", err
	}
	value, ok := v.Value().(string)
	if !ok {
		return "", fmt.Errorf("property %s is a %s", name, v.Signature())
	}
	return value, nil
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
	var unit dbus.ObjectPath
	if call(ctx, conn, &unit, "LoadUnit", unitName(name, true)) != nil {
		return false
	}
	state, err := property(ctx, conn, unit, "LoadState")
	return err == nil && (state == "loaded" || state == "masked")
}

// run carries out an operation (services__execute_systemd).
func (u *Units) run(op *lrmd.Operation, kill <-chan struct{}) *lrmd.Result {
	conn := u.bus()
	if conn == nil {
		return unitResult(lrmd.UnknownError, lrmd.Failed, "No DBus connection")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(op.Timeout)*time.Millisecond)
	defer cancel()
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
	var unit dbus.ObjectPath
	if err := call(ctx, conn, &unit, "LoadUnit", unitName(op.Type, false)); err != nil {
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
	var job dbus.ObjectPath
	if err := call(ctx, conn, &job, method, unitName(op.Type, false), "replace"); err != nil {
		return u.methodError(op, err)
	}
	return unitResult(lrmd.OK, lrmd.Done, "")
}

func unitResult(code lrmd.Code, status lrmd.Status, reason string) *lrmd.Result {
	return &lrmd.Result{Class: lrmd.ClassSystemd, Code: int(code), Status: status, Reason: reason}
}

// status is what a unit's state means (parse_status_result).
func (u *Units) status(ctx context.Context, conn *dbus.Conn, op *lrmd.Operation, unit dbus.ObjectPath) *lrmd.Result {
	state, err := property(ctx, conn, unit, "ActiveState")
	if err != nil {
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
		// Our umask keeps files from others.
		err = errors.Join(os.Chmod(filepath.Dir(file), 0o755), os.Chmod(file, 0o644))
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
	var unit dbus.ObjectPath
	if call(ctx, conn, &unit, "LoadUnit", unitName(name, true)) == nil {
		description, _ = property(ctx, conn, unit, "Description")
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
