package status

import "strings"

// HealthScore is the sum of the node's health attributes and a base
// (pe__sum_node_health_scores).
func (n *Node) HealthScore(base int) int {
	infinite := false
	for name, value := range n.Attributes {
		if !strings.HasPrefix(name, "#health") {
			continue
		}
		score := n.ws.ParseScore(value)
		infinite = infinite || score <= -Infinity
		base = AddScores(score, base)
	}
	if infinite { // so that the order of a map's walk does not matter
		return -Infinity
	}
	return base
}

// HealthColor is negative if an attribute says that the node's health is red,
// otherwise 0 if one is yellow, otherwise positive (pe__node_health).
func (n *Node) HealthColor() int {
	h := n.ws.Health
	color := 1
	if h.Strategy == HealthNone {
		return color
	}
	for name, value := range n.Attributes {
		switch {
		case !strings.HasPrefix(name, "#health"):
		case strings.EqualFold(value, "red"):
			return -1
		case strings.EqualFold(value, "yellow"):
			color = 0
		default:
			if score := n.ws.ParseScore(value); score <= h.Red {
				return -1
			} else if score <= h.Yellow && h.Yellow != h.Green {
				color = 0
			}
		}
	}
	return color
}
