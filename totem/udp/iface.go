package udp

import (
	"net"
	"net/netip"
)

// Interface is one address of one of the host's network interfaces.
type Interface struct {
	Name   string
	Index  int
	Up     bool
	Prefix netip.Prefix // the address, not masked, and its net's length
}

// Match finds the interface to bind to: the one that has bindnet as its
// address, else the first in whose net it is (totemip_iface_check). ok is false
// where there is none.
func Match(bindnet netip.Addr, list []Interface) (match Interface, ok bool) {
	bindnet = bindnet.Unmap().WithZone("")
	for _, i := range list {
		addr := i.Prefix.Addr()
		if addr.Is4() != bindnet.Is4() {
			continue
		}
		if addr == bindnet {
			return i, true
		}
		if !ok && i.Prefix.Contains(bindnet) {
			match, ok = i, true
		}
	}
	return match, ok
}

// SystemInterfaces lists the addresses of this host's interfaces in the
// kernel's order.
func SystemInterfaces() ([]Interface, error) {
	ifs, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var list []Interface
	for _, i := range ifs {
		addrs, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			ipn, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			ip, ok := netip.AddrFromSlice(ipn.IP)
			if !ok {
				continue
			}
			ones, _ := ipn.Mask.Size()
			list = append(list, Interface{
				Name:   i.Name,
				Index:  i.Index,
				Up:     i.Flags&net.FlagUp != 0,
				Prefix: netip.PrefixFrom(ip.Unmap(), ones),
			})
		}
	}
	return list, nil
}
