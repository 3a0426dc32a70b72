package teo

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// Zone is a site of the account. A field that is missing or null in the response is
// empty.
type Zone struct {
	// ID is unique, such as "zone-27q0p0bali16". Name is not: two zones can have
	// the same name and differ by their AliasName.
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

	// maxZones bounds a list that never ends because of a wrong count or because
	// no page is empty. Accounts have at most thousands of zones.
	maxZones = 100_000
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

	TotalCount tcapi.Integer
	Zones      []Zone
}

// Zones lists the zones that have one of the names and one of the IDs. Without
// names every name matches, and without IDs every ID. The zones are sorted by name
// and ID. Names and IDs that no zone has are not an error. The errors are those of
// L7Logs.
func (c *Client) Zones(ctx context.Context, names, ids []string) ([]Zone, error) {
	var found []Zone
	for _, filters := range zoneFilters(names, ids) {
		zones, err := c.describeZones(ctx, filters)
		if err != nil {
			return nil, err
		}
		found = append(found, zones...)
	}
	found, _ = zoneOrder.sortAndDeduplicate(found)
	return found, nil
}

// zoneFilters splits names and IDs into requests with at most valuesPerFilter
// values a filter. A zone must match every filter of a request.
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
	r, err := listByOffset(ctx, c, offsetList[Zone]{
		action: describeZones, pageSize: zonesPerPage, maxRows: maxZones, order: zoneOrder,
		fetch: func(ctx context.Context, r pageRequest) (page[Zone], error) {
			request := zonesRequest{Offset: r.at, Limit: r.size, Filters: filters}
			answer, err := tcapi.Call[zonesAnswer](ctx, c.api, describeZones, request, r.options...)
			if err != nil {
				return page[Zone]{}, err
			}
			return page[Zone]{rows: answer.Zones, total: count(answer.TotalCount), requestID: answer.RequestID}, nil
		},
	})
	if err != nil {
		return nil, err
	}
	return r.rows, nil
}

// zoneOrder sorts zones by name and ID.
var zoneOrder = rowOrder[Zone]{
	compare: func(a, b Zone) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	},
	same:       func(a, b Zone) bool { return a.ID == b.ID },
	identified: func(z Zone) bool { return z.ID != "" },
}
