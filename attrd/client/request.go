package client

import (
	"os"
	"strings"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
)

// Target is the node whose attributes a program means by host. If that is nil, "auto" or
// "localhost", it is the one that the environment of a resource agent names, if it
// does: a container's may be the host's (pcmk__node_attr_target).
func Target(host *string) *string {
	if host != nil && !strings.EqualFold(*host, "auto") && !strings.EqualFold(*host, "localhost") {
		return host
	}
	if physical, ok := os.LookupEnv("CRM_meta_physical_host"); ok && strings.EqualFold(os.Getenv("CRM_meta_container_attribute_target"), "host") {
		return &physical
	}
	if name, ok := os.LookupEnv("OCF_RESKEY_CRM_meta_on_node"); ok {
		return &name
	}
	return host
}

// request is a request of a program.
func request(program string, task wire.Task, a wire.Attribute) *wire.Message {
	a.Host = Target(a.Host)
	return &wire.Message{Origin: &program, Task: task, Attribute: a}
}

// Update is the request for an update, of its value, its dampening or both by task
// (pcmk__attrd_api_update). Remote and Private are No if the caller does not say.
func Update(program string, task wire.Task, a wire.Attribute) *wire.Message {
	a.Remote, a.Private = max(a.Remote, wire.No), max(a.Private, wire.No)
	return request(program, task, a)
}

// Delete is the request to unset an attribute (pcmk__attrd_api_delete). Of a, value, dampening
// and set do not count.
func Delete(program string, a wire.Attribute) *wire.Message {
	a.Value, a.Dampening, a.Set = nil, nil, nil
	return Update(program, wire.Update, a)
}

// Refresh is the request to write all attributes to the CIB. The daemon does not look at the node.
func Refresh(program string, host *string) *wire.Message {
	return request(program, wire.Refresh, wire.Attribute{Host: host})
}

// Purge is the request to forget a node (pcmk__attrd_api_purge).
func Purge(program string, host *string) *wire.Message {
	return request(program, wire.PeerRemove, wire.Attribute{Host: host})
}

// ClearFailures is the request to forget failures: of a's resource, operation and interval on
// its node, where nil means all (pcmk__attrd_api_clear_failures).
func ClearFailures(program string, a wire.Attribute) *wire.Message {
	a.Remote = max(a.Remote, wire.No)
	return request(program, wire.ClearFailure, a)
}
