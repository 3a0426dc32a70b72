package teosim

import (
	"strconv"
	"time"
)

// defaultLimit is the Limit of 2022-09-01 if a request has none.
const defaultLimit = 20

// teoService are EdgeOne's actions with their documented rates.
func (s *Sim) teoService() service {
	return service{name: "teo", actions: []action{
		{version: version20220106, name: "DownloadL7Logs", perSecond: 20, decode: s.decodeLogs20220106},
		{version: version20220901, name: "DownloadL7Logs", perSecond: 100, decode: s.decodeLogs20220901(layer7, "Domains")},
		{version: version20220901, name: "DownloadL4Logs", perSecond: 100, decode: s.decodeLogs20220901(layer4, "ProxyIds")},
		{version: version20220901, name: "DescribeZones", perSecond: 20, decode: s.decodeZones},
		{version: version20220901, name: "DescribeTimingL7AnalysisData", perSecond: 100, decode: s.decodeTiming(layer7, metricsL7)},
		{version: version20220901, name: "DescribeTopL7AnalysisData", perSecond: 100, decode: s.decodeTop},
		{version: version20220901, name: "DescribeTimingL4Data", perSecond: 100, decode: s.decodeTiming(layer4, metricsL4)},
		{version: version20220901, name: "DescribeL4Proxy", perSecond: 20, decode: s.decodeProxies},
	}}
}

// decodeLogs20220106 reads DownloadL7Logs of 2022-01-06: pages by number, zones
// by name, all zones if none is named.
func (s *Sim) decodeLogs20220106(body []byte) (respond, *apiError) {
	p := readParameters("", body, "StartTime", "EndTime", "PageSize", "PageNo", "Zones", "Domains")
	p.require("StartTime", "EndTime", "PageSize", "PageNo")
	wanted := s.window(p)
	wanted.zoneNames = set(p.texts("Zones"))
	wanted.hosts = set(p.texts("Domains"))
	size, asked := p.integer("PageSize", 0), p.integer("PageNo", 0)
	if p.err == nil && size <= 0 {
		p.fail(invalidValue("PageSize", "it must be greater than 0"))
	}
	base := int64(s.options.PageBase)
	if p.err == nil && asked < base && s.options.StrictPage {
		p.fail(invalidValue("PageNo", "it must be at least "+strconv.FormatInt(base, 10)))
	}
	if p.err != nil {
		return nil, p.err
	}
	size = min(size, int64(s.options.MaxPageSize))
	page := max(asked, base)
	echoed := page
	if s.options.EchoRawPage {
		echoed = asked
	}
	return func(taken []Fault, now int64) []byte {
		data, total := s.listLogs(layer7, wanted, times(page-base, size), size, taken, now, s.appendRow20220106)
		data = append(data, `"PageSize":`...)
		data = strconv.AppendInt(data, size, 10)
		data = append(data, `,"PageNo":`...)
		data = strconv.AppendInt(data, echoed, 10)
		data = append(data, `,"Pages":`...)
		data = strconv.AppendInt(data, (total+size-1)/size, 10)
		data = append(data, `,"TotalSize":`...)
		return append(strconv.AppendInt(data, total, 10), ',')
	}, nil
}

// decodeLogs20220901 reads DownloadL7Logs and DownloadL4Logs of 2022-09-01:
// pages by offset, zones by ID.
func (s *Sim) decodeLogs20220901(l layer, hosts string) func([]byte) (respond, *apiError) {
	return func(body []byte) (respond, *apiError) {
		p := readParameters("", body, "StartTime", "EndTime", "ZoneIds", hosts, "Limit", "Offset")
		p.require("StartTime", "EndTime")
		if !s.options.EmptyWithoutZoneIDs {
			p.require("ZoneIds")
		}
		wanted := s.window(p)
		zoneIDs := p.texts("ZoneIds")
		if len(zoneIDs) > s.options.MaxZoneIDs {
			p.fail(invalidValue("ZoneIds", "it must have at most "+strconv.Itoa(s.options.MaxZoneIDs)+" values"))
		}
		wanted.zoneIDs = set(zoneIDs)
		wanted.hosts = set(p.texts(hosts))
		limit, offset := p.page(int64(s.options.MaxLimit), s.options.LowerLimit)
		if p.err != nil {
			return nil, p.err
		}
		if wanted.zoneIDs == nil {
			wanted.zoneIDs = map[string]bool{}
		}
		return func(taken []Fault, now int64) []byte {
			data, total := s.listLogs(l, wanted, offset, limit, taken, now, s.appendRow20220901)
			data = append(data, `"TotalCount":`...)
			return append(strconv.AppendInt(data, max(0, total-int64(s.options.Undercount)), 10), ',')
		}, nil
	}
}

// window reads the times that all log actions have.
func (s *Sim) window(p *parameters) selection {
	w := selection{start: p.time("StartTime"), end: p.time("EndTime")}
	if p.err == nil && s.options.AllowEmptyWindow && w.end.Equal(w.start) {
		w.end = w.start.Add(time.Second)
	}
	if p.err == nil && !w.end.After(w.start) {
		p.fail(invalidParameter("EndTime", "it must be later than StartTime"))
	}
	return w
}

// page reads Limit and Offset. A Limit above maxLimit is an error, or means maxLimit
// if lower is true.
func (p *parameters) page(maxLimit int64, lower bool) (limit, offset int64) {
	limit, offset = p.integer("Limit", defaultLimit), p.integer("Offset", 0)
	if lower {
		limit = min(limit, maxLimit)
	}
	if p.err == nil && (limit <= 0 || limit > maxLimit) {
		p.fail(invalidValue("Limit", "it must be between 1 and "+strconv.FormatInt(maxLimit, 10)))
	}
	if p.err == nil && offset < 0 {
		p.fail(invalidValue("Offset", "it must be at least 0"))
	}
	return limit, offset
}

// times multiplies numbers that a client chose. The result is bounded; no list has
// that many rows.
func times(a, b int64) int64 {
	const bound = 1 << 40
	return min(a, bound) * min(b, 1<<20)
}

// listLogs appends the rows of a page as the field Data, and returns the total.
func (s *Sim) listLogs(l layer, wanted selection, offset, limit int64, taken []Fault, now int64, row appendRow) ([]byte, int64) {
	for _, f := range taken {
		if f.Name == CatalogueGrows {
			s.grow(l, wanted)
		}
	}
	list := s.current().layers[l]
	found := list.find(wanted)
	total := int64(len(found))
	for _, f := range taken {
		if f.Name == ShiftedPage && offset > 0 {
			offset--
		}
	}
	expires := now + int64(s.options.URLLifetime/time.Second)
	from := min(offset, total)
	page := found[from:min(from+limit, total)]
	signer := s.newSigner()
	data := make([]byte, 0, 256+len(page)*512)
	data = append(data, `"Data":[`...)
	for i, n := range page {
		if i > 0 {
			data = append(data, ',')
		}
		data = row(data, &list.sorted[n], signer, expires)
	}
	return append(data, "],"...), total
}

// grow adds a package to the selected ones: later than the latest one by a minute,
// or by a second where the window ends before that.
func (s *Sim) grow(l layer, wanted selection) {
	s.Update(func(c *Catalogue) {
		list := newIndex(*c).layers[l]
		found := list.find(wanted)
		if len(found) == 0 {
			return
		}
		pkg := list.sorted[found[0]].Package
		pkg.Start = pkg.Start.Add(time.Minute)
		if !pkg.Start.Before(wanted.end) {
			pkg.Start = pkg.Start.Add(time.Second - time.Minute)
		}
		if !pkg.Start.Before(wanted.end) {
			return
		}
		if !pkg.End.After(pkg.Start) {
			pkg.End = pkg.Start.Add(time.Minute)
		}
		pkg.Name = PackageName(pkg.Host, pkg.Start, time.Minute)
		if l == layer4 {
			c.L4 = append(c.L4, pkg)
		} else {
			c.L7 = append(c.L7, pkg)
		}
	})
}
