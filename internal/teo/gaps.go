package teo

import (
	"context"
	"slices"
	"strings"
)

// Gaps are the parts of a query that a list has no package of, although it has
// packages of other parts.
type Gaps struct {
	Zones, ZoneIDs []string // layer 7 only: a row of layer 4 names no domain
	Hosts          []string
}

// IsEmpty reports whether there are no gaps.
func (g Gaps) IsEmpty() bool { return len(g.Zones)+len(g.ZoneIDs)+len(g.Hosts) == 0 }

// Gaps returns the parts of a query without a package in its list. No row names its
// zone, so zones are recognized by the domains of the rows. What is not certain is
// left out. An empty list has no gaps: see Hints.
//
// It sends no request unless the names of zone IDs are needed, which are looked up
// once.
func (c *Client) Gaps(ctx context.Context, layer Layer, q Query, packages []Package) Gaps {
	var g Gaps
	if len(q.Hosts) < 2 && len(q.Zones)+len(q.ZoneIDs) < 2 {
		return g // every package is of the only part
	}
	hosts := hostsOf(packages)
	if len(hosts) == 0 {
		return g
	}
	g.Hosts = hostsWithout(q.Hosts, hosts)
	if layer == L7 && len(q.Zones)+len(q.ZoneIDs) > 1 {
		g.Zones, g.ZoneIDs = c.zonesWithout(ctx, q, hosts)
	}
	return g
}

// hostsOf returns the hosts of packages, or none if a package has no host.
func hostsOf(packages []Package) map[string]bool {
	hosts := map[string]bool{}
	last := ""
	for i := range packages {
		host := packages[i].Host()
		if host == "" {
			return nil
		}
		if host != last {
			hosts[host], last = true, host
		}
	}
	return hosts
}

// hostsWithout returns the queried hosts that are not among those of a list. It
// returns none if the list has other hosts than those, because the service then
// compares names in a way that is not known.
func hostsWithout(queried []string, hosts map[string]bool) []string {
	listed := make(map[string]bool, len(queried))
	for _, host := range queried {
		listed[host] = false
	}
	for host := range hosts {
		if _, ok := listed[host]; ok {
			listed[host] = true
			continue
		}
		_, parent, _ := strings.Cut(host, ".")
		if _, ok := listed["*."+parent]; !ok {
			return nil
		}
		listed["*."+parent] = true
	}
	var without []string
	for host, ok := range listed {
		if !ok {
			without = append(without, host)
		}
	}
	return sorted(without)
}

// zonesWithout returns the queried zones that can have none of the domains. It
// returns none if a domain can be in none of the zones, because what is known about
// them is then wrong.
func (c *Client) zonesWithout(ctx context.Context, q Query, domains map[string]bool) (names, ids []string) {
	if c.zones.lock(ctx) != nil {
		return nil, nil
	}
	defer c.zones.unlock()
	if len(q.ZoneIDs) > 0 && len(q.ZoneIDs) <= maxHintZones && !c.zones.unnamed && sites(domains) < len(q.Zones)+len(q.ZoneIDs) {
		_, err := c.zonesWithIDs(ctx, q.ZoneIDs)
		c.zones.unnamed = err != nil
	}

	listed := map[string]bool{} // names of zones: whether they have a domain
	var anyDomain bool          // a zone can have domains of every name
	ownName := func(zones []Zone, name string) (string, bool) {
		if !strings.Contains(name, ".") || slices.ContainsFunc(zones, func(z Zone) bool { return !z.hasOwnDomains() }) {
			anyDomain = true
			return "", false
		}
		listed[name] = false
		return name, true
	}
	nameOf := make(map[string]string, len(q.ZoneIDs)) // by ID
	for _, id := range q.ZoneIDs {
		name := ""
		zones := c.zones.byID[id]
		if len(zones) > 0 {
			name = DNSName(zones[0].Name)
		}
		if name, ok := ownName(zones, name); ok {
			nameOf[id] = name
		}
	}
	for _, name := range q.Zones {
		if name, ok := ownName(c.zones.byName[name], name); ok {
			names = append(names, name)
		}
	}
	for domain := range domains {
		found := anyDomain
		for parent, more := domain, true; more; _, parent, more = strings.Cut(parent, ".") {
			if _, ok := listed[parent]; ok {
				listed[parent], found = true, true
			}
		}
		if !found {
			return nil, nil
		}
	}
	for id, name := range nameOf {
		if !listed[name] {
			ids = append(ids, id)
		}
	}
	return slices.DeleteFunc(sorted(names), func(name string) bool { return listed[name] }), sorted(ids)
}

// sites is the number of different ends of domains, of two labels each. There are at
// least so many zones with these domains, because the name of a zone has two labels
// or more.
func sites(domains map[string]bool) int {
	ends := map[string]bool{}
	for domain := range domains {
		labels := strings.Split(domain, ".")
		ends[strings.Join(labels[max(0, len(labels)-2):], ".")] = true
	}
	return len(ends)
}
