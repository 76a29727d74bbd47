// Command ringmaster is every program of Ringmaster in one: the name that it is
// run by chooses which. Packages install it under each name as a hard link, so
// that /proc/PID/exe tells the programs apart.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/cli/attrd"
	"github.com/ringmaster-ha/ringmaster/internal/cli/attrdupdater"
	"github.com/ringmaster-ha/ringmaster/internal/cli/based"
	"github.com/ringmaster-ha/ringmaster/internal/cli/blackbox"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cfgtool"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibadmin"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibsecret"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cmapctl"
	"github.com/ringmaster-ha/ringmaster/internal/cli/controld"
	"github.com/ringmaster-ha/ringmaster/internal/cli/corosync"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cpgtool"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmadmin"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmattribute"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmdiff"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmerror"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmfailcount"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmmaster"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmmon"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmnode"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmreport"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmresource"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmrule"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmshadow"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmsimulate"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmstandby"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmticket"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmverify"
	"github.com/ringmaster-ha/ringmaster/internal/cli/demo"
	"github.com/ringmaster-ha/ringmaster/internal/cli/execd"
	"github.com/ringmaster-ha/ringmaster/internal/cli/fenced"
	"github.com/ringmaster-ha/ringmaster/internal/cli/fencelegacy"
	"github.com/ringmaster-ha/ringmaster/internal/cli/fencewatchdog"
	"github.com/ringmaster-ha/ringmaster/internal/cli/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/cli/keygen"
	"github.com/ringmaster-ha/ringmaster/internal/cli/notifyd"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pacemakerd"
	"github.com/ringmaster-ha/ringmaster/internal/cli/quorumtool"
	"github.com/ringmaster-ha/ringmaster/internal/cli/schedulerd"
	"github.com/ringmaster-ha/ringmaster/internal/cli/stonithadmin"
	"github.com/ringmaster-ha/ringmaster/internal/cli/xmlproc"
)

// program is a main function: arguments with the name first, streams, and the
// exit status as the result.
type program func(args []string, stdin io.Reader, stdout, stderr io.Writer) int

var programs = map[string]program{
	"corosync":            corosync.Main,
	"corosync-blackbox":   blackbox.Main,
	"corosync-cfgtool":    cfgtool.Main,
	"corosync-cmapctl":    cmapctl.Main,
	"corosync-cpgtool":    cpgtool.Main,
	"corosync-keygen":     keygen.Main,
	"corosync-notifyd":    notifyd.Main,
	"corosync-quorumtool": quorumtool.Main,
	"corosync-xmlproc":    xmlproc.Main,

	"attrd_updater":  attrdupdater.Main,
	"cibadmin":       cibadmin.Main,
	"cibsecret":      cibsecret.Main,
	"crm_attribute":  crmattribute.Main,
	"crm_diff":       crmdiff.Main,
	"crm_error":      crmerror.Main,
	"crm_failcount":  crmfailcount.Main,
	"crm_master":     crmmaster.Main,
	"crm_mon":        crmmon.Main,
	"crm_node":       crmnode.Main,
	"crm_report":     crmreport.Main,
	"crm_resource":   crmresource.Main,
	"crm_rule":       crmrule.Main,
	"crm_shadow":     crmshadow.Main,
	"crm_simulate":   crmsimulate.Main,
	"crm_standby":    crmstandby.Main,
	"crm_ticket":     crmticket.Main,
	"crm_verify":     crmverify.Main,
	"crmadmin":       crmadmin.Main,
	"fence_legacy":   fencelegacy.Main,
	"fence_watchdog": fencewatchdog.Main,
	"iso8601":        iso8601.Main,
	"stonith_admin":  stonithadmin.Main,

	"pacemaker-based":      based.Main,
	"pacemaker-attrd":      attrd.Main,
	"pacemaker-controld":   controld.Main,
	"pacemakerd":           pacemakerd.Main,
	"pacemaker-execd":      execd.Main,
	"pacemaker-fenced":     fenced.Main,
	"pacemaker-schedulerd": schedulerd.Main,

	"demo": demo.Main, // is not installed under a name of its own
}

func main() {
	args := os.Args
	name := filepath.Base(args[0])
	run := programs[name]
	if run == nil && len(args) > 1 {
		// "ringmaster corosync -f" does what "corosync -f" does.
		args = args[1:]
		run = programs[args[0]]
	}
	if run == nil {
		fmt.Fprintln(os.Stderr, "usage: ringmaster PROGRAM [ARGUMENTS], where PROGRAM is one of")
		var names []string
		for n := range programs {
			names = append(names, n)
		}
		slices.Sort(names)
		for _, n := range names {
			fmt.Fprintln(os.Stderr, "  "+n)
		}
		os.Exit(2)
	}
	os.Exit(run(args, os.Stdin, os.Stdout, os.Stderr))
}
