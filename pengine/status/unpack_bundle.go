package status

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// What a bundle takes for granted inside and outside of its containers.
const (
	defaultRemotePort = "3121"
	remoteKeyPath     = "/etc/pacemaker/authkey"
	bundleLogDir      = "/var/log/pacemaker/bundles"
	remotedPath       = "/usr/sbin/pacemaker-remoted"
)

// unpackBundle reads a bundle and makes the resources that it consists of
// (pe__unpack_bundle).
func (ws *WorkingSet) unpackBundle(r *Resource) error {
	b := &BundleData{Prefix: r.ID}
	r.BundleData = b
	var container *etree.Element
	for _, agent := range []ContainerAgent{AgentDocker, AgentRkt, AgentPodman} {
		if container = firstChild(r.Element, agent.String()); container != nil {
			b.Agent = agent
			break
		}
	}
	if container == nil {
		return errInvalid
	}
	ws.readContainer(r, b, container)
	ws.readBundleNetwork(b, firstChild(r.Element, "network"))
	logMount := ws.readBundleStorage(b, firstChild(r.Element, "storage"))
	if primitive := firstChild(r.Element, "primitive"); primitive != nil {
		if !ws.validNetwork(b) {
			id, _ := attribute(primitive, "id")
			ws.At("pe__unpack_bundle").Errorf("Cannot control %s inside %s without either ip-range-start or control-port", r.ID, id)
			return errInvalid
		}
		if err := ws.unpackBundled(r, b, primitive, logMount); err != nil {
			return err
		}
	} else {
		var hosts strings.Builder
		for i := range b.ReplicaCount {
			b.addReplica(&Replica{Offset: i}, &hosts)
		}
		b.HostOptions = hosts.String()
	}
	for _, replica := range b.Replicas {
		if err := ws.createReplica(r, b, replica); err != nil {
			ws.At("pe__unpack_bundle").Errorf("Failed unpacking resource %s", r.ID)
			return err
		}
		if replica.Child != nil {
			// Only a primitive can have utilization, but it is the container
			// that needs it.
			replica.Container.Utilization, replica.Child.Utilization = replica.Child.Utilization, replica.Container.Utilization
		}
	}
	if b.Child != nil {
		r.Children = append(r.Children, b.Child)
	}
	return nil
}

// readContainer reads the element of the technology.
func (ws *WorkingSet) readContainer(r *Resource, b *BundleData, e *etree.Element) {
	promoted, ok := attribute(e, "promoted-max")
	if !ok {
		promoted, ok = attribute(e, "masters")
	}
	b.PromotedMax = ws.minInt(promoted, ok, 0)
	replicas, ok := attribute(e, "replicas")
	if !ok && b.PromotedMax > 0 {
		b.ReplicaCount = b.PromotedMax
	} else {
		b.ReplicaCount = ws.minInt(replicas, ok, 1)
	}
	b.ReplicaCount = min(b.ReplicaCount, maxReplicas)
	perHost, ok := attribute(e, "replicas-per-host")
	b.ReplicasPerHost = ws.minInt(perHost, ok, 1)
	if b.ReplicasPerHost == 1 {
		r.Clear(Unique)
	}
	b.RunCommand, b.HasRunCommand = attribute(e, "run-command")
	b.LauncherOptions, b.HasLauncherOptions = attribute(e, "options")
	b.Image, _ = attribute(e, "image")
	b.ContainerNetwork, b.HasContainerNetwork = attribute(e, "network")
}

func (ws *WorkingSet) readBundleNetwork(b *BundleData, e *etree.Element) {
	if e == nil {
		return
	}
	b.FirstIP, b.HasFirstIP = attribute(e, "ip-range-start")
	b.HostNetmask, _ = attribute(e, "host-netmask")
	b.HostNetwork, _ = attribute(e, "host-interface")
	b.ControlPort, b.HasControlPort = attribute(e, "control-port")
	addHost, _ := attribute(e, "add-host")
	value, known := ParseBool(addHost)
	b.AddHost = value || !known
	for _, c := range childrenOf(e) {
		var p BundlePort
		hasTarget := false
		source, ok := attribute(c, "port")
		if !ok {
			source, _ = attribute(c, "range")
		} else {
			p.Target, hasTarget = attribute(c, "internal-port")
		}
		if source == "" {
			id, _ := attribute(c, "id")
			ws.At("pe__unpack_bundle").Errorf("Invalid port directive %s", id)
			continue
		}
		p.Source = source
		if !hasTarget {
			p.Target = source
		}
		b.Ports = append(b.Ports, p)
	}
}

// readBundleStorage reads the mounts. It tells whether the logs need one, too.
func (ws *WorkingSet) readBundleStorage(b *BundleData, e *etree.Element) (logs bool) {
	logs = true
	for _, c := range childrenOf(e) {
		var m BundleMount
		var hasSource bool
		m.Source, hasSource = attribute(c, "source-dir")
		if !hasSource {
			m.Source, hasSource = attribute(c, "source-dir-root")
			m.Subdir = true
		}
		target, hasTarget := attribute(c, "target-dir")
		m.Target = target
		m.Options, m.HasOptions = attribute(c, "options")
		if !hasSource || !hasTarget {
			id, _ := attribute(c, "id")
			ws.At("pe__unpack_bundle").Errorf("Invalid mount directive %s", id)
			continue
		}
		b.Mounts = append(b.Mounts, m)
		if target == "/var/log" {
			logs = false
		}
	}
	return logs
}

// validNetwork tells whether what runs inside can be managed: there is an
// address for each container, or a port, and then one container on a host.
func (ws *WorkingSet) validNetwork(b *BundleData) bool {
	if b.HasFirstIP {
		return true
	}
	if b.HasControlPort && b.ReplicasPerHost > 1 {
		ws.At("valid_network").Errorf("Specifying the 'control-port' for %s requires 'replicas-per-host=1'", b.Prefix)
		b.ReplicasPerHost = 1
	}
	return b.HasControlPort
}

// unpackBundled makes the clone of the primitive inside, whose instances are
// those of the replicas.
func (ws *WorkingSet) unpackBundled(r *Resource, b *BundleData, primitive *etree.Element, logMount bool) error {
	child, err := ws.unpackResource(b.cloneElement(primitive), r, "")
	if err != nil {
		return err
	}
	b.Child = child
	b.Mounts = append(b.Mounts, BundleMount{Source: remoteKeyPath, Target: remoteKeyPath})
	if logMount {
		b.Mounts = append(b.Mounts, BundleMount{Source: bundleLogDir, Target: "/var/log", Subdir: true})
	}
	port := b.remotePort()
	b.Ports = append(b.Ports, BundlePort{port, port})
	var hosts strings.Builder
	for i, instance := range child.Children {
		instance.ExclusiveOnly = true
		if instance.Is(Notify) {
			child.Set(Notify)
		}
		b.addReplica(&Replica{Offset: i, Child: instance}, &hosts)
		b.AttributeTarget = instance.Meta["container-attribute-target"]
	}
	b.HostOptions = hosts.String()
	if b.AttributeTarget != "" {
		r.Meta["container-attribute-target"] = b.AttributeTarget
		child.Meta["container-attribute-target"] = b.AttributeTarget
	}
	return nil
}

func (b *BundleData) remotePort() string {
	if b.HasControlPort {
		return b.ControlPort
	}
	return defaultRemotePort
}

// cloneElement is the configuration of the clone. Its id says master, if
// anything can be promoted, because it did when there was such an element.
func (b *BundleData) cloneElement(primitive *etree.Element) *etree.Element {
	e := etree.NewElement("clone")
	kind := "clone"
	if b.PromotedMax > 0 {
		kind = "master"
	}
	e.CreateAttr("id", b.Prefix+"-"+kind)
	meta := e.CreateElement("meta_attributes")
	meta.CreateAttr("id", b.Prefix+"-clone-meta")
	addPair(meta, "ordered", "true")
	addPair(meta, "clone-max", strconv.Itoa(b.ReplicaCount))
	addPair(meta, "clone-node-max", strconv.Itoa(b.ReplicasPerHost))
	addPair(meta, "globally-unique", strconv.FormatBool(b.ReplicasPerHost > 1))
	if b.PromotedMax > 0 {
		addPair(meta, "promotable", "true")
		addPair(meta, "promoted-max", strconv.Itoa(b.PromotedMax))
	}
	e.AddChild(primitive.Copy())
	return e
}

// addReplica adds a replica, with the next address if there are any.
func (b *BundleData) addReplica(replica *Replica, hosts *strings.Builder) {
	b.Replicas = append(b.Replicas, replica)
	if !b.HasFirstIP {
		return
	}
	if b.LastIP == "" {
		replica.IPAddress = b.FirstIP
	} else {
		replica.IPAddress = nextIP(b.LastIP)
	}
	b.LastIP = replica.IPAddress
	switch {
	case b.Agent != AgentRkt && b.AddHost:
		fmt.Fprintf(hosts, " --add-host=%s-%d:%s", b.Prefix, replica.Offset, replica.addressText())
	default:
		fmt.Fprintf(hosts, " --hosts-entry=%s=%s-%d", replica.addressText(), b.Prefix, replica.Offset)
	}
}

// addressText is the address as it gets into ids and options, where the
// reference prints that there is none if they have run out.
func (p *Replica) addressText() string {
	if p.IPAddress == "" {
		return "(null)"
	}
	return p.IPAddress
}

// nextIP is the IPv4 address after one, leaving out those that end in 0, 254 and
// 255; "" if there is none.
func nextIP(last string) string {
	var o [4]uint32
	rest := last
	for i := range o {
		n := digits(rest)
		v, err := strconv.ParseUint(rest[:n], 10, 32)
		if err != nil {
			return ""
		}
		o[i] = uint32(v)
		rest = rest[n:]
		if i < 3 {
			if !strings.HasPrefix(rest, ".") {
				return ""
			}
			rest = rest[1:]
		}
	}
	switch {
	case o[2] > 253:
		return ""
	case o[3] > 253:
		o[2]++
		o[3] = 1
	default:
		o[3]++
	}
	return fmt.Sprintf("%d.%d.%d.%d", o[0], o[1], o[2], o[3])
}

// createReplica makes a replica's container, address and connection.
func (ws *WorkingSet) createReplica(r *Resource, b *BundleData, replica *Replica) error {
	container, err := ws.unpackResource(b.containerElement(replica), r, "")
	if err != nil {
		return err
	}
	replica.Container = container
	r.Children = append(r.Children, container)
	if b.HasFirstIP {
		ip, err := ws.unpackResource(b.addressElement(replica), r, "")
		if err != nil {
			return err
		}
		replica.IP = ip
		r.Children = append(r.Children, ip)
	}
	if replica.Child == nil {
		return nil
	}
	if ws.validNetwork(b) {
		if err := ws.createReplicaRemote(r, b, replica); err != nil {
			return err
		}
		replica.Remote.Set(AllowRemoteRemotes)
	}
	if replica.IPAddress != "" {
		addDefault(replica.Child.Meta, "external-ip", replica.IPAddress)
	}
	return nil
}

func sanitizeID(id string) string { return strings.NewReplacer(":", ".", "#", ".").Replace(id) }

func (b *BundleData) addressElement(replica *Replica) *etree.Element {
	id := sanitizeID(b.Prefix + "-ip-" + replica.addressText())
	e := newPrimitive(id, "heartbeat", "IPaddr2")
	set := b.attributesOf(e, replica)
	if replica.IPAddress != "" {
		addPair(set, "ip", replica.IPAddress)
	}
	if b.HostNetwork != "" {
		addPair(set, "nic", b.HostNetwork)
	}
	netmask := b.HostNetmask
	if netmask == "" {
		netmask = "32"
	}
	addPair(set, "cidr_netmask", netmask)
	addOperation(e.CreateElement("operations"), id, "monitor", "60s", "")
	return e
}

func (b *BundleData) attributesOf(e *etree.Element, replica *Replica) *etree.Element {
	set := e.CreateElement("instance_attributes")
	set.CreateAttr("id", fmt.Sprintf("%s-attributes-%d", b.Prefix, replica.Offset))
	return set
}

func (b *BundleData) containerElement(replica *Replica) *etree.Element {
	id := sanitizeID(fmt.Sprintf("%s-%s-%d", b.Prefix, b.Agent, replica.Offset))
	e := newPrimitive(id, "heartbeat", b.Agent.String())
	set := b.attributesOf(e, replica)
	addPair(set, "image", b.Image)
	addPair(set, "allow_pull", "true")
	addPair(set, "force_kill", "false")
	addPair(set, "reuse", "false")
	options, mounts := b.launch(replica)
	addPair(set, "run_opts", options)
	addPair(set, "mount_points", mounts)
	if b.HasRunCommand {
		addPair(set, "run_cmd", b.RunCommand)
	} else if replica.Child != nil {
		addPair(set, "run_cmd", remotedPath)
	}
	addPair(set, "monitor_cmd", "/bin/true")
	addOperation(e.CreateElement("operations"), id, "monitor", "60s", "")
	return e
}

// launch is the options for the start of a container, and the directories that
// have to be there for it. Spacing counts: the digest of the container's
// parameters comes of it.
func (b *BundleData) launch(replica *Replica) (options, mounts string) {
	var opts strings.Builder
	var dirs []string
	hostname, env := "-h ", "-e "
	if b.Agent == AgentRkt {
		hostname, env = "--hostname=", "--environment="
	}
	if b.Agent == AgentDocker {
		opts.WriteString(" --restart=no")
	}
	if b.HasFirstIP {
		fmt.Fprintf(&opts, " %s%s-%d", hostname, b.Prefix, replica.Offset)
	}
	opts.WriteString(" " + env + "PCMK_stderr=1")
	if b.HasContainerNetwork {
		opts.WriteString(" --net=" + b.ContainerNetwork)
	}
	opts.WriteString(" " + env + "PCMK_remote_port=" + b.remotePort())
	volume := 0
	for _, m := range b.Mounts {
		source := m.Source
		if m.Subdir {
			source = fmt.Sprintf("%s/%s-%d", m.Source, b.Prefix, replica.Offset)
			dirs = append(dirs, source)
		}
		if b.Agent == AgentRkt {
			separator, more := "", ""
			if m.HasOptions {
				separator, more = ",", m.Options
			}
			fmt.Fprintf(&opts, " --volume vol%d,kind=host,source=%s%s%s --mount volume=vol%d,target=%s",
				volume, source, separator, more, volume, m.Target)
			volume++
			continue
		}
		opts.WriteString(" -v " + source + ":" + m.Target)
		if m.HasOptions {
			opts.WriteString(":" + m.Options)
		}
	}
	for _, p := range b.Ports {
		b.publish(&opts, p, replica.IPAddress)
	}
	if b.HasLauncherOptions {
		opts.WriteString(" " + b.LauncherOptions)
	}
	opts.WriteString(" " + b.HostOptions)
	return opts.String(), strings.Join(dirs, ",")
}

func (b *BundleData) publish(opts *strings.Builder, p BundlePort, address string) {
	switch {
	case b.Agent == AgentRkt && address != "":
		opts.WriteString(" --port=" + p.Target + ":" + address + ":" + p.Source)
	case b.Agent == AgentRkt:
		opts.WriteString(" --port=" + p.Target + ":" + p.Source)
	case address != "":
		opts.WriteString(" -p " + address + ":" + p.Source + ":" + p.Target)
	case b.ContainerNetwork != "host":
		opts.WriteString(" -p " + p.Source + ":" + p.Target)
	}
}

// createReplicaRemote makes the connection to what runs inside of a replica, and
// the guest node that this is (create_remote_resource).
func (ws *WorkingSet) createReplicaRemote(r *Resource, b *BundleData, replica *Replica) error {
	id := fmt.Sprintf("%s-%d", b.Prefix, replica.Offset)
	if ws.FindResource(id) != nil {
		id = fmt.Sprintf("pcmk-internal-%s-remote-%d", replica.Child.ID, replica.Offset)
		if ws.FindResource(id) != nil {
			ws.At("pe__unpack_bundle").Errorf("No name is left for the connection to %s", replica.Child.ID)
			return errInvalid
		}
	}
	server := replica.IPAddress
	if server == "" {
		server = "#uname" // the host's name, once the container has been assigned
	}
	connection := remoteConnection{
		name: id, container: replica.Container.ID, hasContainer: true,
		server: server, hasServer: true, port: b.remotePort(), hasPort: true,
	}
	n := ws.FindNode(id)
	if n == nil {
		n = ws.createNode(id, id, true, "remote", "-INFINITY")
	} else {
		n.Score = -Infinity
	}
	n.Discovery = DiscoverNever
	for _, other := range ws.Resources {
		other.disallow(n)
	}
	replica.Node = &Candidate{Node: n, Score: 500, Discovery: DiscoverExclusive, Fixed: n.Fixed}
	replica.Child.Allowed.Clear()
	if t := ws.Options.Trace; t != nil {
		t.Forget(replica.Child)
		t.Add(replica.Child, n, 0, replica.Node.Score, Cause{Tag: TagBundleReplica})
	}
	replica.Child.Allowed.Insert(replica.Node.Copy())
	banned := replica.Node.Copy()
	banned.Score = -Infinity
	if t := ws.Options.Trace; t != nil {
		before := 0
		if c := replica.Child.Parent.Allowed.Get(n); c != nil {
			before = c.Score
		}
		t.Add(replica.Child.Parent, n, before, -Infinity, Cause{Tag: TagBundleReplica})
	}
	replica.Child.Parent.Allowed.Insert(banned)

	remote, err := ws.unpackResource(connection.element(), r, "")
	if err != nil {
		return err
	}
	replica.Remote = remote
	for c := range remote.Allowed.ByIndex() {
		if c.IsGuestOrRemote() {
			if t := ws.Options.Trace; t != nil {
				t.Add(remote, c.Node, c.Score, -Infinity, Cause{Tag: TagAvoidRemote})
			}
			c.Score = -Infinity
		}
	}
	n.RemoteResource = remote
	remote.Container = replica.Container
	n.Attributes["#kind"] = "container"
	r.Children = append(r.Children, remote)
	return nil
}

// disallow keeps the resource and all below it off a node.
func (r *Resource) disallow(n *Node) {
	if c := r.Allowed.Get(n); c != nil {
		if t := r.ws.Options.Trace; t != nil {
			t.Add(r, c.Node, c.Score, -Infinity, Cause{Tag: TagDisallowed})
		}
		c.Score = -Infinity
		c.Discovery = DiscoverNever
	}
	for _, child := range r.Children {
		child.disallow(n)
	}
}
