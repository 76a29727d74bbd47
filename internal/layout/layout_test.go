// Package layout tests what docs/architecture.md promises of the packages: that
// each says what it is, that each stands only on those below it, and that the
// cores have no way to the outside.
package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/ringmaster-ha/ringmaster/"

// source is the files of one package, tests apart.
type source struct {
	dir   string // from the module's root, with slashes
	files []*ast.File
}

// imports are the paths that any of the files imports, sorted.
func (s *source) imports() []string {
	set := map[string]bool{}
	for _, f := range s.files {
		for _, i := range f.Imports {
			if p, err := strconv.Unquote(i.Path.Value); err == nil {
				set[p] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// where has the positions of everything in the tree.
var where = token.NewFileSet()

// tree parses the module once for all tests.
var tree = sync.OnceValues(func() (packages []*source, err error) {
	const root = "../.."
	byDir := map[string]*source{}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != root && (strings.HasPrefix(base, ".") || base == "testdata" || base == "build") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(where, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(rel)
		s := byDir[dir]
		if s == nil {
			s = &source{dir: dir}
			byDir[dir] = s
			packages = append(packages, s)
		}
		s.files = append(s.files, f)
		return nil
	})
	return packages, err
})

func load(t *testing.T) []*source {
	t.Helper()
	packages, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 50 {
		t.Fatalf("only %d packages found", len(packages))
	}
	return packages
}

var begins = regexp.MustCompile(`^(Package|Command) ([\w-]+) `)

// Every package says, once, what it is.
func TestPackageComments(t *testing.T) {
	packages := load(t)
	for _, p := range packages {
		var docs []string
		for _, f := range p.files {
			if f.Doc == nil {
				continue
			}
			docs = append(docs, where.Position(f.Package).Filename)
			m := begins.FindStringSubmatch(f.Doc.Text())
			want := f.Name.Name
			if want == "main" {
				want = path.Base(p.dir)
			}
			if m == nil || m[2] != want {
				t.Errorf("%s: the comment does not begin with what it is about: Package or Command %s", docs[len(docs)-1], want)
			}
		}
		if len(docs) != 1 {
			t.Errorf("%s: %d package comments %q, want 1", p.dir, len(docs), docs)
		}
	}
}

// floors orders the tree: a package imports those of a lower number and its own
// entry's. The longest entry that a directory begins with counts.
var floors = map[string]int{
	"internal/cserr":       0,
	"internal/crmexit":     0,
	"internal/exitcode":    0,
	"internal/featureset":  0,
	"internal/ghash":       0,
	"internal/glist":       0,
	"internal/inorder":     0,
	"internal/golden":      0,
	"internal/iso8601":     0,
	"internal/loglevel":    0,
	"internal/mar":         0,
	"internal/root":        0,
	"internal/nss":         0,
	"internal/monitor":     0,
	"internal/resident":    0,
	"internal/spawn":       0,
	"internal/child":       0,
	"cib/schema":           1,
	"cib/text":             0,
	"internal/xmltree":     0,
	"internal/cli/getopt":  0,
	"internal/cli/goption": 0,

	"cib/digest":            1,
	"cib/document":          1,
	"cib/acl":               2,
	"cib/disk":              2,
	"cib/ops":               3,
	"cib/result":            4,
	"cib/manager":           5,
	"cib/patch":             2,
	"cib/xpath":             1,
	"pengine/rules":         1,
	"internal/cli/pcmktool": 1,
	"cib/call":              4,
	"cib/client":            5,
	"internal/cli/cibinput": 6,
	"pengine/status":        2,
	"pengine/sched":         3,
	"pengine/graph":         4,
	"pengine/history":       3,
	"pengine/show":          4,
	"pengine/simulate":      5,
	"pengine/explain":       5,
	"pengine/service":       5,
	"pengine/corpus":        7,

	"internal/dhtls":          0,
	"internal/pcmk/packed":    0,
	"internal/pcmk/election":  2,
	"internal/pcmk/cpgmsg":    2,
	"internal/pcmk/crmmsg":    1,
	"internal/pcmk/peers":     2,
	"internal/pcmk/cluster":   5,
	"internal/pcmk/received":  2,
	"internal/pcmk/ipc/frame": 2,
	"internal/pcmk/ipc":       3,
	"internal/pcmk/remote":    1,
	"internal/pcmk/password":  0,
	"cib/attrs":               6,
	"crmd/fsa":                1,
	"crmd/transition":         4,
	"crmd/client":             4,
	"crmd/lrm":                5,
	"crmd/te":                 5,
	"crmd/engine":             6,
	"crmd/sim":                8,
	"crmd/sim/cmd":            9,
	"pacemakerd/state":        0,
	"pacemakerd/client":       4,
	"pacemakerd/engine":       4,
	"attrd/wire":              3,
	"attrd/client":            4,
	"attrd/engine":            4,
	"attrd/attrdtest":         4,

	"stonithd/wire":    1,
	"stonithd/history": 2,
	"stonithd/agent":   2,
	"stonithd/device":  3,
	"stonithd/client":  4,
	"stonithd/engine":  4,
	// Tests' own.
	"stonithd/fencertest": 5,

	"internal/syslog":        1,
	"internal/pcmk/account":  1,
	"internal/pcmk/secrets":  0,
	"internal/pcmk/env":      0,
	"internal/pcmk/metadata": 1,
	"internal/pcmk/watchdog": 2,
	"internal/pcmk/pcmklog":  3,
	"internal/pcmk/daemon":   4,

	"lrmd/wire":    1,
	"lrmd":         2,
	"lrmd/agent":   3,
	"lrmd/fencing": 4,
	"lrmd/alert":   3,
	"lrmd/client":  4,

	"internal/icmap":  1,
	"internal/ipcmsg": 1,
	"internal/notify": 1,
	"internal/qb":     1,
	"totem":           1,

	"internal/corosyncconf": 2,
	"internal/csipc":        2,
	"internal/logsys":       2,
	"internal/service":      2,

	// Of totem only pg knows what a service is.
	"totem/wire":     2,
	"totem/evs":      2,
	"totem/srp":      3,
	"totem/datagram": 2,
	"totem/udp":      3,
	"totem/pg":       3,
	"totem/ring":     4,
	"totem/sim":      4,

	"totem/knet/wire":     1,
	"totem/knet/compress": 2,
	"totem/knet/crypto":   2,
	"totem/knet/link":     3,
	"totem/knet":          4,

	"cmap/wire":        3,
	"cpg/wire":         3,
	"quorum/wire":      3,
	"internal/cfgwire": 3,

	// The clients and the engines do not know each other.
	"cfg":                 4,
	"cmap":                4,
	"cpg":                 4,
	"cpg/engine":          4,
	"quorum":              4,
	"quorum/engine":       4,
	"internal/cfgsvc":     4,
	"internal/cmapsvc":    4,
	"internal/engine":     4,
	"internal/mon":        4,
	"internal/pload":      4,
	"internal/wd":         4,
	"internal/layout":     4,
	"internal/daemon":     5,
	"internal/clustersim": 5,
	"internal/cli":        7,
	"cmd":                 8,
	"totem/sim/cmd":       8,
	"interop-tests":       8,
}

// entry is the longest entry of floors for a directory.
func entry(dir string) (name string, ok bool) {
	for name = dir; name != "."; name = path.Dir(name) {
		if _, ok := floors[name]; ok {
			return name, true
		}
	}
	return "", false
}

func TestLayers(t *testing.T) {
	packages := load(t)
	for _, p := range packages {
		own, ok := entry(p.dir)
		if !ok {
			t.Errorf("%s has no floor", p.dir)
			continue
		}
		for _, i := range p.imports() {
			dir, ours := strings.CutPrefix(i, module)
			if !ours {
				continue
			}
			if e, _ := entry(dir); e != own && floors[e] >= floors[own] {
				t.Errorf("%s (floor %d) imports %s (floor %d)", p.dir, floors[own], dir, floors[e])
			}
		}
	}
}

// cores are the packages, with those below them, that are functions of what they
// are given.
var cores = []string{
	"attrd/engine", "attrd/wire",
	"cib/schema", "cib/text", "cib/digest", "cib/document", "cib/patch", "cib/xpath", "cib/acl", "cib/ops", "cib/call", "cib/manager", "internal/xmltree", "internal/featureset",
	"totem/wire", "totem/srp", "totem/pg", "totem/evs",
	"totem/knet/compress", "totem/knet/crypto", "totem/knet/link", "totem/knet/wire",
	"cpg/engine", "cpg/wire", "crmd/engine", "crmd/fsa", "crmd/lrm", "crmd/te", "crmd/transition", "quorum/engine", "quorum/wire", "cmap/wire",
	"internal/cfgsvc", "internal/cfgwire", "internal/engine", "internal/ghash", "internal/glist", "internal/icmap", "internal/ipcmsg", "internal/iso8601", "internal/mar",
	"internal/mon", "internal/pcmk/crmmsg", "internal/pcmk/ipc/frame", "internal/pcmk/peers", "internal/pcmk/remote", "internal/pload", "internal/service", "internal/wd", "lrmd", "pacemakerd/engine", "pengine/explain", "pengine/graph", "pengine/history", "pengine/rules", "pengine/sched", "pengine/status", "stonithd/device", "stonithd/engine", "stonithd/history",
}

// outside are imports that a core must not have, outcalls what it must not use of
// package time.
var (
	outside  = []string{"context", "log", "log/slog", "net", "os", "os/exec", "syscall", "golang.org/x/sys/unix", "math/rand", "math/rand/v2", "crypto/rand"}
	outcalls = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}
)

// shells stand below a core's folder and are none.
var shells = []string{"lrmd/agent", "lrmd/client", "lrmd/fencing"}

func isCore(dir string) bool {
	return !slices.Contains(shells, dir) && slices.ContainsFunc(cores, func(c string) bool { return dir == c || strings.HasPrefix(dir, c+"/") })
}

func TestPureCores(t *testing.T) {
	packages := load(t)
	seen := 0
	for _, p := range packages {
		if !isCore(p.dir) {
			continue
		}
		seen++
		for _, i := range p.imports() {
			if slices.Contains(outside, i) {
				t.Errorf("%s imports %s", p.dir, i)
			}
		}
		for _, f := range p.files {
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					t.Errorf("%v: a core starts a goroutine", where.Position(n.Pos()))
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(outcalls, n.Sel.Name) {
						t.Errorf("%v: a core uses time.%s", where.Position(n.Pos()), n.Sel.Name)
					}
				}
				return true
			})
		}
	}
	if seen < len(cores) {
		t.Errorf("%d of the %d cores are there", seen, len(cores))
	}
}

// The simulators draw from their seed only.
func TestSeededOnly(t *testing.T) {
	packages := load(t)
	allowed := []string{"New", "NewPCG", "Rand"}
	for _, p := range packages {
		if p.dir != "totem/sim" && p.dir != "internal/clustersim" {
			continue
		}
		for _, f := range p.files {
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && (x.Name == "rand" && !slices.Contains(allowed, s.Sel.Name) || x.Name == "time" && slices.Contains(outcalls, s.Sel.Name)) {
						t.Errorf("%v: %s.%s in a simulator", where.Position(n.Pos()), x.Name, s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}
