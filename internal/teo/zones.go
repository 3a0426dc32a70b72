package teo

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// Zone is a site of the account. A field that the service left out or answered
// null is empty.
type Zone struct {
	// ID is unique, such as "zone-27q0p0bali16"; Name is not: two zones can
	// bear one name and differ by their AliasName.
	ID        string `json:"ZoneId"`
	Name      string `json:"ZoneName"`
	AliasName string `json:"AliasZoneName"`

	Area         string // global, mainland or overseas
	Type         string // full, partial, noDomainAccess, dnsPodAccess, pages or ai
	Status       string // active, pending, moved, deactivated or initializing
	ActiveStatus string // active, inactive or paused
	Paused       *bool
	Tags         []Tag
}

// Tag is a tag of a zone.
type Tag struct {
	Key   string `json:"TagKey"`
	Value string `json:"TagValue"`
}

const (
	zonesPerPage    = 100 // documented
	valuesPerFilter = 20  // documented

	// mostZones ends a list that has no end: a count that is far off, or pages
	// that are never empty. Accounts have thousands of zones at the most.
	mostZones = 100_000
)

type zonesRequest struct {
	Offset  int
	Limit   int
	Filters []filter `json:",omitempty"`
}

type filter struct {
	Name   string
	Values []string
}

type zonesAnswer struct {
	tcapi.Head

	TotalCount *int64
	Zones      []Zone
}

// Zones lists the zones with any of these names and any of these IDs; none of a
// kind does not narrow. They are in order of name and ID. Names and IDs that no
// zone bears are no error. Other errors are those of L7Logs.
func (c *Client) Zones(ctx context.Context, names, ids []string) ([]Zone, error) {
	var found []Zone
	for _, filters := range zoneFilters(names, ids) {
		some, err := c.describeZones(ctx, filters)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	found, _ = settleZones(found)
	return found, nil
}

// zoneFilters splits names and IDs into as many requests as the limit on the
// values of a filter makes. Filters of one request narrow each other.
func zoneFilters(names, ids []string) [][]filter {
	byName := chunks("zone-name", names)
	byID := chunks("zone-id", ids)
	var all [][]filter
	for _, n := range byName {
		for _, i := range byID {
			all = append(all, slices.Concat(n, i))
		}
	}
	return all
}

func chunks(name string, values []string) [][]filter {
	if len(values) == 0 {
		return [][]filter{nil}
	}
	var all [][]filter
	for chunk := range slices.Chunk(values, valuesPerFilter) {
		all = append(all, []filter{{Name: name, Values: chunk}})
	}
	return all
}

// describeZones reads every page of DescribeZones.
func (c *Client) describeZones(ctx context.Context, filters []filter) ([]Zone, error) {
	p := &pager[Zone]{
		client: c, action: describeZones, size: zonesPerPage, most: mostZones, countIsFloor: true,
		settle: settleZones, same: sameZone,
	}
	p.fetch = func(ctx context.Context, at int) (page[Zone], error) {
		answer, err := tcapi.Call[zonesAnswer](ctx, c.api, describeZones, zonesRequest{Offset: at, Limit: p.size, Filters: filters})
		if err != nil {
			return page[Zone]{}, err
		}
		return page[Zone]{rows: answer.Zones, total: count(answer.TotalCount), requestID: answer.RequestID}, nil
	}
	r, err := p.all(ctx, func(ctx context.Context) (*reading[Zone], error) { return p.readOffsets(ctx, new(limitMemo)) })
	if err != nil {
		return nil, err
	}
	return r.rows, nil
}

// settleZones puts zones in order and takes out those that came twice.
func settleZones(zones []Zone) (kept, twice []Zone) {
	slices.SortStableFunc(zones, func(a, b Zone) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	kept = slices.CompactFunc(zones, func(a, b Zone) bool {
		if !sameZone(a, b) {
			return false
		}
		twice = append(twice, b)
		return true
	})
	return kept, twice
}

// sameZone tells whether two rows are one zone. Rows without an ID all stay.
func sameZone(a, b Zone) bool { return a.ID == b.ID && a.ID != "" }
