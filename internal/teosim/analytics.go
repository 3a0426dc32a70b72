package teosim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	longestAnalysis  = 31 * 24 * time.Hour
	maxAnalysisZones = 100
	defaultTop       = 10
	maxTop           = 1000
)

// AnalyticsOptions choose between behaviours of the analytics that the service
// does not document. The zero value answers as the documented samples do.
type AnalyticsOptions struct {
	// PointAtEnd adds a bucket that begins at EndTime, as a documented sample
	// of layer 4 has it.
	PointAtEnd bool
	// Sparse leaves out the buckets without traffic.
	Sparse bool
	// NullDetail makes Detail null, and NullData makes Data null, where a
	// series has no traffic at all.
	NullDetail, NullData bool
	// LookBack is how far before now a query can begin. An earlier StartTime is
	// answered with LimitExceeded.QueryTimeLimitExceeded. 0 is no limit.
	LookBack time.Duration
}

// metric says what one request, or in layer 4 one connection, adds to a series.
type metric struct {
	each   int64
	bits   bool // a bandwidth: bits a second
	rate   bool // a float: events a second
	steady bool // an average, such as a response time: each where there is traffic
}

var metricsL7 = map[string]metric{
	"l7Flow_request":                  {each: 1},
	"l7Flow_flux":                     {each: 20_900},
	"l7Flow_inFlux":                   {each: 900},
	"l7Flow_outFlux":                  {each: 20_000},
	"l7Flow_bandwidth":                {each: 20_900, bits: true},
	"l7Flow_inBandwidth":              {each: 900, bits: true},
	"l7Flow_outBandwidth":             {each: 20_000, bits: true},
	"l7Flow_avgResponseTime":          {each: 120, steady: true},
	"l7Flow_avgFirstByteResponseTime": {each: 80, steady: true},
	"l7Flow_requestRate":              {each: 1, rate: true},
}

var metricsL4 = map[string]metric{
	"l4Flow_flux":               {each: 50_000},
	"l4Flow_inFlux":             {each: 10_000},
	"l4Flow_outFlux":            {each: 40_000},
	"l4Flow_inBandwidth":        {each: 10_000, bits: true},
	"l4Flow_outBandwidth":       {each: 40_000, bits: true},
	"l4Flow_connections":        {each: 1},
	"l4Flow_newConnectionsRate": {each: 1, rate: true},
}

// topMetrics are the dimensions by which DescribeTopL7AnalysisData ranks.
// Only domains are simulated; the others are valid, with empty results.
var topMetrics = func() map[string]bool {
	all := map[string]bool{}
	for _, metric := range []string{"l7Flow_outFlux_", "l7Flow_request_"} {
		for _, by := range []string{
			"country", "province", "statusCode", "domain", "url", "resourceType", "sip", "referers",
			"ua_device", "ua_browser", "ua_os", "ua",
		} {
			all[metric+by] = true
		}
	}
	return all
}()

var intervals = map[string]time.Duration{
	"min": time.Minute, "5min": 5 * time.Minute, "hour": time.Hour, "day": 24 * time.Hour,
}

// analysis is a request for analytics.
type analysis struct {
	layer      layer
	start, end time.Time
	zoneIDs    map[string]bool // nil: every zone
	filters    []condition
}

// readAnalysis reads what the analytics of both layers have in common.
func (s *Sim) readAnalysis(p *parameters, l layer) analysis {
	q := analysis{layer: l, start: p.time("StartTime"), end: p.time("EndTime"), zoneIDs: map[string]bool{}}
	ids := p.texts("ZoneIds")
	q.filters = p.conditions(l)
	switch {
	case p.err != nil:
	case !q.end.After(q.start):
		p.fail(invalidParameter("EndTime", "it must be later than StartTime"))
	case q.end.Sub(q.start) > longestAnalysis:
		p.fail(invalidParameter("EndTime", "the time range must not exceed 31 days"))
	case len(ids) == 0:
		p.fail(missingParameter("ZoneIds"))
	case len(ids) > maxAnalysisZones:
		p.fail(invalidValue("ZoneIds", "it must have at most 100 values"))
	case s.options.Analytics.LookBack > 0 && q.start.Before(s.Now().Add(-s.options.Analytics.LookBack)):
		p.fail(codeError("LimitExceeded.QueryTimeLimitExceeded"))
	}
	for _, id := range ids {
		q.zoneIDs[id] = true
	}
	if q.zoneIDs["*"] {
		q.zoneIDs = nil
		if len(ids) > 1 {
			p.fail(invalidValue("ZoneIds", "* cannot be combined with zone IDs"))
		}
	}
	return q
}

// decodeTiming reads DescribeTimingL7AnalysisData and DescribeTimingL4Data.
func (s *Sim) decodeTiming(l layer, metrics map[string]metric) func([]byte) (respond, *apiError) {
	known := []string{"StartTime", "EndTime", "MetricNames", "ZoneIds", "Interval", "Filters", "Area"}
	if l == layer4 {
		known = append(known, "ProxyIds")
	}
	return func(body []byte) (respond, *apiError) {
		p := readParameters("", body, known...)
		p.require("StartTime", "EndTime", "MetricNames", "ZoneIds")
		q := s.readAnalysis(p, l)
		names := p.texts("MetricNames")
		if p.err == nil && len(names) == 0 {
			p.fail(missingParameter("MetricNames"))
		}
		for _, name := range names {
			if _, ok := metrics[name]; !ok {
				p.fail(invalidValue("MetricNames", name+" is not a metric of this action"))
			}
		}
		interval := p.interval(l, q.end.Sub(q.start))
		if proxies := p.texts("ProxyIds"); len(proxies) > 0 {
			q.filters = append(q.filters, condition{key: "proxyId", operator: "equals", values: proxies})
		}
		if p.err != nil {
			return nil, p.err
		}
		return func([]Fault, int64) []byte { return s.timing(q, names, metrics, interval) }, nil
	}
}

// interval reads Interval. Without it the service chooses by the length of the
// window.
func (p *parameters) interval(l layer, window time.Duration) time.Duration {
	if p.has("Interval") {
		text := p.text("Interval")
		interval, ok := intervals[text]
		if p.err == nil && !ok {
			p.fail(invalidValue("Interval", "it must be one of min, 5min, hour, day"))
		}
		return interval
	}
	shortest := 2 * time.Hour
	if l == layer4 {
		shortest = time.Hour
	}
	switch {
	case window <= shortest:
		return time.Minute
	case window <= 2*24*time.Hour:
		return 5 * time.Minute
	case window <= 7*24*time.Hour:
		return time.Hour
	}
	return 24 * time.Hour
}

// timing answers with one record, whose series are those of all that matches:
// there is no dimension.
func (s *Sim) timing(q analysis, names []string, metrics map[string]metric, interval time.Duration) []byte {
	o := s.options.Analytics
	first, last := q.start.UTC().Truncate(interval), q.end
	if o.PointAtEnd {
		last = last.Add(time.Nanosecond)
	}
	hosts := s.current().flows(q.layer).matching(q)
	buckets := make([]int64, 0, int(last.Sub(first)/interval)+1)
	var total int64
	for at := first; at.Before(last); at = at.Add(interval) {
		var count int64
		for _, flows := range hosts {
			count += flows.between(at, at.Add(interval), q.mitigated())
		}
		buckets = append(buckets, count)
		total += count
	}
	if len(hosts) == 0 || total == 0 && o.NullData {
		if o.NullData {
			return []byte(`"TotalCount":0,"Data":null,`)
		}
		return []byte(`"TotalCount":0,"Data":[],`)
	}
	record := map[string]any{"TypeKey": appID}
	var integers, floats []any
	for _, name := range names {
		m := metrics[name]
		values := make([]float64, len(buckets))
		for i, count := range buckets {
			values[i] = m.value(count, interval)
		}
		series := o.series(name, values, first, interval, m.rate)
		if o.NullDetail && total == 0 {
			series["Detail"] = nil
		}
		if m.rate {
			floats = append(floats, series)
		} else {
			integers = append(integers, series)
		}
	}
	record["TypeValue"], record["FloatTypeValue"] = orEmpty(integers), orEmpty(floats)
	data, _ := json.Marshal([]any{record})
	return fmt.Appendf(nil, `"TotalCount":1,"Data":%s,`, data)
}

func (m metric) value(count int64, interval time.Duration) float64 {
	switch {
	case m.steady:
		return float64(min(count, 1) * m.each)
	case m.rate:
		return float64(count) / interval.Seconds()
	case m.bits:
		return float64(count * m.each * 8 / int64(interval/time.Second))
	}
	return float64(count * m.each)
}

// series makes a TimingTypeValue or FloatTimingTypeValue.
func (o AnalyticsOptions) series(name string, values []float64, first time.Time, interval time.Duration, float bool) map[string]any {
	number := func(v float64) any {
		if float {
			return v
		}
		return int64(v)
	}
	detail := []any{}
	var sum, largest float64
	for i, v := range values {
		sum, largest = sum+v, max(largest, v)
		if v == 0 && o.Sparse {
			continue
		}
		detail = append(detail, map[string]any{
			"Timestamp": first.Add(time.Duration(i) * interval).Unix(), "Value": number(v),
		})
	}
	average := sum / float64(max(1, len(values)))
	return map[string]any{
		"MetricName": name, "Sum": number(sum), "Max": number(largest), "Avg": number(average), "Detail": detail,
	}
}

// decodeTop reads DescribeTopL7AnalysisData.
func (s *Sim) decodeTop(body []byte) (respond, *apiError) {
	p := readParameters("", body, "StartTime", "EndTime", "MetricName", "ZoneIds", "Limit", "Filters", "Interval", "Area")
	p.require("StartTime", "EndTime", "MetricName", "ZoneIds")
	q := s.readAnalysis(p, layer7)
	name, limit := p.text("MetricName"), p.integer("Limit", defaultTop)
	if p.err == nil && !topMetrics[name] {
		p.fail(invalidValue("MetricName", name+" is not a metric of this action"))
	}
	if p.err == nil && (limit <= 0 || limit > maxTop) {
		p.fail(invalidValue("Limit", "it must be between 1 and "+strconv.Itoa(maxTop)))
	}
	p.text("Interval")
	if p.err != nil {
		return nil, p.err
	}
	return func([]Fault, int64) []byte {
		type detail struct {
			Key   string
			Value int64
		}
		details := []detail{}
		if strings.HasSuffix(name, "_domain") {
			for _, flows := range s.current().flows(layer7).matching(q) {
				if n := flows.between(q.start, q.end, q.mitigated()); n > 0 {
					details = append(details, detail{flows.host, n})
				}
			}
		}
		slices.SortStableFunc(details, func(a, b detail) int { return int(b.Value - a.Value) })
		details = details[:min(len(details), int(limit))]
		if len(details) == 0 && s.options.Analytics.NullData {
			return []byte(`"TotalCount":0,"Data":null,`)
		}
		data, _ := json.Marshal([]any{map[string]any{"TypeKey": appID, "DetailData": details}})
		return fmt.Appendf(nil, `"TotalCount":%d,"Data":%s,`, len(details), data)
	}, nil
}

func orEmpty(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}
