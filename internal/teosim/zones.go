package teosim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

const (
	maxZonesLimit   = 100
	maxFilterValues = 20
)

// sortedZones returns zones with their defaults, the latest first.
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

// zoneFilter is one of the Filters of DescribeZones. A zone must match each filter
// with one of its values.
type zoneFilter struct {
	name   string
	values []string
}

// decodeZones parses DescribeZones. Order, Direction and filters that the provider
// does not send are not simulated; they are refused.
func (s *Sim) decodeZones(body []byte) (respond, *apiError) {
	p := readParameters("", body, "Offset", "Limit", "Filters")
	limit, offset := p.page(maxZonesLimit, false)
	filters := p.zoneFilters()
	if p.err != nil {
		return nil, p.err
	}
	return func([]Fault, int64) []byte {
		zones := slices.DeleteFunc(slices.Clone(s.current().zones), func(z Zone) bool {
			return slices.ContainsFunc(filters, func(f zoneFilter) bool { return !f.matches(z) })
		})
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

func (p *parameters) zoneFilters() []zoneFilter {
	var filters []zoneFilter
	for i, raw := range p.list("Filters") {
		q := readParameters(p.name("Filters")+"."+strconv.Itoa(i), raw, "Name", "Values")
		q.require("Name", "Values")
		f := zoneFilter{name: q.text("Name"), values: q.texts("Values")}
		switch {
		case q.err != nil:
		case f.name != "zone-name" && f.name != "zone-id":
			q.fail(invalidValue(q.name("Name"), "it must be zone-name or zone-id"))
		case len(f.values) == 0 || len(f.values) > maxFilterValues:
			q.fail(invalidValue(q.name("Values"), "it must have between 1 and 20 values"))
		}
		if q.err != nil {
			p.fail(q.err)
		}
		filters = append(filters, f)
	}
	return filters
}

func (f zoneFilter) matches(z Zone) bool {
	if f.name == "zone-id" {
		return slices.Contains(f.values, z.ID)
	}
	return slices.Contains(f.values, z.Name)
}
