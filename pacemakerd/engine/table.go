package engine

// Daemon describes one of the daemons.
type Daemon struct {
	Name     string
	Endpoint string // the service by which it is known to live
	// Root says that it runs as root, else as the cluster's user and group.
	Root bool
	// Cluster says that it needs corosync.
	Cluster bool
}

// Daemons are all, in the order of their start.
var Daemons = [...]Daemon{
	{Name: "pacemaker-based", Endpoint: "cib_ro", Cluster: true},
	{Name: "pacemaker-fenced", Endpoint: "stonith-ng", Root: true, Cluster: true},
	{Name: "pacemaker-execd", Endpoint: "lrmd", Root: true},
	{Name: "pacemaker-attrd", Endpoint: "attrd", Cluster: true},
	{Name: "pacemaker-schedulerd", Endpoint: "pengine"},
	{Name: "pacemaker-controld", Endpoint: "crmd", Cluster: true},
}

// controller is the daemon that takes as long as its resources do to stop.
const controller = len(Daemons) - 1
