//go:build interop

package attrtools_test

import (
	"math/rand/v2"
	"testing"
)

// drawWords draws options from a list; those that end in "=" take one of values.
func drawWords(options, values []string) func(r *rand.Rand) []string {
	return func(r *rand.Rand) []string {
		var args []string
		for range 1 + r.IntN(5) {
			o := options[r.IntN(len(options))]
			if o[len(o)-1] != '=' {
				args = append(args, o)
				continue
			}
			o, value := o[:len(o)-1], values[r.IntN(len(values))]
			if len(o) > 2 && r.IntN(2) == 0 {
				args = append(args, o+"="+value)
			} else {
				args = append(args, o, value)
			}
		}
		return args
	}
}

func TestStandby(t *testing.T) {
	files(t, "crm_standby", "crmstandby", "attributes.xml", []string{
		"", "--help", "--version", "--nonsense", "-z", "--u", "-N node1 -G", "-N node1 -v true", "-N node1 -G -q", "-N node1 -D", "-N node2 -G", "-N node2 -v on -l reboot", "-N node1 -D -l forever", "-N node1 -v off -i nodes-1-standby", "-v on extra", "-N node1 -D -G", "-- -G", "-N node2 -D", "-N nobody -D",
	}, drawWords([]string{"-N=", "--node=", "-U=", "-G", "--query", "--get-value", "-v=", "--update=", "-D", "--delete", "-l=", "-q", "-i=", "--attr-value=", "-Q", "--que"}, []string{"node1", "node1", "node2", "on", "off", "reboot", "forever", "a b", ""}))
}

func TestMaster(t *testing.T) {
	files(t, "crm_master", "crmmaster", "attributes.xml", []string{
		"", "--help", "--version", "--nonsense", "-q -l reboot -G -r db:0 -N node1", "-Q -l reboot -v 10 -r db:0 -N node1", "-r db:0 -D -N node1", "-r db:0 -D -N node1 -l reboot", "--lifetime forever --quiet --get-value -r db -N node1", "--lifetime forever --quiet --update -5 -r db -N node1", "-r new -v 7 -N node2", "-r x -N node1 --delete-attr -l reboot",
	}, drawWords([]string{"-N=", "--node=", "-r=", "--resource=", "-G", "--query", "--get-value", "-v=", "--update=", "-D", "--delete", "-l=", "-q", "-i=", "-Q"}, []string{"node1", "node1", "node2", "db:0", "db:0", "5", "-5", "reboot", "reboot", "forever"}))
}

func TestFailcount(t *testing.T) {
	files(t, "crm_failcount", "crmfailcount", "failcounts.xml", []string{
		"", "--help", "--version", "--nonsense", "-G", "-G -r foo", "-D -r foo -N node1", "-v 0 -r foo -N node1", "-v 5 -r foo -N node1", "--query -r foo -N node1", "-G -r foo -N node1 -q", "-G -r foo -N node1 -n monitor -I 10s", "-G -r foo -N node1 -n monitor -I 10000ms", "-G -r foo -N node1 -n start",
		"-G -r old -N node1", "-G -r old -N node1 -n monitor -I 5s", "-G -r inf -N node1", "-G -r big -N node1", "-G -r odd -N node1", "-G -r none -N node1", "-G -r foo -N nobody", "-G -r foo -N node1 -i x -l reboot", "-G -r fo'o -N node1",
		"-G -r foo -N node1 -n monitor -I 1m", "-G -r foo -N node1 -n monitor -I 2h", "-G -r foo -N node1 -n monitor -I 2hr", "-G -r foo -N node1 -n monitor -I 7000us", "-G -r foo -N node1 -n monitor -I P1W", "-G -r foo -N node1 -n monitor -I P1Y2M3DT4H5M6S", "-G -r foo -N node1 -n monitor -I P", "-G -r foo -N node1 -n monitor -I x", "-G -r foo -N node1 -n monitor -I 5x", "-G -r foo -N node1 -n monitor -I 10sec -V",
	}, drawWords([]string{"-N=", "--node=", "-r=", "--resource=", "-G", "--query", "--get-value", "-n=", "-I=", "-q", "--quiet", "-l=", "-v="}, []string{"node1", "node1", "node1", "foo", "foo", "old", "inf", "monitor", "10s", "10000", "0"}))
}
