package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/pengine/sched/schedtest"
)

type suite struct {
	rounds    int
	limit     time.Duration
	largest   int    // nodes
	dir       string // where the CIBs are
	ours      string
	reference string // "" if it is not to be run
	differ    bool
}

// cost is what one process used.
type cost struct {
	wall time.Duration // from its start to its end: what people wait for
	cpu  time.Duration // user and system, of all its threads
	mb   float64       // the most that was resident
}

// point is one size in one state, measured.
type point struct {
	work float64 // nodes × resources
	wall float64 // ours, seconds
}

// errLate says that a program ran into the limit.
var errLate = errors.New("not within the limit")

func (s *suite) run() error {
	stage, err := filepath.Abs(cmp.Or(os.Getenv("RINGMASTER_STAGE"), "build/stage"))
	if err != nil {
		return err
	}
	s.ours = filepath.Join(stage, "usr/sbin/crm_simulate")
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "bench-scheduler"); err != nil {
			return err
		}
		defer os.RemoveAll(s.dir)
	}
	fmt.Printf("crm_simulate -x CIB -Q -G FILE, from its start to its end, then user and system time of all threads, then memory: the least of %d\n"+
		"%-22s %12s %12s %8s %12s %12s %8s %12s %12s %8s  %s\n",
		s.rounds, "nodes x resources", "reference", "ours", "better", "its CPU", "ours", "better", "its memory", "ours", "better", "transition")
	clusters := schedtest.Clusters()
	for _, settled := range []bool{false, true} {
		var points []point
		for _, c := range clusters {
			if c.Nodes > s.largest || c.Settled != settled {
				continue
			}
			ours, err := s.row(c)
			if err != nil {
				return err
			}
			if c.Instances == 0 { // another shape, which tells nothing of the growth
				points = append(points, point{work: float64(c.Nodes * c.Resources), wall: ours.wall.Seconds()})
			}
		}
		if len(points) > 1 {
			fmt.Printf("%s: our time grows with (nodes × resources)^%.2f, in the last step ^%.2f\n",
				schedtest.State(settled), exponent(points), exponent(points[len(points)-2:]))
		}
	}
	if s.differ {
		return errors.New("the transitions differ")
	}
	return nil
}

// row measures both programs on one cluster in turn and prints a line.
func (s *suite) row(c *schedtest.Cluster) (ours cost, err error) {
	label := c.String()
	cib := filepath.Join(s.dir, strings.ReplaceAll(label, "/", "-")+".xml")
	if err := generateApart(cib, c); err != nil {
		return ours, err
	}
	var theirs cost
	ourGraph, theirGraph := cib+".ours", cib+".reference"
	overtime := s.reference == ""
	for round := range s.rounds {
		if !overtime && (round == 0 || theirs.cpu < 10*time.Second) { // what takes long is not noisy
			c, err := s.measure(s.reference, cib, theirGraph)
			if errors.Is(err, errLate) {
				overtime = true
			} else if err != nil {
				return ours, err
			}
			theirs = least(theirs, c)
		}
		c, err := s.measure(s.ours, cib, ourGraph)
		if err != nil {
			return ours, err
		}
		ours = least(ours, c)
	}
	if overtime {
		said := fmt.Sprintf("> %.0f", s.limit.Seconds()*1000)
		if s.reference == "" {
			said = "-"
		}
		fmt.Printf("%-22s %9s ms %9.0f ms %8s %9s ms %9.0f ms %8s %12s %9.1f MB %8s  not compared\n",
			label, said, ms(ours.wall), "", said, ms(ours.cpu), "", "-", ours.mb, "")
		return ours, nil
	}
	same := "same"
	if equal, err := equalGraphs(ourGraph, theirGraph); err != nil {
		return ours, err
	} else if !equal {
		same, s.differ = "DIFFERENT", true
	}
	fmt.Printf("%-22s %9.0f ms %9.0f ms %7.1f× %9.0f ms %9.0f ms %7.1f× %9.1f MB %9.1f MB %7.1f×  %s\n",
		label, ms(theirs.wall), ms(ours.wall), ms(theirs.wall)/ms(ours.wall), ms(theirs.cpu), ms(ours.cpu), ms(theirs.cpu)/ms(ours.cpu),
		theirs.mb, ours.mb, theirs.mb/ours.mb, same)
	return ours, nil
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// least is the least of each, which need not be of one run.
func least(a, b cost) cost {
	if a.wall == 0 {
		return b
	}
	return cost{wall: min(a.wall, b.wall), cpu: min(a.cpu, b.cpu), mb: min(a.mb, b.mb)}
}

// measure lets a program compute the transition and write the graph.
func (s *suite) measure(program, cib, graph string) (cost, error) {
	// The limit is of processor time: on a busy machine the clock says little.
	cmd := exec.Command("prlimit", fmt.Sprintf("--cpu=%.0f", s.limit.Seconds()), program, "-x", cib, "-Q", "-G", graph)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	began := time.Now()
	out, err := cmd.CombinedOutput()
	wall := time.Since(began)
	if cmd.ProcessState != nil && !cmd.ProcessState.Exited() && cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime() >= s.limit-time.Second {
		return cost{}, errLate
	}
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w: %s", program, err, out)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{
		wall: wall,
		cpu:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		mb:   float64(usage.Maxrss) / 1024,
	}, nil
}

// volatile is what of a graph may differ: the version of who wrote it.
var volatile = regexp.MustCompile(`crm_feature_set="[^"]*"`)

// equalGraphs reads line by line: see generateApart.
func equalGraphs(a, b string) (bool, error) {
	x, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer x.Close()
	y, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer y.Close()
	left, right := bufio.NewScanner(x), bufio.NewScanner(y)
	for {
		more, also := left.Scan(), right.Scan()
		if more != also || !bytes.Equal(volatile.ReplaceAll(left.Bytes(), nil), volatile.ReplaceAll(right.Bytes(), nil)) {
			return false, errors.Join(left.Err(), right.Err())
		}
		if !more {
			return true, errors.Join(left.Err(), right.Err())
		}
	}
}

// generateApart writes a CIB with a process of its own, because the memory that
// this one ever used counts, for the kernel, as used by every process it starts.
func generateApart(name string, c *schedtest.Cluster) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "-generate", name, fmt.Sprint(c.Nodes), fmt.Sprint(c.Resources), fmt.Sprint(c.Instances), fmt.Sprint(c.Settled))
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// generate is what the process that generateApart starts does.
func generate(name string, args []string) error {
	var c schedtest.Cluster
	if _, err := fmt.Sscan(strings.Join(args, " "), &c.Nodes, &c.Resources, &c.Instances, &c.Settled); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(c.CIB()), 0o644)
}

// exponent is the slope of the least squares line through the logarithms.
func exponent(points []point) float64 {
	var n, sx, sy, sxx, sxy float64
	for _, p := range points {
		x, y := math.Log(p.work), math.Log(p.wall)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}
