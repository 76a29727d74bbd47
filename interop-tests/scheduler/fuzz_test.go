//go:build interop

package scheduler

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
)

var (
	seeds   = flag.Uint64("seeds", 150, "how many CIBs")
	from    = flag.Uint64("from", 1, "the first seed")
	aside   = flag.String("aside", "", "where CIBs that make a difference are written to (a folder below the system's for temporary files)")
	file    = flag.String("file", "", "compare this CIB only")
	smaller = flag.Bool("reduce", false, "make CIBs with a difference as small as can be, in SEED.min.xml beside them")
	writeTo = flag.String("write", "", "write the CIBs of the seeds to this folder, and do nothing else")
)

func TestSeeds(t *testing.T) {
	if _, err := os.Stat(reference); err != nil {
		t.Skip("no reference: ", err)
	}
	t.Setenv("LC_ALL", "C")
	t.Setenv("TZ", "UTC")
	t.Setenv("CIB_shadow_dir", t.TempDir())
	time.Local = time.UTC
	if *file != "" {
		single(t, *file)
		return
	}
	if *aside == "" {
		*aside = filepath.Join(os.TempDir(), "ringmaster-scheduler")
	}
	known := corpus(t)
	if *writeTo != "" {
		for seed := *from; seed < *from+*seeds; seed++ {
			write(t, draw(rand.New(rand.NewPCG(seed, 4)), known), filepath.Join(*writeTo, fmt.Sprintf("%d.xml", seed)))
		}
		return
	}
	dir := t.TempDir()
	var wait sync.WaitGroup
	var mu sync.Mutex
	different := 0
	ends := map[verdict]int{}
	counts := map[string]int{}
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for seed := *from; seed < *from+*seeds; seed++ {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			doc := draw(rand.New(rand.NewPCG(seed, 4)), known)
			diffs, end := compare(t, doc, filepath.Join(dir, fmt.Sprintf("%d.xml", seed)))
			mu.Lock()
			ends[end]++
			if len(diffs) > 0 {
				different++
			}
			for _, diff := range diffs {
				counts[diff.output]++
				t.Errorf("seed %d: %s", seed, diff)
			}
			mu.Unlock()
			if len(diffs) > 0 {
				_ = os.MkdirAll(*aside, 0o777)
				kept := filepath.Join(*aside, fmt.Sprintf("%d.xml", seed))
				write(t, doc, kept)
				t.Logf("seed %d: the CIB is in %s", seed, kept)
				if *smaller {
					t.Logf("seed %d: %s", seed, reduce(t, doc, diffs[0], strings.TrimSuffix(kept, ".xml")+".min.xml"))
				}
			}
		})
	}
	wait.Wait()
	t.Logf("%d seeds from %d: %d with a difference %v; the reference refused %d, died at %d, said different things when asked twice about %d",
		*seeds, *from, different, counts, ends[refused], ends[died], ends[unsure])
}

// single compares one CIB.
func single(t *testing.T, name string) {
	doc := etree.NewDocument()
	if err := doc.ReadFromFile(name); err != nil {
		t.Fatal(err)
	}
	diffs, end := compare(t, doc, filepath.Join(t.TempDir(), filepath.Base(name)))
	for _, diff := range diffs {
		t.Error(diff)
	}
	if end != answered {
		t.Logf("the reference %v", end)
	}
	if *smaller && len(diffs) > 0 {
		t.Log(reduce(t, doc, diffs[0], strings.TrimSuffix(name, ".xml")+".min.xml"))
	}
}

// write writes a document to a file.
func write(t testing.TB, doc *etree.Document, name string) {
	if err := doc.WriteToFile(name); err != nil {
		t.Error(err)
	}
}
