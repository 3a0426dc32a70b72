package teo

import (
	"context"
	"slices"
	"strings"
)

// Hints say which parts of a query cannot match anything.
type Hints struct {
	// Checked means that the query was looked up. Without the permissions for
	// DescribeZones and DescribeL4Proxy, and for very many zones and domains, it is
	// not.
	Checked bool

	// RootDomains are queried domains that are names of sites. Logs are kept by
	// sub-domain, so they match only if the site's name itself is served.
	RootDomains []string

	// OtherDomains are queried domains that belong to none of the queried zones, or
	// to no zone of the account if none was named.
	OtherDomains []string

	// OtherProxies are queried layer-4 proxies that none of the queried zones has,
	// or no zone of the account if none was named.
	OtherProxies []string

	// UnknownZones and UnknownZoneIDs are queried zones that the account does not
	// have.
	UnknownZones, UnknownZoneIDs []string
}

// The requests that hints cost are bounded.
const (
	maxHintZones      = 5 * valuesPerFilter
	maxHintProxyZones = 20 // each costs a request
)

// Hints looks for mistakes in the query of an empty list.
func (c *Client) Hints(ctx context.Context, layer Layer, q Query) Hints {
	if layer == L4 {
		proxies := q.Hosts
		q.Hosts = nil
		h := c.zoneHints(ctx, q)
		if h.Checked && len(proxies) > 0 && len(h.UnknownZones)+len(h.UnknownZoneIDs) == 0 {
			h.OtherProxies, h.Checked = c.otherProxies(ctx, q, proxies)
		}
		return h
	}
	return c.zoneHints(ctx, q)
}

// otherProxies returns the proxies that none of the queried zones has. It is not
// checked if they cannot be listed.
func (c *Client) otherProxies(ctx context.Context, q Query, proxies []string) (other []string, checked bool) {
	zoneIDs, err := c.zoneIDs(ctx, q)
	if err != nil || len(zoneIDs) > maxHintProxyZones {
		return nil, false
	}
	known := map[string]bool{}
	for _, id := range zoneIDs {
		listed, err := c.L4Proxies(ctx, id)
		if err != nil {
			return nil, false
		}
		for i := range listed {
			known[listed[i].ID] = true
		}
	}
	for _, proxy := range proxies {
		if !known[proxy] {
			other = append(other, proxy)
		}
	}
	return sorted(other), true
}

// zoneHints looks for mistakes in the zones and domains of a query.
func (c *Client) zoneHints(ctx context.Context, q Query) Hints {
	var h Hints
	domains := q.Hosts
	if len(q.Zones)+len(q.ZoneIDs)+len(domains) > maxHintZones {
		return h
	}
	if c.zones.lock(ctx) != nil {
		return h
	}
	defer c.zones.unlock()

	if c.readZonesNamed(ctx, slices.Concat(q.Zones, domains)) != nil {
		return h
	}
	zones, err := c.zonesWithIDs(ctx, q.ZoneIDs)
	if err != nil {
		return h
	}
	for _, id := range q.ZoneIDs {
		if !slices.ContainsFunc(zones, func(z Zone) bool { return z.ID == id }) {
			h.UnknownZoneIDs = append(h.UnknownZoneIDs, id)
		}
	}
	h.UnknownZoneIDs = sorted(h.UnknownZoneIDs)
	for _, name := range q.Zones {
		found := c.zones.byName[DNSName(name)]
		if len(found) == 0 {
			h.UnknownZones = append(h.UnknownZones, name)
		}
		zones = append(zones, found...)
	}
	h.UnknownZones = sorted(h.UnknownZones)
	if len(domains) > 0 && len(q.Zones)+len(q.ZoneIDs) == 0 {
		// Every zone was queried.
		if c.readAllZones(ctx) != nil {
			return h
		}
		zones = c.zones.all
	}
	for _, domain := range domains {
		switch {
		case len(c.zones.byName[DNSName(domain)]) > 0:
			h.RootDomains = append(h.RootDomains, domain)
		case len(zones) > 0 && !slices.ContainsFunc(zones, func(z Zone) bool { return z.mayServe(domain) }):
			h.OtherDomains = append(h.OtherDomains, domain)
		}
	}
	h.RootDomains, h.OtherDomains = sorted(h.RootDomains), sorted(h.OtherDomains)
	h.Checked = true
	return h
}

// mayServe reports whether a zone can have a domain.
func (z *Zone) mayServe(domain string) bool {
	return !z.hasOwnDomains() || strings.HasSuffix("."+DNSName(domain), "."+DNSName(z.Name))
}

// hasOwnDomains reports whether every domain of a zone ends in the name of the zone.
// The domains of zones without domain access and of Pages need not.
func (z *Zone) hasOwnDomains() bool {
	switch z.Type {
	case "full", "partial", "dnsPodAccess":
		return true
	}
	return false
}
