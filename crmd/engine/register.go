package engine

import "github.com/ringmaster-ha/ringmaster/crmd/fsa"

// register is what a controller remembers whatever state it is in (fsa_input_register).
type register uint32

const (
	theDC           register = 1 << iota
	starting                 // the start has not been completed
	shuttingDown             // this node wants to leave, or leaves
	stayDown                 // and is not to be started again
	configRead               // the options are known
	cibConnected             // R_CIB_CONNECTED
	schedulerUp              // R_PE_CONNECTED
	schedulerNeeded          // R_PE_REQUIRED
	executorUp               // R_LRM_CONNECTED
	haveCIB                  // the best CIB of the join is here
	cibAsked                 // and was asked for
	membership               // quorum has told of the members
	peerData                 // the process group has told of a peer
	clusterGone              // this node has signed out of the cluster layer
	inRecovery               // something bad has happened
)

func (c *Controller) has(r register) bool { return c.register&r != 0 }
func (c *Controller) set(r register)      { c.register |= r }
func (c *Controller) clear(r register)    { c.register &^= r }

// IsDC tells whether this node leads the cluster.
func (c *Controller) IsDC() bool { return c.has(theDC) }

// ShuttingDown tells whether this node wants to leave the cluster.
func (c *Controller) ShuttingDown() bool { return c.has(shuttingDown) }

// State is what the controller is about.
func (c *Controller) State() fsa.State { return c.state }

// Self is this node's name, "" before it has joined the cluster.
func (c *Controller) Self() string { return c.cluster.Name }

// SelfUUID is this node's id in the CIB, "" before it has joined the cluster.
func (c *Controller) SelfUUID() string { return c.cluster.UUID }

// DC is the name of the node that leads, "" if it is not known.
func (c *Controller) DC() string { return c.dc }
