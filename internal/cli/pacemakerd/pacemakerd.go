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

// features are those of Debian's build of the reference, whose options this program has.
const features = "agent-manpages cibsecrets corosync-ge-2 generated-manpages lha monotonic nagios ncurses remote systemd"

// Main runs the daemon and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var common pcmktool.Common
	var showFeatures, foreground, shutdown bool
	ctx := common.Context(args, summary, "text (default), xml")
	ignore := func(string, string, bool) error { return nil }
	ctx.Main = append(ctx.Main,
		goption.Option{Long: "features", Short: 'F', Help: "Display full version and list of features Pacemaker was built with", Do: goption.Flag(&showFeatures)},
		goption.Option{Long: "foreground", Short: 'f', Help: "(Ignored) Pacemaker always runs in the foreground", Do: goption.Flag(&foreground)},
		goption.Option{Long: "pid-file", Short: 'p', Arg: goption.Required, Value: "FILE", Help: "(Ignored) Daemon pid file location", Do: ignore},
		goption.Option{Long: "shutdown", Short: 'S', Help: "Instruct Pacemaker to shutdown on this machine", Do: goption.Flag(&shutdown)},
		goption.Option{Long: "standby", Short: 's', Help: "Start node in standby state", Do: func(string, string, bool) error {
			setOption("node_start_state", "standby")
			return nil
		}},
	)
	_, help, err := pcmktool.Parse(ctx, args, "p", stdout)
	if help {
		return int(crmexit.OK)
	}
	program := pcmktool.Program(args)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return int(crmexit.Usage)
	}
	out, err := common.Open(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return int(crmexit.Error)
	}
	code := crmexit.OK
	switch {
	case showFeatures:
		writeFeatures(out)
	case common.Version:
		out.Version()
	case shutdown:
		code = requestShutdown(program, out)
	default:
		if err := out.Finish(code); err != nil {
			return int(crmexit.IOErr)
		}
		return run()
	}
	if err := out.Finish(code); err != nil {
		return int(crmexit.IOErr)
	}
	return int(code)
}

// setOption sets an option for the daemons by both names that it has (pcmk__set_env_option).
func setOption(option, value string) {
	_ = os.Setenv("PCMK_"+option, value)
	_ = os.Setenv("HA_"+option, value)
}

func writeFeatures(out pcmktool.Output) {
	version, build, _ := strings.Cut(pcmktool.Release, "-")
	out.Info("Pacemaker %s (Build: %s)\n Supporting v%s: %s", version, build, featureset.Current, features)
	if e := out.Element("pacemakerd", "version", version, "build", build, "feature_set", featureset.Current); e != nil {
		list := e.Add("features")
		for _, f := range strings.Fields(features) {
			list.Add("feature").SetText(f)
		}
	}
}

// requestShutdown asks the pacemakerd that runs to end.
func requestShutdown(program string, out pcmktool.Output) crmexit.Code {
	setOption("mcp", "true")
	err := client.Shutdown(context.Background(), program, client.Options{IPC: ipc.DialOptions{SocketDir: root.SocketDir()}})
	var unreachable *client.Unreachable
	switch {
	case err == nil:
		return crmexit.OK
	case errors.As(err, &unreachable):
		out.Err("Could not request shutdown of existing Pacemaker instance: %v", client.RC(err))
		return crmexit.Disconnect
	}
	var refused *client.Refused
	if errors.As(err, &refused) {
		out.Err("Bad reply from pacemakerd: %v", refused.Code)
		return crmexit.OK
	}
	return client.RC(err).Exit()
}
