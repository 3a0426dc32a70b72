package teo

import (
	"context"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// The actions of the traffic analytics, with their documented limits.
var (
	describeTimingL7 = tcapi.Action{Version: Version20220901, Name: "DescribeTimingL7AnalysisData", PerSecond: 100}
	describeTopL7    = tcapi.Action{Version: Version20220901, Name: "DescribeTopL7AnalysisData", PerSecond: 100}
	describeTimingL4 = tcapi.Action{Version: Version20220901, Name: "DescribeTimingL4Data", PerSecond: 100}
)

const (
	// longestAnalysis is the documented maximum length of a window.
	longestAnalysis = 31 * 24 * time.Hour
	// maxTopRows is the documented maximum of Limit. A response with that many
	// rows may lack others.
	maxTopRows = 1000
)

// Unknown stands for the count of an hour that the analytics did not return.
const Unknown = -1

// Traffic is the traffic of one zone in a window of whole hours.
// A zone is analyzed in two steps, so that the number of domains is known
// before their series are requested.
type Traffic struct {
	// ZoneID is the zone, and Start and End are the window.
	ZoneID     string
	Start, End time.Time

	// Since is the first hour that the analytics can look back to: Start, or a
	// later one if the plan of the zone does not reach that far.
	Since time.Time

	client *Client
	layer  Layer
	parts  []*trafficPart
}

// trafficPart is the part of a window that one request can ask for.
type trafficPart struct {
	start, end time.Time
	top        map[string]int64 // layer 7: requests by domain
	zone       *hourly          // the series of the whole zone; in layer 7 only if it was needed
}

// hourly is a series: counts by the start of the hour, in Unix seconds, or Unknown
// for a count that is null. It is empty if the service answered no point at all.
type hourly map[int64]int64

// L7Traffic finds out which domains of a zone had requests in a window. The
// window consists of whole UTC hours.
//
// Errors: *tcapi.Error, those of the credentials, or the context's cause.
func (c *Client) L7Traffic(ctx context.Context, zoneID string, start, end time.Time) (*Traffic, error) {
	t := &Traffic{ZoneID: zoneID, Start: start, End: end, client: c, layer: L7}
	return t, t.find(ctx, func(ctx context.Context, p *trafficPart) error {
		var err error
		p.top, err = c.topDomains(ctx, zoneID, p.start, p.end)
		return err
	})
}

// L4Traffic reads the bytes of a whole zone, by hour. Its errors are those of
// L7Traffic.
func (c *Client) L4Traffic(ctx context.Context, zoneID string, start, end time.Time) (*Traffic, error) {
	t := &Traffic{ZoneID: zoneID, Start: start, End: end, client: c, layer: L4}
	return t, t.find(ctx, func(ctx context.Context, p *trafficPart) error {
		series, err := c.series(ctx, L4, zoneID, "", p.start, p.end)
		p.zone = &series
		return err
	})
}

// find runs the first step on each part of the window, the latest first, until
// the analytics refuse to look back further.
func (t *Traffic) find(ctx context.Context, probe func(context.Context, *trafficPart) error) error {
	t.Since = t.Start
	for _, part := range slices.Backward(analysisWindows(t.Start, t.End)) {
		err := probe(ctx, part)
		if beyondLookBack(err) {
			t.Since = part.end
			if part, err = firstAnswered(ctx, part, probe); part != nil {
				t.Since = part.start
				t.parts = append(t.parts, part)
			}
			return err
		}
		if err != nil {
			return err
		}
		t.parts = append(t.parts, part)
	}
	return nil
}

// firstAnswered searches for the first day of a part for which the analytics have
// data. It returns nil if there is none.
func firstAnswered(ctx context.Context, refused *trafficPart, probe func(context.Context, *trafficPart) error) (*trafficPart, error) {
	const day = 24 * time.Hour
	first := refused.start.Truncate(day).Add(day)
	var answered *trafficPart
	for low, high := 0, int((refused.end.Sub(first)+day-1)/day); low < high; {
		middle := (low + high) / 2
		part := &trafficPart{start: first.Add(time.Duration(middle) * day), end: refused.end}
		switch err := probe(ctx, part); {
		case err == nil:
			answered, high = part, middle
		case beyondLookBack(err):
			low = middle + 1
		default:
			return nil, err
		}
	}
	return answered, nil
}

// analysisWindows divides a window into parts that one request can ask for.
func analysisWindows(start, end time.Time) []*trafficPart {
	var parts []*trafficPart
	for at := start; at.Before(end); at = at.Add(longestAnalysis) {
		part := &trafficPart{start: at, end: at.Add(longestAnalysis)}
		if part.end.After(end) {
			part.end = end
		}
		parts = append(parts, part)
	}
	return parts
}

// beyondLookBack reports whether the analytics refused a window because it begins
// earlier than the plan of the zone allows.
func beyondLookBack(err error) bool {
	failure := tcapi.AsError(err)
	return failure != nil && failure.Code == "LimitExceeded.QueryTimeLimitExceeded"
}

// Domains returns the domains with requests in the window, sorted and in the form of
// DNSName. It returns none for layer 4.
func (t *Traffic) Domains() []string {
	var all []string
	for _, p := range t.parts {
		for domain := range p.top {
			all = append(all, domain)
		}
	}
	return sorted(all)
}

// CutOff reports whether the list of domains has as many entries as the service
// returns at most, so that others may be missing.
func (t *Traffic) CutOff() bool {
	return slices.ContainsFunc(t.parts, func(p *trafficPart) bool { return p.cutOff() })
}

func (p *trafficPart) cutOff() bool { return len(p.top) >= maxTopRows }

func (p *trafficPart) hours() int { return int(p.end.Sub(p.start) / time.Hour) }

// Counts returns the counts of hosts, one for each hour of the window: requests
// of domains, or bytes of layer-4 proxies. An hour that the analytics did not
// return is Unknown. Domains are compared, and returned, in the form
// of DNSName.
//
// Its errors are those of L7Traffic.
func (t *Traffic) Counts(ctx context.Context, hosts []string) (map[string][]int64, error) {
	counts := make(map[string][]int64, len(hosts))
	for _, host := range hosts {
		all := make([]int64, int(t.End.Sub(t.Start)/time.Hour))
		for i := range all {
			all[i] = Unknown
		}
		counts[t.name(host)] = all
	}
	hosts = slices.Sorted(maps.Keys(counts))
	for _, p := range t.parts {
		if err := t.countPart(ctx, p, hosts, counts); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

func (t *Traffic) name(host string) string {
	if t.layer == L7 {
		return DNSName(host)
	}
	return host
}

// countPart fills in the hours of one part. Series are requested for one host,
// or for all hosts of one hour, whichever needs fewer requests.
func (t *Traffic) countPart(ctx context.Context, p *trafficPart, hosts []string, counts map[string][]int64) error {
	if len(p.top) == 0 {
		if err := t.readZone(ctx, p); err != nil {
			return err
		}
	}
	var active []string
	for _, host := range hosts {
		if p.active(host) {
			active = append(active, host)
		} else {
			t.fill(p, host, nil, counts[host])
		}
	}
	if t.layer == L7 && p.hours() < len(active) {
		return t.countByHour(ctx, p, active, counts)
	}
	return t.countByHost(ctx, p, active, counts)
}

// readZone reads the series of the whole zone, which shows whether the analytics know
// the zone. It is empty if the analytics keep it for less time than the list of domains.
func (t *Traffic) readZone(ctx context.Context, p *trafficPart) error {
	if p.zone != nil {
		return nil
	}
	series, err := t.client.series(ctx, t.layer, t.ZoneID, "", p.start, p.end)
	if err != nil && !beyondLookBack(err) {
		return err
	}
	p.zone = &series
	return nil
}

// active reports whether a host can have traffic in the part, so that its series
// is worth a request: an hour of the zone that is Unknown may have some.
func (p *trafficPart) active(host string) bool {
	if p.top != nil {
		return p.top[host] > 0 || p.cutOff()
	}
	for _, n := range *p.zone {
		if n != 0 {
			return true
		}
	}
	return false
}

// fill sets the hours of a host from its series. An empty response can also mean
// that the service does not know the host, so it stands for no traffic only if
// the zone itself has a series.
func (t *Traffic) fill(p *trafficPart, host string, series hourly, counts []int64) {
	if len(series) == 0 && p.top[host] > 0 {
		return // the list of domains contradicts the series
	}
	for at := p.start; at.Before(p.end); at = at.Add(time.Hour) {
		if len(p.top) > 0 || t.layer == L4 && len(*p.zone) > 0 || p.quiet(at) {
			counts[t.hour(at)] = series[at.Unix()]
		}
	}
}

// quiet reports whether the series of the zone shows no traffic at an hour.
func (p *trafficPart) quiet(at time.Time) bool {
	return p.zone != nil && len(*p.zone) > 0 && (*p.zone)[at.Unix()] == 0
}

func (t *Traffic) hour(at time.Time) int { return int(at.Sub(t.Start) / time.Hour) }

func (t *Traffic) countByHost(ctx context.Context, p *trafficPart, hosts []string, counts map[string][]int64) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(tcapi.MaxInFlight)
	for _, host := range hosts {
		group.Go(func() error {
			series, err := t.client.series(ctx, t.layer, t.ZoneID, host, p.start, p.end)
			if beyondLookBack(err) {
				return nil // the series of a host may be kept for less time than the list
			}
			if err == nil {
				t.fill(p, host, series, counts[host])
			}
			return err
		})
	}
	return group.Wait()
}

func (t *Traffic) countByHour(ctx context.Context, p *trafficPart, hosts []string, counts map[string][]int64) error {
	tops := make([]map[string]int64, p.hours())
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(tcapi.MaxInFlight)
	for i := range tops {
		at := p.start.Add(time.Duration(i) * time.Hour)
		group.Go(func() error {
			top, err := t.client.topDomains(groupCtx, t.ZoneID, at, at.Add(time.Hour))
			tops[i] = top
			if beyondLookBack(err) {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if slices.ContainsFunc(tops, func(top map[string]int64) bool { return top != nil && len(top) == 0 }) {
		if err := t.readZone(ctx, p); err != nil {
			return err
		}
	}
	for i, top := range tops {
		at := p.start.Add(time.Duration(i) * time.Hour)
		quiet := len(top) > 0 && len(top) < maxTopRows || top != nil && len(top) == 0 && p.quiet(at)
		for _, host := range hosts {
			if n := top[host]; n > 0 || quiet {
				counts[host][t.hour(at)] = n
			}
		}
	}
	return nil
}

// condition is one of the Filters of the analytics.
type condition struct {
	Key      string
	Operator string
	Value    []string
}

type timingRequest struct {
	StartTime   string
	EndTime     string
	MetricNames []string
	ZoneIDs     []string    `json:"ZoneIds"`
	ProxyIDs    []string    `json:"ProxyIds,omitempty"`
	Interval    string      // always sent: without it the service chooses by the length of the window
	Filters     []condition `json:",omitempty"`
}

type timingAnswer struct {
	tcapi.Head

	// Data can be null, as can Detail.
	Data []struct {
		TypeValue []struct {
			MetricName string
			Detail     []struct{ Timestamp, Value tcapi.Integer }
		}
	}
}

// series reads the hourly series of one host of a zone, or of the whole zone if
// the host is empty.
func (c *Client) series(ctx context.Context, layer Layer, zoneID, host string, start, end time.Time) (hourly, error) {
	action, metric := describeTimingL7, "l7Flow_request"
	request := timingRequest{StartTime: start.UTC().Format(time.RFC3339), EndTime: end.UTC().Format(time.RFC3339), ZoneIDs: []string{zoneID}, Interval: "hour"}
	switch {
	case layer == L4:
		action, metric = describeTimingL4, "l4Flow_flux"
		if host != "" {
			request.ProxyIDs = []string{host}
		}
	case host != "":
		// No other filter: with some of them the service returns samples.
		request.Filters = []condition{{Key: "domain", Operator: "equals", Value: []string{host}}}
	}
	request.MetricNames = []string{metric}
	answer, err := tcapi.Call[timingAnswer](ctx, c.api, action, request)
	if err != nil {
		return nil, err
	}
	series := hourly{}
	for _, record := range answer.Data {
		for _, value := range record.TypeValue {
			if value.MetricName != metric {
				continue
			}
			for _, point := range value.Detail {
				// A point at the end of the window, which a documented sample
				// has, belongs to the next hour.
				at := time.Unix(point.Timestamp.Value, 0).Truncate(time.Hour)
				switch {
				case at.Before(start) || !at.Before(end) || series[at.Unix()] == Unknown:
				case !point.Value.Valid:
					series[at.Unix()] = Unknown
				default:
					series[at.Unix()] += max(0, point.Value.Value)
				}
			}
		}
	}
	return series, nil
}

type topRequest struct {
	StartTime  string
	EndTime    string
	MetricName string
	ZoneIDs    []string `json:"ZoneIds"`
	Limit      int
}

type topAnswer struct {
	tcapi.Head

	// Data can be null.
	Data []struct {
		DetailData []struct {
			Key   string
			Value tcapi.Integer
		}
	}
}

// topDomains reads the domains of a zone with their requests, by DNSName. It returns at most maxTopRows of them, and an empty map for none.
func (c *Client) topDomains(ctx context.Context, zoneID string, start, end time.Time) (map[string]int64, error) {
	answer, err := tcapi.Call[topAnswer](ctx, c.api, describeTopL7, topRequest{
		StartTime: start.UTC().Format(time.RFC3339), EndTime: end.UTC().Format(time.RFC3339), MetricName: "l7Flow_request_domain",
		ZoneIDs: []string{zoneID}, Limit: maxTopRows,
	})
	if err != nil {
		return nil, err
	}
	domains := map[string]int64{}
	for _, record := range answer.Data {
		for _, row := range record.DetailData {
			if row.Key != "" {
				domains[DNSName(row.Key)] += max(0, row.Value.Value)
			}
		}
	}
	return domains, nil
}
