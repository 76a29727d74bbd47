package pacemakerd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/client"
)

const (
	name    = "pacemakerd"
	summary = name + " - primary Pacemaker daemon that launches and monitors all subsidiary Pacemaker daemons"
)

type options struct {
	pcmktool.Common
	features, shutdown bool
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "text (default), xml")
	ignored := func(string, string, bool) error { return nil }
	standby := func(string, string, bool) error {
		setOption("node_start_state", "standby")
		return nil
	}
	c.Main = append(c.Main,
		goption.Option{Long: "features", Short: 'F', Do: goption.Flag(&o.features), Help: "Display full version and list of features Pacemaker was built with"},
		goption.Option{Long: "foreground", Short: 'f', Do: ignored, Help: "(Ignored) Pacemaker always runs in the foreground"},
		goption.Option{Long: "pid-file", Short: 'p', Arg: goption.Required, Value: "FILE", Do: ignored, Help: "(Ignored) Daemon pid file location"},
		goption.Option{Long: "shutdown", Short: 'S', Do: goption.Flag(&o.shutdown), Help: "Instruct Pacemaker to shutdown on this machine"},
		goption.Option{Long: "standby", Short: 's', Do: standby, Help: "Start node in standby state"},
	)
	return c
}

// setOption sets an option of Pacemaker for the daemons (pcmk__set_env_option).
func setOption(option, value string) {
	for _, prefix := range []string{"PCMK_", "HA_"} {
		_ = os.Setenv(prefix+option, value) // fails for names that are none
	}
}

// Main runs the daemon, or asks it to stop, and returns the exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var o options
	_, help, err := pcmktool.Parse(o.context(args), args, "p", stdout)
	if help {
		return int(crmexit.OK)
	}
	program := pcmktool.Program(args)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return int(crmexit.Usage)
	}
	out, err := o.Open(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return int(crmexit.Error)
	}
	code := crmexit.OK
	switch {
	case o.features:
		showFeatures(out)
	case o.Version:
		out.Version()
	case o.shutdown:
		log := o.NewLog(name, stderr)
		code = shutdown(program, out)
		defer log.Exit(code)
	default:
		format := "text"
		if o.OutputAs != nil {
			format = *o.OutputAs
		}
		return run(out, format)
	}
	if err := out.Finish(code); err != nil {
		code = crmexit.IOErr
	}
	return int(code)
}

func showFeatures(out pcmktool.Output) {
	out.Info("Pacemaker %s (Build: %s)\n Supporting v%s: %s", pcmktool.Version, pcmktool.Build, featureset.Current, pcmktool.Features)
	if !out.IsXML() {
		return
	}
	list := out.Element("pacemakerd", "version", pcmktool.Version, "build", pcmktool.Build, "feature_set", featureset.Current).Add("features")
	for _, f := range strings.Fields(pcmktool.Features) {
		list.Add("feature").SetText(f)
	}
}

// shutdown asks the pacemakerd that runs to stop.
func shutdown(program string, out pcmktool.Output) crmexit.Code {
	err := client.Shutdown(context.Background(), program, client.Options{IPC: ipc.DialOptions{SocketDir: root.SocketDir()}})
	var unreachable *client.Unreachable
	var refused *client.Refused
	switch {
	case errors.As(err, &unreachable):
		out.Err("Could not request shutdown of existing Pacemaker instance: %s", client.RC(err))
		return crmexit.Disconnect
	case errors.Is(err, client.ErrProtocol):
		out.Err("Bad reply from pacemakerd: %s", crmexit.Protocol)
	case errors.As(err, &refused): // the reference says nothing
	case err != nil:
		return client.RC(err).Exit()
	}
	return crmexit.OK
}
