//go:build interop

package attrtools_test

import (
	"math/rand/v2"
	"testing"
)

// fixedTickets are command lines of crm_ticket that shall be among those compared: those of the
// reference's cts-cli, of booth and of pcs.
var fixedTickets = []string{
	"--help", "--help-all", "--help-queries", "--help-output", "--version", "", "-n", "--nonsense", "--output-as=xml",
	"-t ticketN -G granted -d false", "-t ticketN -r --force", "-t ticketA -G granted", "-t ticketA -D granted --force", "-t ticketA -s", "-t ticketA -G standby", "-t ticketB -a", "-t ticketB -D standby",
	"-t ticketA -g --force -S owner --attr-value=-12 -S expires --attr-value=1795000600 -S term --attr-value=-1 -S booth-cfg-name --attr-value=booth",
	"-t ticketA -r --force -S owner --attr-value=0 -S expires --attr-value=0 -S term --attr-value=3 -S booth-cfg-name --attr-value=b",
	"-t ticketN -g --force -S owner --attr-value=-12 -S expires --attr-value=1795000600 -S term --attr-value=1 -S booth-cfg-name --attr-value=booth -S mtime --attr-value=5 -S a --attr-value=5 -S zz --attr-value=5 -S yy --attr-value=5",
	"-t ticketA -q", "-t ticketN -q", "-q", "-t ticketA -G owner --quiet", "-t ticketA -D owner", "-t ticketA -D owner -D term -S a -v b",
	"-l", "-L", "-w", "-c", "-t ticketA -l", "-t ticketA -L", "-t ticketA -w", "-t ticketA -c", "-t ticketN -l", "-t ticketC -l", "-t ticketC -L", "-t ticketN -c", "-t ticket-D -L", "-t twice -L", "-t twice -q", "-t twice -s",
	"-t ticketA -g", "-t ticketA -r", "-t ticketA -C", "-t ticketA -C --force", "-t ticketB -C", "-t ticketN -C", "-t ticketN -C -f", "-C", "-g", "-G x",
	"-t ticketA -S x", "-t ticketA -v x", "-S x", "-t ticketA -S x -v y -S z", "-t ticketA -S x -v y -v z", "-v y", "-t ticketA -S granted -v yes", "-t ticketA -S Granted -v no", "-t ticketB -S Granted -v yes", "-t ticketA -D GRANTED",
	"-x in.xml -l", "-t ticketA -S id -v other", "-t ticketA -S bad=name -v 1",
}

func drawTicket(r *rand.Rand) []string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var args []string
	option := func(chance float64, names []string, from ...string) {
		for ; r.Float64() < chance; chance /= 3 {
			name := pick(names...)
			if len(from) == 0 {
				args = append(args, name)
			} else {
				args = append(args, name, pick(from...))
			}
		}
	}
	option(.8, []string{"-t", "--ticket"}, "ticketA", "ticketB", "ticketC", "ticket-D", "twice", "new", "")
	attributes := []string{"granted", "standby", "owner", "expires", "last-granted", "new", "Granted"}
	option(.2, []string{"-g", "--grant", "-r", "--revoke"})
	option(.2, []string{"-s", "--standby", "-a", "--activate"})
	option(.3, []string{"-S", "--set-attr"}, attributes...)
	option(.3, []string{"-v", "--attr-value"}, "true", "false", "1", "-5", "", "<x>")
	option(.2, []string{"-D", "--delete-attr"}, attributes...)
	option(.2, []string{"-G", "--get-attr"}, attributes...)
	option(.2, []string{"-l", "--info", "-L", "--details", "-w", "-q", "-c", "-C", "--cleanup"})
	option(.1, []string{"-d"}, "dflt", "")
	option(.5, []string{"-f", "--force"})
	option(.1, []string{"-Q", "--quiet"})
	return args
}

// TestTicket has crm_ticket and ours work on copies of a file.
func TestTicket(t *testing.T) {
	files(t, "crm_ticket", "crmticket", "tickets.xml", fixedTickets, drawTicket)
}
