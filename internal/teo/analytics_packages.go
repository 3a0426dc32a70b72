package teo

import (
	"context"
	"errors"
	"time"
)

// WalkPackages lists the packages of a zone in a window and visits each of them,
// in order of start. It always uses 2022-09-01. A list that is longer than
// q.MaxPackages is read in several shorter windows, so that no more than that
// many packages are held at once.
//
// Its errors are those of L7Logs. A TooManyError means that a single hour has
// more packages than that.
func (c *Client) WalkPackages(ctx context.Context, layer Layer, zoneID string, q Query, visit func(*Package)) error {
	return c.walk(ctx, layer, zoneID, q, time.Time{}, visit)
}

// walk leaves out packages that start before from: the window before has them.
func (c *Client) walk(ctx context.Context, layer Layer, zoneID string, q Query, from time.Time, visit func(*Package)) error {
	r, err := c.logsOfZones(ctx, layer, q, []string{zoneID}, min(q.pageSize(), limitSteps[0]), q.maxPackages())
	var many *TooManyError
	if hours := int64(q.End.Sub(q.Start) / time.Hour); errors.As(err, &many) && hours > 1 {
		parts := min(hours, max(2, (many.Total+int64(many.Most)-1)/int64(many.Most)))
		step := time.Duration((hours+parts-1)/parts) * time.Hour
		for at := q.Start; at.Before(q.End); at = at.Add(step) {
			part := q
			part.Start = at
			if end := at.Add(step); end.Before(q.End) {
				part.End = end
			}
			if at.After(q.Start) {
				from = at
			}
			if err := c.walk(ctx, layer, zoneID, part, from, visit); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	for i := range r.rows {
		if p := &r.rows[i]; p.Start.IsZero() || !p.Start.Before(from) {
			visit(p)
		}
	}
	return nil
}

// ZoneIDs returns the IDs of the zones of a query: those that it names, or every
// zone of the account. Its errors are those of L7Logs.
func (c *Client) ZoneIDs(ctx context.Context, q Query) ([]string, error) { return c.zoneIDs(ctx, q) }
