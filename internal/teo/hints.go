package teo

import (
	"context"
	"slices"
	"strings"
)

// Hints say which parts of a query cannot match anything. They are looked up with
// DescribeZones after a list turned out to be empty.
type Hints struct {
	// Checked means that the query was looked up. Without the permission for
	// DescribeZones, and for very many zones and domains, it is not.
	Checked bool

	// RootDomains are queried domains that are names of sites. Logs are kept by
	// sub-domain, so they match only if the site's name itself is served.
	RootDomains []string

	// OtherDomains are queried domains that belong to none of the queried zones, or
	// to no zone of the account if none was named.
	OtherDomains []string

	// UnknownZones and UnknownZoneIDs are queried zones that the account does not
	// have.
	UnknownZones, UnknownZoneIDs []string
}

// maxHintZones bounds the requests that hints cost.
const maxHintZones = 5 * valuesPerFilter

// hints looks for mistakes in the query of an empty list.
func (c *Client) hints(ctx context.Context, layer Layer, q Query) Hints {
	var h Hints
	var domains []string
	if layer == L7 {
		domains = q.Hosts
	}
	if len(q.Zones)+len(q.ZoneIDs)+len(domains) > maxHintZones {
		return h
	}
	if c.zones.lock(ctx) != nil {
		return h
	}
	defer c.zones.unlock()

	if len(q.Zones)+len(domains) > 0 && c.readZonesNamed(ctx, slices.Concat(q.Zones, domains)) != nil {
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

// mayServe reports whether a zone can have a domain. The domains of zones without
// domain access and of Pages need not end in the name of the zone.
func (z *Zone) mayServe(domain string) bool {
	switch z.Type {
	case "full", "partial", "dnsPodAccess":
		return strings.HasSuffix("."+DNSName(domain), "."+DNSName(z.Name))
	}
	return true
}
