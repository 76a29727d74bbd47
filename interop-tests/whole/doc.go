// Package whole takes a cluster through its life with pcs and crm: one with nothing of the reference but those and
// its agents, compared with one of the reference alone. On request (RINGMASTER_WHOLE) they have five nodes, and all
// that a configuration may have.
//
// On request (RINGMASTER_STORY) such a cluster serves a client: TestDatabase with PostgreSQL, none of whose acknowledged
// rows may be lost, and TestWeb with nginx, while nodes crash, processes are killed and links are cut. TestLeader
// (RINGMASTER_WHOLE) has nodes of both kinds in one cluster, and loses the one that leads.
package whole
