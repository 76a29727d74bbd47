// Package blackbox is corosync-blackbox(8): it has the daemon dump its state
// into its log and its flight recorder into a file, and prints the file. The
// reference's is a shell script that needs libqb's qb-blackbox for the last
// step; this one reads the file itself.
package blackbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/logsys"
)

// defaultFile is the link to the last dump.
const defaultFile = "/var/lib/corosync/fdata"

// Main runs the tool and returns its exit status. Arguments name files to print
// instead; the reference's script ignores them.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	files := []string{defaultFile}
	if len(args) > 1 {
		files = args[1:]
	} else {
		// An old dump is worth printing when there is no daemon to ask.
		if err := request(context.Background(), time.Now()); err != nil {
			fmt.Fprintf(stderr, "Failed to initialize the cmap API. Error %s\n", cserr.Of(err))
		}
	}
	status := 0
	for _, name := range files {
		if err := printFile(stdout, name); err != nil {
			fmt.Fprintf(stderr, "%s\n", err)
			status = 1
		}
	}
	return status
}

// request writes the time into the two keys that the daemon watches: a change
// is what counts.
func request(ctx context.Context, now time.Time) error {
	c, err := cmap.Dial(ctx, cmap.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	v := cmap.String(strconv.FormatInt(now.Unix(), 10))
	for _, key := range []string{"runtime.blackbox.dump_state", "runtime.blackbox.dump_flight_data"} {
		if err := c.Set(ctx, key, v); err != nil {
			return err
		}
	}
	return nil
}

// printFile prints what is whole of a file.
func printFile(out io.Writer, name string) error {
	fmt.Fprintf(out, "Dumping the contents of %s\n", name)
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	entries, err := logsys.ParseBlackbox(b)
	if perr := logsys.PrintBlackbox(out, entries); perr != nil {
		return perr
	}
	return err
}
