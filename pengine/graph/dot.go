package graph

import (
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// DotOptions are what crm_simulate's options ask of a drawing.
type DotOptions struct {
	AllActions bool // those that need not, or cannot, be carried out, too
	IDs        bool // the numbers of actions with their names
}

// AppendDot appends a drawing of the actions and what they wait for, in the
// language of dot(1) (write_sim_dotfile). The graph has to be made before.
func AppendDot(b []byte, ws *status.WorkingSet, o DotOptions) []byte {
	b = append(b, " digraph \"g\" {\n"...)
	drawn := make(map[*status.Action]bool, len(ws.Actions))
	for a := range status.NewestFirst(ws.Actions) {
		style, color, font := "dashed", "black", "black"
		if a.Is(status.Pseudo) {
			font = "orange"
		}
		draw := o.AllActions
		switch {
		case a.Is(status.Dumped):
			style, color, draw = "bold", "green", true
		case a.Resource != nil && !a.Resource.Is(status.Managed):
			color, font = "red", "purple"
		case a.Is(status.Optional):
			color = "blue"
		default:
			color, draw = "red", true // wanted, but cannot be
		}
		if !draw {
			continue
		}
		drawn[a] = true
		b = append(b, '"')
		b = append(b, ActionName(a, o.IDs)...)
		b = append(b, "\" [ style="+style+" color=\""+color+"\" fontcolor=\""+font+"\"]\n"...)
	}
	for a := range status.NewestFirst(ws.Actions) {
		for in := range status.NewestFirst(a.Before) {
			style, draw := "dashed", o.AllActions
			switch {
			case in.Dumped:
				style, draw = "bold", true
			case in.Flags == status.OrderNone:
				continue
			case drawn[in.Action] && drawn[a] && in.Flags != status.OrderLoad:
				draw = true
			}
			if draw {
				b = append(b, '"')
				b = append(b, ActionName(in.Action, o.IDs)...)
				b = append(b, "\" -> \""...)
				b = append(b, ActionName(a, o.IDs)...)
				b = append(b, "\" [ style = "+style+"]\n"...)
			}
		}
	}
	return append(b, "}\n"...)
}

// ActionName is an action's name in drawings and in what a simulation prints, if
// wanted with its number (create_action_name).
func ActionName(a *status.Action, id bool) string {
	host := ""
	if a.Node != nil {
		host = " " + a.Node.Name
	} else if !a.Is(status.Pseudo) {
		host = " <none>"
	}
	prefix, task := "", a.Task
	if a.Task == status.ActionNameCancel {
		prefix, task = "Cancel ", a.CancelTask
	}
	var name string
	switch {
	case a.Resource != nil && a.Resource.HistoryID != "":
		known := a.Resource.HistoryID
		if strings.EqualFold(a.Task, status.ActionNameNotify) || strings.EqualFold(a.Task, status.ActionNameNotified) {
			name = known + "_" + a.Meta.Value("notify_key_type") + "_notify_" + a.Meta.Value("notify_key_operation") + "_0"
		} else {
			name = status.Key(known, task, interval(a))
		}
		name = prefix + name + host
	case strings.EqualFold(a.Task, status.ActionNameFence):
		name = prefix + a.Task + " '" + a.Meta.Value("stonith_action") + "'" + host
	case a.Resource != nil && host != "":
		name = prefix + a.Key + host
	case host != "":
		name = prefix + a.Task + host
	default:
		name = a.Key
	}
	if id {
		name += " (" + strconv.Itoa(a.ID) + ")"
	}
	return name
}
