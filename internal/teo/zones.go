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

// Zones lists the zones that have one of the names, in the form of DNSName, or one of
// the IDs; without either, every zone. The zones are sorted by name and ID. Names and
// IDs that no zone has are not an error. The errors are those of L7Logs.
func (c *Client) Zones(ctx context.Context, names, ids []string) ([]Zone, error) {
	if len(names)+len(ids) == 0 {
		return c.describeZones(ctx, nil)
	}
	found, err := c.zonesWith(ctx, "zone-name", names)
	if err != nil {
		return nil, err
	}
	named := func(name string) func(Zone) bool { return func(z Zone) bool { return DNSName(z.Name) == name } }
	if slices.ContainsFunc(names, func(name string) bool { return !slices.ContainsFunc(found, named(name)) }) {
		// The service may know a site by another spelling of its name.
		all, err := c.describeZones(ctx, nil)
		if err != nil {
			return nil, err
		}
		for _, z := range all {
			if slices.Contains(names, DNSName(z.Name)) {
				found = append(found, z)
			}
		}
	}
	identified, err := c.zonesWith(ctx, "zone-id", ids)
	if err != nil {
		return nil, err
	}
	found, _ = zoneOrder.sortAndDeduplicate(append(found, identified...))
	return found, nil
}

// zonesWith lists the zones that match one of the values of a filter, with as many
// requests as its values need.
func (c *Client) zonesWith(ctx context.Context, filterName string, values []string) ([]Zone, error) {
	var found []Zone
	for chunk := range slices.Chunk(values, valuesPerFilter) {
		zones, err := c.describeZones(ctx, []filter{{Name: filterName, Values: chunk}})
		if err != nil {
			return nil, err
		}
		found = append(found, zones...)
	}
	found, _ = zoneOrder.sortAndDeduplicate(found)
	return found, nil
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
