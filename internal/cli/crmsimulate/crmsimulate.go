package crmsimulate

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/inorder"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	"github.com/ringmaster-ha/ringmaster/pengine/explain"
	"github.com/ringmaster-ha/ringmaster/pengine/graph"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/simulate"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

const name = "crm_simulate"

// gcPercent is how much the heap may grow, in percent of what is in use, before
// garbage is collected: here, before the first time, to 256 MB. A simulation makes
// little of it: nearly all that it allocates is still needed when it ends, and to find
// that out again and again takes a third of the time. 32 nodes and 1000 resources come
// to 145 MB, where collecting at 64 MB would save 20; 64 and 2000 to 450.
const gcPercent = 6400

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	debug.SetGCPercent(gcPercent)
	return run(args, stdin, stdout, stderr, time.Now())
}

// run runs the tool at a time, whose zone is the local one.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, now time.Time) int {
	o := options{input: "-", repeat: 1}
	_, help, err := pcmktool.Parse(o.context(args), args, withValue, stdout)
	if help {
		return int(crmexit.OK)
	}
	program := pcmktool.Program(args)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return int(crmexit.Usage)
	}
	log := o.NewLog(name, stderr)
	out, err := o.Open(args, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return log.Exit(crmexit.Error)
	}
	code := crmexit.OK
	if o.Version {
		out.Version()
	} else if err := o.simulate(out, log, stdin, stderr, now); err != nil {
		code = crmexit.Error
		var f cibinput.Failure
		if errors.As(err, &f) {
			code = f.Code
		}
		if text := err.Error(); text != "" {
			fmt.Fprintf(stderr, "%s: %s\n", program, text)
		}
		if errors.Is(err, errBailed) && out.IsXML() {
			return log.Exit(code) // XML is written at the end, which the reference does not reach
		}
	}
	if err := out.Finish(code); err != nil {
		code = crmexit.IOErr
	}
	return log.Exit(code)
}

// session is one simulation.
type session struct {
	*options
	p      *show.Printer
	out    pcmktool.Output
	log    *pcmktool.Log
	now    time.Time // by the clock
	warned status.Warned
	say    func(line string) // what becomes of a line that the scheduler says
}

func (o *options) simulate(out pcmktool.Output, log *pcmktool.Log, stdin io.Reader, stderr io.Writer, now time.Time) error {
	fancy := o.Fancy || !o.showScores && !o.showUtilization
	s := session{options: o, p: show.NewPrinter(out, fancy, o.quiet), out: out, log: log, now: now}
	if o.profile != nil {
		return s.profileFolder(*o.profile, stderr)
	}
	var heap pages
	prepared.Do(func() { heap = prepareHeap(o.input) })
	defer heap.makeAhead()()
	r := cibinput.Reader{Log: log, Stdin: stdin, Stderr: stderr}
	d, err := s.read(&r)
	if err != nil {
		return err
	}
	output := ""
	switch {
	case o.store:
		output = o.input
	case o.saveOutput != nil:
		output = *o.saveOutput
	}
	save := func(root *etree.Element) error {
		if output == "" {
			return nil
		}
		if err := cibinput.Write(root, output); err != nil {
			return cibinput.Failure{Code: crmexit.CantCreat, Text: fmt.Sprintf("Could not create '%s': %v", output, reason(err))}
		}
		return nil
	}
	if err := save(d.Root); err != nil {
		return err
	}
	// The reference writes its own copy to a file, asks for that as for a cluster's, and
	// so gets a shadow CIB instead if the environment has one.
	if shadow, ok := cibinput.Shadow(); ok {
		output = shadow
		d, err = r.QueryFile(shadow)
	} else {
		err = r.Asked(d)
	}
	if err != nil {
		return failed(crmexit.RCNoInput)
	}
	cib := simulate.NewCIB(d.Root, name, now.Unix())
	cib.ConfigureNodes = o.configureNodes
	if err = s.run(cib); (s.execute || s.Any()) && !errors.Is(err, errBailed) {
		err = errors.Join(err, save(d.Root))
	}
	return err
}

// errBailed is a Failure with nothing more to say, after which nothing is saved.
var errBailed = fmt.Errorf("%w", cibinput.Failure{Code: crmexit.Software})

// bail says why a simulation ends in the middle, if it does.
func (s *session) bail(err error) error {
	var e *simulate.NodeStateError
	if !errors.As(err, &e) {
		return err
	}
	const where = "pcmk__inject_node"
	s.log.Print(loglevel.Error, where, e.Error())
	if s.log.Enabled(loglevel.Warning) {
		found := e.Found[0]
		if len(e.Found) > 1 {
			found = etree.NewElement("xpath-query")
			for _, state := range e.Found {
				found.AddChild(xmltree.Copy(state))
			}
		}
		cibinput.LogXML(found, func(line string) { s.log.Print(loglevel.Warning, where, "Duplicates "+line) })
	}
	return errBailed
}

func failed(rc crmexit.RC) error { return cibinput.Failure{Code: rc.Exit()} }

// read reads the CIB and brings it to a version that the scheduler knows (setup_input).
func (s *session) read(r *cibinput.Reader) (*cibinput.Document, error) {
	var d *cibinput.Document
	if s.input == "" {
		var err error
		if d, err = r.Query(); err != nil {
			return nil, err
		}
	} else if d = r.File(s.input); d == nil {
		// The reference goes on, and fails when it writes down what it does not have.
		return nil, cibinput.Failure{Code: crmexit.RC(syscall.EINVAL).Exit(), Text: "Could not read '" + s.input + "'"}
	}
	cibinput.AddStatus(d.Root)
	switch {
	case !r.Update(d):
		return nil, failed(crmexit.RCTransformFailed)
	case !r.Validate(d):
		return nil, failed(crmexit.RCSchemaValidation)
	}
	return d, nil
}

// reason is an error without the name of the file.
func reason(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// run does what is asked for with the CIB (pcmk__simulate).
func (s *session) run(cib *simulate.CIB) error {
	p := s.p
	ws := s.unpack(cib.Root)
	shown := false
	if !p.Quiet() {
		if ws.Flags.Has(status.MaintenanceMode) {
			shown = p.MaintenanceMode(ws)
		}
		if ws.Disabled > 0 || ws.Blocked > 0 {
			if shown {
				p.Spacer()
			}
			p.Info("%d of %d resource instances DISABLED and %d BLOCKED from further action due to failure", ws.Disabled, ws.Instances, ws.Blocked)
			shown = true
		}
		p.Status(ws, "Current cluster status", s.sections(true), shown)
		shown = true
	}
	if s.Any() {
		if shown {
			p.Spacer()
		}
		if err := cib.Inject(p, ws, &s.Injections); err != nil {
			return s.bail(err)
		}
		shown = true
		ws = s.unpack(cib.Root)
	}
	if s.saveInput != nil {
		if err := cibinput.Write(cib.Root, *s.saveInput); err != nil {
			return cibinput.Failure{Code: crmexit.CantCreat}
		}
	}
	if !s.process {
		return nil
	}
	g, err := s.schedule(ws, shown)
	if err != nil {
		return err
	}
	if s.explain != nil {
		if err := s.explainSubject(ws, *s.explain); err != nil {
			return err
		}
	}
	if !s.quiet {
		p.TransitionSummary(ws, true)
	}
	if !s.execute {
		return nil
	}
	if shown || s.showScores || s.showUtilization {
		p.Spacer()
	}
	err = cib.Execute(p, ws, g, s.opFail)
	switch {
	case errors.Is(err, simulate.ErrTerminated):
		err = failed(crmexit.RCInvalidTransition)
	case err != nil:
		return s.bail(err)
	}
	if !s.quiet {
		p.Status(s.unpackRevised(cib.Root), "Revised Cluster Status", s.sections(false), true)
	}
	return err
}

func (s *session) sections(pending bool) show.Sections {
	return show.Sections{Pending: pending, Attributes: s.showAttributes, FailCounts: s.showFailCounts}
}

// unpack reads the CIB, and says which time it is.
func (s *session) unpack(root *etree.Element) *status.WorkingSet {
	return s.unpackAt(root, true, s.flags())
}

// unpackRevised reads the CIB after a transition. The reference forgets by then that
// private parameters may be wanting.
func (s *session) unpackRevised(root *etree.Element) *status.WorkingSet {
	return s.unpackAt(root, true, s.flags()&^status.Sanitized)
}

// unpackQuietly reads the CIB.
func (s *session) unpackQuietly(root *etree.Element) *status.WorkingSet {
	return s.unpackAt(root, false, s.flags())
}

func (s *session) flags() (flags status.ClusterFlags) {
	if s.input != "" {
		flags |= status.Sanitized
	}
	if s.showScores || s.explain != nil {
		flags |= status.ShowScores
	}
	if s.showUtilization {
		flags |= status.ShowUtilization
	}
	return flags
}

func (s *session) unpackAt(root *etree.Element, announce bool, flags status.ClusterFlags) *status.WorkingSet {
	o := status.Options{Now: s.now, Clock: s.now, Log: s.log, Warned: &s.warned, Info: func(line string) { s.say(line) }, Flags: flags}
	s.say = func(line string) { s.p.Info("%s", line) }
	if s.explain != nil {
		o.Trace = status.NewTrace()
	}
	o.Now = s.effectiveTime(root, announce)
	ws, _ := status.Unpack(root, o) // there is a CIB
	return ws
}

// dateTime is how times are shown.
const dateTime = "2006-01-02 15:04:05Z"

// effectiveTime is the time that rules and failures are judged by
// (set_effective_date).
func (s *session) effectiveTime(root *etree.Element, announce bool) time.Time {
	if s.date != nil {
		if announce {
			s.p.Info("Setting effective cluster time: %s", *s.date)
		}
		at, err := iso8601.Parse(*s.date, iso8601.FromTime(s.now))
		if err != nil {
			var e *iso8601.Error
			if errors.As(err, &e) {
				s.log.Print(loglevel.Error, e.Where, e.Text)
			}
			return s.now
		}
		moment := time.Unix(at.Epoch(), 0).In(s.now.Location())
		s.log.Print(loglevel.Notice, "set_effective_date", "Pretending 'now' is: "+moment.UTC().Format(dateTime))
		return moment
	}
	epoch, err := strconv.ParseInt(root.SelectAttrValue("execution-date", ""), 10, 64)
	if err != nil || epoch == 0 {
		return s.now
	}
	at := time.Unix(epoch, 0).In(s.now.Location())
	if announce {
		s.p.Info("Using the original execution date of: %s", at.UTC().Format(dateTime))
	}
	return at
}

// schedule computes the transition, shows what it was decided by, and saves the
// graph.
func (s *session) schedule(ws *status.WorkingSet, spacer bool) (*graph.Graph, error) {
	var notes []show.Note
	s.say = func(line string) { notes = append(notes, show.Note{Records: len(ws.Records), Text: line}) }
	var file <-chan graphFile
	if s.saveGraph != nil {
		file = createGraph(*s.saveGraph)
	}
	sched.Schedule(ws)
	if s.log.Enabled(loglevel.Notice) {
		show.LogActions(ws)
	}
	if s.showScores || s.showUtilization {
		s.p.Scores(ws, notes, spacer)
	}
	g := graph.New(ws, 0)
	if file != nil {
		if err := (<-file).save(g); err != nil {
			return nil, failed(crmexit.RCGraphError)
		}
	}
	if s.saveDot != nil {
		drawing := graph.AppendDot(nil, ws, graph.DotOptions{AllActions: s.allActions, IDs: s.Verbosity > 0})
		if err := os.WriteFile(*s.saveDot, drawing, 0o666); err != nil {
			return nil, failed(crmexit.RCDotError)
		}
	}
	return g, nil
}

// explainSubject says why what is asked about is where it is.
func (s *session) explainSubject(ws *status.WorkingSet, subject string) error {
	e, err := explain.Of(ws, subject)
	if err != nil {
		return cibinput.Failure{Code: crmexit.NoSuch, Text: err.Error()}
	}
	if s.showScores || s.showUtilization {
		s.p.Spacer()
	}
	e.Print(s.out)
	return nil
}

// graphFile is where a graph is to be written.
type graphFile struct {
	file *os.File
	err  error
}

// createGraph creates the file, or empties it, while the transition is computed: to free
// the pages of one that was large takes ten milliseconds.
func createGraph(name string) <-chan graphFile {
	created := make(chan graphFile, 1)
	go func() {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
		created <- graphFile{f, err}
	}()
	return created
}

// save writes a graph, a piece at a time: those of big clusters are big.
func (f graphFile) save(g *graph.Graph) error {
	if f.err != nil {
		return f.err
	}
	var err error
	text := g.Text(graph.Lines)
	inorder.Text(text.Pieces(), func() func([]byte, int) []byte { return text.Writer().Append }, func(piece []byte) {
		if err == nil {
			_, err = f.file.Write(piece)
		}
	})
	return errors.Join(err, f.file.Close())
}
