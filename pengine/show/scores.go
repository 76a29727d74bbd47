package show

import "github.com/ringmaster-ha/ringmaster/pengine/status"

// Note is a line that the scheduler has said, and how many of the working set's
// records were there before it.
type Note struct {
	Records int
	Text    string
}

// Scores prints what the scheduler has decided by, under the heading that fits what
// it was to keep, and in its place what it has said.
func (p *Printer) Scores(ws *status.WorkingSet, notes []Note, spacer bool) {
	scores, utilization := ws.Flags.Has(status.ShowScores), ws.Flags.Has(status.ShowUtilization)
	heading := "Allocation Scores"
	switch {
	case scores && utilization:
		heading = "Allocation Scores and Utilization Information"
	case utilization:
		heading = "Utilization Information"
	}
	if spacer {
		p.Spacer()
	}
	p.Begin(heading)
	for i := 0; i <= len(ws.Records); i++ {
		for ; len(notes) > 0 && notes[0].Records <= i; notes = notes[1:] {
			p.Info("%s", notes[0].Text)
		}
		if i < len(ws.Records) {
			if p.xml {
				p.recordXML(ws.Records[i])
				continue
			}
			p.Item("%s", ws.Records[i].String())
		}
	}
	p.End()
}
