// Package whole takes a cluster through its life with pcs and crm: one with nothing of the reference but those and
// its agents, compared with one of the reference alone.
package whole
