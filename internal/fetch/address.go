package fetch

import (
	"net/netip"
	"slices"
)

// reserved lists ranges that are not on the public internet though [netip.Addr.IsGlobalUnicast] counts them in, after
// IANA's registries of special-purpose addresses (RFC 6890), and ranges that hide an IPv4 address inside an IPv6 one.
func reserved() []netip.Prefix {
	var out []netip.Prefix
	for _, p := range [...]string{
		"0.0.0.0/8",         // this network
		"100.64.0.0/10",     // shared address space; also the metadata service of Alibaba Cloud
		"192.0.0.0/24",      // protocol assignments; also the metadata service of Oracle Cloud
		"192.0.2.0/24",      // documentation
		"192.88.99.0/24",    // 6to4 relays
		"198.18.0.0/15",     // benchmarking
		"198.51.100.0/24",   // documentation
		"203.0.113.0/24",    // documentation
		"240.0.0.0/4",       // reserved, and broadcast
		"168.63.129.16/32",  // the platform address of Azure, reachable only from inside it
		"::/96",             // IPv4-compatible
		"64:ff9b::/96",      // NAT64
		"64:ff9b:1::/48",    // NAT64, local use
		"100::/64",          // discard
		"2001::/23",         // protocol assignments, among them Teredo
		"2001:db8::/32",     // documentation
		"2002::/16",         // 6to4
		"3fff::/20",         // documentation
		"5f00::/16",         // segment routing
		"fec0::/10",         // site-local, as it was
		"fd00:ec2::254/128", // the metadata service of Amazon EC2, in a private network
		"fd20:ce::254/128",  // the metadata service of Google Cloud, in a private network
	} {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

// rule judges addresses. The zero rule lets public ones pass only.
type rule struct {
	private  bool // loopback and private networks may be asked too
	reserved []netip.Prefix
}

// allows reports whether an address may be asked. Link-local addresses, where clouds keep their metadata services, count
// as neither private nor global and never may; nor may an address with a zone.
func (r rule) allows(a netip.Addr) bool {
	a = a.Unmap()
	switch {
	case a.Zone() != "":
		return false
	case a.IsLoopback():
		return r.private
	case !a.IsGlobalUnicast(), a.IsPrivate() && !r.private:
		return false
	default:
		return !slices.ContainsFunc(r.reserved, func(p netip.Prefix) bool { return p.Contains(a) })
	}
}
