package corosyncconf

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// keys dumps a map as "name (type) = value" lines.
func keys(f *File) string {
	var b strings.Builder
	for k, v := range f.Map.Iterate("") {
		fmt.Fprintf(&b, "%s (%v) = %v\n", k, v.Type(), v)
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, conf, want string }{
		{"comments, blanks, carriage returns", "# x\n\n  \t\ntotem {\r\n\t# y: z\n\tversion:2\r\n  }  \n", "totem.version (u32) = 2\n"},
		{"names are trimmed of colons and braces", "totem : {\nkey :: a:b \t\n}\n", "totem.key (str) = : a:b\n"},
		{"no end of line at the end", "totem {\n}\nabc: d", "abc (str) = d\n"},
		{"nested and unknown sections", "foo {\nbar {\nbaz: 1\n}\n}\ntotem {\nsub {\ntoken: x\n}\n}\n", "foo.bar.baz (str) = 1\ntotem.sub.token (str) = x\n"},
		{"an empty value", "totem {\ncluster_name:\n}\n", "totem.cluster_name (str) = \n"},
		{"strtoll and strtoull", "totem {\ntoken: +5\nconfig_version: -1\nknet_compression_level: -3\n}\n",
			"totem.config_version (u64) = 18446744073709551615\ntotem.knet_compression_level (i32) = -3\ntotem.token (u32) = 5\n"},
		{"link number said last; members backwards",
			"totem {\ninterface {\nbindnetaddr: 10.0.0.0\nmcastport: 5405\nother: x\nmember {\nmemberaddr: a\n}\nmember {\nmemberaddr: b\n}\nlinknumber: 1\n}\n}\n",
			"totem.interface.1.bindnetaddr (str) = 10.0.0.0\ntotem.interface.1.mcastport (u16) = 5405\ntotem.interface.1.member.0 (str) = b\ntotem.interface.1.member.1 (str) = a\ntotem.interface.other (str) = x\n"},
		{"a number too big for the reference's int is dropped", "totem {\ninterface {\nknet_ping_timeout: 2147483648\n}\n}\n", ""},
		{"nodes", "nodelist {\nnode {\nnodeid: 1\nname: x\n}\nnode {\nquorum_votes: 2\nring0_addr: y\n}\n}\n",
			"nodelist.node.0.name (str) = x\nnodelist.node.0.nodeid (u32) = 1\nnodelist.node.1.quorum_votes (u32) = 2\nnodelist.node.1.ring0_addr (str) = y\n"},
		{"quorum", "quorum {\nprovider: corosync_votequorum\ntwo_node: 1\nexpected_votes: 2\ndevice {\nvotes: 1\nmodel: net\nmaster_wins: 0\nnet {\nhost: q\n}\n}\n}\n",
			"quorum.device.master_wins (u8) = 0\nquorum.device.model (str) = net\nquorum.device.net.host (str) = q\nquorum.device.votes (u32) = 1\nquorum.expected_votes (u32) = 2\nquorum.provider (str) = corosync_votequorum\nquorum.two_node (u8) = 1\n"},
		{"logging: the first of two counts", "logging {\ndebug: on\nlogger_subsys {\ndebug: off\nsubsys: TOTEM\ndebug: on\n}\n}\n",
			"logging.debug (str) = on\nlogging.logger_subsys.TOTEM.debug (str) = off\nlogging.logger_subsys.TOTEM.subsys (str) = TOTEM\n"},
		{"logging daemons", "logging {\nlogging_daemon {\nname: corosync\ndebug: on\n}\nlogging_daemon {\nname: corosync\nsubsys: X\na: b\n}\nlogging_daemon {\nname: qnetd\nc: d\n}\nlogging_daemon {\nname: q\nsubsys: Y\ne: f\n}\n}\n",
			"logging.debug (str) = on\nlogging.logger_subsys.X.a (str) = b\nlogging.logger_subsys.X.subsys (str) = X\nlogging.logging_daemon.q.Y.e (str) = f\nlogging.logging_daemon.q.Y.name (str) = q\nlogging.logging_daemon.q.Y.subsys (str) = Y\nlogging.logging_daemon.qnetd.c (str) = d\nlogging.logging_daemon.qnetd.name (str) = qnetd\n"},
		{"accounts", "uidgid {\nuid: hacluster\ngid: haclient\n}\nuidgid {\nuid: 5\n}\n", "uidgid.config.gid.119 (u8) = 1\nuidgid.config.uid.116 (u8) = 1\nuidgid.config.uid.5 (u8) = 1\n"},
		{"resources", "resources {\nwatchdog_timeout: 6000\nsystem {\nmemory_used {\npoll_period: 5\nmax: 80\n}\n}\n}\n",
			"resources.system.memory_used.max (str) = 80\nresources.system.memory_used.poll_period (u64) = 5\nresources.watchdog_timeout (u32) = 6000\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Parse(newWorld(tt.conf).env(), "/etc/corosync/corosync.conf")
			if err != nil {
				t.Fatal(err)
			}
			if got := keys(f); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

// parseErrors are files that cannot be read.
var parseErrors = []struct {
	conf string
	line int
	want string
}{
	{"totem {\nversion: 2\n", 2, "Missing closing brace"},
	{"}\n", 1, "Unexpected closing brace"},
	{"totem {\n} x\n", 2, "Extra characters before or after closing bracket '}'"},
	{"totem { version: 2\n", 1, "Extra characters after opening bracket '{'"},
	{"\n{\n", 2, "Missing section name before opening bracket '{'"},
	{"totem\n{\n", 1, "Line is not opening or closing section or key value"},
	{"a: " + strings.Repeat("x", 508) + "\n", 1, "Line too long"},
	{"abc: \x00d\ne: f\n", 1, "Line too long"},
	{"totem {\n" + strings.Repeat("x", 252) + ": 1\n}\n", 2, "New key makes total cmap path too long"},
	{"totem {\n" + strings.Repeat("x", 252) + " {\n}\n}\n", 2, "Start of section makes total cmap path too long"},
	{"ab: 1\n", 1, `Can't store key "ab" into icmap, returned error is CS_ERR_NAME_TOO_LONG`},
	{"totem {\nke y: 1\n}\n", 2, `Can't store key "totem.ke y" into icmap, returned error is CS_ERR_NAME_TOO_LONG`},
	{"totem {\ntoken: 3s\n}\n", 2, `Value of key "totem.token" is expected to be integer in range (0..4294967295), but "3s" was given`},
	{"totem {\ntoken: 4294967296\n}\n", 2, `Value of key "totem.token" is expected to be integer in range (0..4294967295), but "4294967296" was given`},
	{"totem {\ntoken:\n}\n", 2, `Value of key "totem.token" is expected to be integer in range (0..4294967295), but "" was given`},
	{"totem {\ninterface {\nmcastport: -1\n}\n}\n", 3, `Value of key "totem.interface.mcastport" is expected to be integer in range (0..65535), but "-1" was given`},
	{"nodelist {\nnode {\nnodeid: one\n}\n}\n", 3, `Value of key "nodelist.node.0.nodeid" is expected to be integer in range (0..4294967295), but "one" was given`},
	{"totem {\nconfig_version: x\n}\n", 2, `Value of key "totem.config_version" is expected to be integer in range (0..18446744073709551615), but "x" was given`}, // the reference aborts
	{"totem {\nip_version: 4\n}\n", 2, "Invalid ip_version type"},
	{"totem {\ncrypto_cipher: 3des\n}\n", 2, "Invalid cipher type. Should be none, aes256, aes192 or aes128"},
	{"totem {\ncrypto_hash: x\n}\n", 2, "Invalid hash type. Should be none, md5, sha1, sha256, sha384 or sha512"},
	{"totem {\ncrypto_model: x\n}\n", 2, "Invalid crypto model. Should be nss or openssl"},
	{"totem {\nknet_compression_model: x\n}\n", 2, "Invalid compression model. Should be zlib, lz4, lz4hc, lzo2, lzma, bzip2 or zstd"},
	{"system {\nqb_ipc_type: x\n}\n", 2, "Invalid system.qb_ipc_type"},
	{"system {\nsched_rr: maybe\n}\n", 2, "Invalid system.sched_rr value"},
	{"logging {\nlogger_subsys {\ndebug: on\n}\n}\n", 4, "No subsys key in logger_subsys directive"},
	{"logging {\nlogging_daemon {\n}\n}\n", 3, "No name key in logging_daemon directive"},
	{"totem {\ninterface {\nmember {\naddr: x\n}\n}\n}\n", 4, "Only memberaddr is allowed in member section"},
	{"uidgid {\nuser: x\n}\n", 2, "uidgid: Only uid and gid are allowed items"},
	{"uidgid {\nuid: nobody-here\n}\n", 2, "The 'nobody-here' user is not found in /etc/passwd, please read the documentation."},
	{"uidgid {\ngid: broken\n}\n", 2, "getgrnam_r(): Input/output error"},
}

func TestParseErrors(t *testing.T) {
	for _, tt := range parseErrors {
		_, err := Parse(newWorld(tt.conf).env(), "/etc/corosync/corosync.conf")
		want := fmt.Sprintf("/etc/corosync/corosync.conf:%d: %s", tt.line, tt.want)
		var in *InputError
		if !errors.As(err, &in) || err.Error() != want {
			t.Errorf("%.60q:\n got %v\nwant %s", tt.conf, err, want)
		}
	}
	_, err := Parse(newWorld("").env(), "/nowhere")
	if want := "/nowhere: Can't read file /nowhere: No such file or directory"; err == nil || err.Error() != want {
		t.Errorf("no file: got %v, want %s", err, want)
	}
}

// A line may have 510 bytes and its end.
func TestLongestLine(t *testing.T) {
	line := "abc: " + strings.Repeat("x", 505)
	for _, conf := range []string{line + "\n", line, "\x00junk\n" + line} {
		f, err := Parse(newWorld(conf).env(), "/etc/corosync/corosync.conf")
		if err != nil {
			t.Fatal(err)
		}
		if s, _ := f.Map.GetString("abc"); len(s) != 505 {
			t.Errorf("value of %d bytes, want 505", len(s))
		}
	}
}

func TestUIDGIDDirectory(t *testing.T) {
	w := newWorld("totem {\nversion: 2\n}\n")
	w.files["/etc/corosync/uidgid.d/b"] = "uidgid {\n\tuid: 7\n}\n"
	w.files["/etc/corosync/uidgid.d/a"] = "# nothing\n"
	f, err := Parse(w.env(), "/etc/corosync/corosync.conf")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := keys(f), "totem.version (u32) = 2\nuidgid.config.uid.7 (u8) = 1\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for _, tt := range []struct{ text, want string }{
		{"totem {\n", "/etc/corosync/uidgid.d/a:1: uidgid: Can't add subsection different than uidgid"},
		{"uid: 1\n", "/etc/corosync/uidgid.d/a:1: uidgid: Only uid and gid are allowed items"},
		{"uidgid {\nnode: 1\n", "/etc/corosync/uidgid.d/a:2: uidgid: Only uid and gid are allowed items"},
		{"uidgid {\n", "/etc/corosync/uidgid.d/a:1: Missing closing brace"},
	} {
		w.files["/etc/corosync/uidgid.d/a"] = tt.text
		if _, err := Parse(w.env(), "/etc/corosync/corosync.conf"); err == nil || err.Error() != tt.want {
			t.Errorf("%q: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(totemConf("udpu", 3))
	f.Add(totemConf("udp", 2, "interface {\nmcastport: 5405\nbroadcast: yes\n}"))
	f.Add("totem {\ninterface {\nlinknumber: 255\nmember {\nmemberaddr: x\n}\n}\n}\n")
	f.Add("logging {\nlogger_subsys {\nsubsys: A.b\n}\n}\nuidgid {\nuid: 1\n}\n")
	f.Add("nodelist.node {\nnode {\n}\n}\nnodelist.node.5 {\nname: n1\nring0_addr: 10.0.0.1\nring7_addr: six\n}\n")
	f.Fuzz(func(t *testing.T, conf string) {
		w := newWorld(conf)
		file, totem, err := w.read()
		var in *InputError
		if err != nil && !errors.As(err, &in) {
			t.Fatalf("%T is no InputError: %v", err, err)
		}
		if totem == nil {
			return
		}
		if _, err := Reload(w.env(), totem, file.Map, "/etc/corosync/corosync.conf"); err != nil && !errors.As(err, &in) {
			t.Fatalf("%T is no InputError: %v", err, err)
		}
	})
}
