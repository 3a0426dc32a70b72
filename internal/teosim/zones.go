package teosim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxZonesLimit   = 100
	maxFilterValues = 20
)

// sortedZones returns zones latest first, with their defaults filled in.
func sortedZones(zones []Zone) []Zone {
	sorted := slices.Clone(zones)
	for i := range sorted {
		z := &sorted[i]
		if z.CreatedOn.IsZero() {
			z.CreatedOn = time.Date(2022, 1, 1, 8, 0, 0, 0, time.UTC).AddDate(0, 0, i)
		}
		z.Area = cmp.Or(z.Area, "global")
		z.Type = cmp.Or(z.Type, "partial")
		z.Status = cmp.Or(z.Status, "active")
		z.ActiveStatus = cmp.Or(z.ActiveStatus, "active")
	}
	slices.SortStableFunc(sorted, func(a, b Zone) int { return b.CreatedOn.Compare(a.CreatedOn) })
	return sorted
}

// zoneFilter is one of the Filters of DescribeZones. A zone must match each
// filter, by one of its values.
type zoneFilter struct {
	name   string
	values []string
	fuzzy  bool
}

func (s *Sim) decodeZones(body []byte) (respond, *apiError) {
	p := readParameters("", body, "Offset", "Limit", "Filters", "Order", "Direction")
	limit, offset := p.page(maxZonesLimit)
	filters := p.filters()
	order := p.choice("Order", "create-time", "type", "area", "zone-name", "use-time", "active-status")
	direction := p.choice("Direction", "desc", "asc")
	if p.err != nil {
		return nil, p.err
	}
	return func([]Fault, int64) []byte {
		zones := slices.DeleteFunc(slices.Clone(s.index.Load().zones), func(z Zone) bool {
			return slices.ContainsFunc(filters, func(f zoneFilter) bool { return !f.matches(z) })
		})
		orderZones(zones, order, direction)
		total := int64(len(zones))
		from := min(offset, total)
		rows := make([]zoneRow, 0, limit)
		for _, zone := range zones[from:min(from+limit, total)] {
			rows = append(rows, newZoneRow(zone))
		}
		data, _ := json.Marshal(rows)
		return fmt.Appendf(nil, `"TotalCount":%d,"Zones":%s,`, total, data)
	}, nil
}

// choice reads one of several values, the first by default.
func (p *parameters) choice(field string, choices ...string) string {
	if !p.has(field) {
		return choices[0]
	}
	value := p.text(field)
	if p.err == nil && !slices.Contains(choices, value) {
		p.fail(invalidValue(p.name(field), "it must be one of "+strings.Join(choices, ", ")))
	}
	return value
}

func (p *parameters) filters() []zoneFilter {
	var filters []zoneFilter
	for i, raw := range p.list("Filters") {
		q := readParameters(p.name("Filters")+"."+strconv.Itoa(i), raw, "Name", "Values", "Fuzzy")
		q.require("Name", "Values")
		f := zoneFilter{name: q.text("Name"), values: q.texts("Values"), fuzzy: q.flag("Fuzzy")}
		known := []string{"zone-name", "zone-type", "zone-id", "status", "tag-key", "tag-value", "alias-zone-name"}
		switch {
		case q.err != nil:
		case !slices.Contains(known, f.name):
			q.fail(invalidValue(q.name("Name"), "it must be one of "+strings.Join(known, ", ")))
		case len(f.values) == 0 || len(f.values) > maxFilterValues:
			q.fail(invalidValue(q.name("Values"), "it must have between 1 and 20 values"))
		case f.fuzzy && f.name != "zone-name" && f.name != "alias-zone-name":
			q.fail(invalidValue(q.name("Fuzzy"), "only zone-name and alias-zone-name can be fuzzy"))
		}
		if q.err != nil {
			p.fail(q.err)
		}
		filters = append(filters, f)
	}
	return filters
}

func (f zoneFilter) matches(z Zone) bool {
	return slices.ContainsFunc(f.values, func(value string) bool {
		switch f.name {
		case "zone-name":
			return f.same(z.Name, value)
		case "alias-zone-name":
			return f.same(z.Alias, value)
		case "zone-id":
			return z.ID == value
		case "zone-type":
			return z.Type == value
		case "status":
			return z.Status == value
		case "tag-key":
			_, ok := z.Tags[value]
			return ok
		case "tag-value":
			for _, tagged := range z.Tags {
				if tagged == value {
					return true
				}
			}
		}
		return false
	})
}

func (f zoneFilter) same(text, value string) bool {
	if f.fuzzy {
		return strings.Contains(text, value)
	}
	return text == value
}

// orderZones orders zones that come latest first. Use is not simulated: by
// use-time they stay as they are.
func orderZones(zones []Zone, order, direction string) {
	by := map[string]func(z Zone) string{
		"create-time":   func(z Zone) string { return z.CreatedOn.UTC().Format(time.RFC3339) },
		"type":          func(z Zone) string { return z.Type },
		"area":          func(z Zone) string { return z.Area },
		"zone-name":     func(z Zone) string { return z.Name },
		"active-status": func(z Zone) string { return z.ActiveStatus },
		"use-time":      func(Zone) string { return "" },
	}[order]
	slices.SortStableFunc(zones, func(a, b Zone) int {
		if direction == "asc" {
			return cmp.Compare(by(a), by(b))
		}
		return cmp.Compare(by(b), by(a))
	})
}
