//go:build interop

package report_test

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var refresh = flag.Bool("refresh", false, "write the goldens of internal/cli/crmreport")

// now is the moment at which the golden's texts are read, which Perl is made to believe.
const now = "1795456000"

// perl reads texts as the script's get_time does.
const perl = `BEGIN { *CORE::GLOBAL::time = sub { $ENV{NOW} } }
use Date::Parse;
while (<STDIN>) {
	chomp; my $t = 0;
	$t = str2time($_) if index($_, ":") >= 0;
	print((defined $t && $t != 0 ? int($t) : "-"), " $_\n");
}`

// texts are times as people write them and as logs begin with, and some that are none.
const texts = `2026-11-23 13:05:00
2026-11-23 13:05
2026-1-3 1:2:3
2026-11-23
13:05:00
13:05
1:05 pm
12:00 am
12:30:15 pm
24:00:00
23:60:00
23:59:60
Nov 23 17:00:00
Nov  3 07:00:01
Dec 24 18:00:00
Jan 1 00:00:00
Feb 30 10:00:00
23 Nov 2026 10:11:12
Mon, 23 Nov 2026 10:11:12 +0100
Mon Nov 23 10:11:12 2026
Mon Nov 23 10:11:12 UTC 2026
Mon Nov 23 10:11:12 CET 2026
2026-11-23T10:11:12
2026-11-23T10:11:12Z
2026-11-23T10:11:12+01:00
2026-11-23T10:11:12.123456+02:00
2026-11-23T10:11:12.5-0530
2026/11/23 10:11:12
2026:11:23 10:11:12
20261123T101112
20261123 10:11:12
11/23/2026 10:11:12
11/23/26 10:11:12
23.11.2026 10:11:12
23-Nov-2026 10:11:12
23-Nov-26 10:11
23/Nov/2026:10:11:12 +0000
1995-01-24 09:08:17.1823213
95-01-24 10:00:00
10:11:12 EST
10:11:12 EDT
10:11:12 XYZ
2026-11-23 10:11:12 (a comment)
June 4th 10:00:00
4th of June 10:00:00
2026-13-01 10:00:00
2026-11-31 10:00:00
1800-01-01 10:00:00
1970-01-01 00:00:00
2026/11/23_10:11:12
node1 pacemakerd: started
a:b
:
pacemakerd [1] (main) info:
10:11:12: node1
Nov 23 10:11:12.345
Tue 10:00:00
today 10:00:00
tomorrow 10:00
now
`

// TestTimes has Perl's Date::Parse read the texts again, and compares with what was kept.
func TestTimes(t *testing.T) {
	const golden = "../../internal/cli/crmreport/testdata/times.txt"
	cmd := exec.Command("perl", "-e", perl)
	cmd.Env = append(os.Environ(), "NOW="+now, "TZ=UTC", "LC_ALL=C")
	cmd.Stdin = strings.NewReader(texts)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := now + "\n" + string(out)
	if *refresh {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("Date::Parse reads otherwise than was kept:\n%s\nkept:\n%s", got, want)
	}
}
