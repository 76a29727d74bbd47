package show

import "github.com/ringmaster-ha/ringmaster/pengine/status"

// Scores prints what the scheduler has decided by, under the heading that fits what
// it was to keep.
func (p *Printer) Scores(ws *status.WorkingSet, spacer bool) {
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
	for _, r := range ws.Records {
		p.Item("%s", r.String())
	}
	p.End()
}
