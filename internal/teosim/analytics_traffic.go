package teosim

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// flow is the traffic of one package: requests that spread evenly over its slot.
type flow struct {
	start, end int64 // unix seconds, the end exclusive
	requests   int64
	mitigated  bool
}

// hostFlows is the traffic of one host in one zone, by start.
type hostFlows struct {
	zoneID, host string
	flows        []flow
	longest      int64
}

// traffic is the traffic of one layer: all hosts, by zone and name.
type traffic []hostFlows

// flows returns the traffic of a layer. It is created on first use,
// because most simulators never need it.
func (ix *index) flows(l layer) traffic {
	ix.counting.Lock()
	defer ix.counting.Unlock()
	if made, ok := ix.traffic[l]; ok {
		return made
	}
	made := newTraffic(l, ix.counted[l])
	if ix.traffic == nil {
		ix.traffic = map[layer]traffic{}
	}
	ix.traffic[l] = made
	return made
}

func newTraffic(l layer, list []Package) traffic {
	type key struct{ zoneID, host string }
	hosts := map[key]*hostFlows{}
	for _, pkg := range list {
		k := key{pkg.ZoneID, pkg.Host}
		h := hosts[k]
		if h == nil {
			h = &hostFlows{zoneID: pkg.ZoneID, host: pkg.Host}
			hosts[k] = h
		}
		if pkg.Uncounted {
			continue
		}
		f := flow{start: pkg.Start.Unix(), end: pkg.End.Unix(), mitigated: pkg.Mitigated}
		if pkg.End.Second() == 59 {
			f.end++ // the row says the last second that is in the slot
		}
		f.end = max(f.end, f.start+1)
		if f.requests = pkg.Requests; f.requests == 0 {
			e := entry{Package: pkg, layer: l}
			members, lines := e.shape()
			f.requests = int64(members) * int64(lines)
		}
		h.longest = max(h.longest, f.end-f.start)
		h.flows = append(h.flows, f)
	}
	var all traffic
	for _, h := range hosts {
		slices.SortFunc(h.flows, func(a, b flow) int { return cmp.Compare(a.start, b.start) })
		all = append(all, *h)
	}
	slices.SortFunc(all, func(a, b hostFlows) int {
		return cmp.Or(cmp.Compare(a.zoneID, b.zoneID), cmp.Compare(a.host, b.host))
	})
	return all
}

// matching returns the hosts that a request asks for.
func (t traffic) matching(q analysis) []*hostFlows {
	var found []*hostFlows
	for i := range t {
		h := &t[i]
		if q.zoneIDs != nil && !q.zoneIDs[h.zoneID] {
			continue
		}
		if !slices.ContainsFunc(q.filters, func(c condition) bool { return !c.matches(h.host) }) {
			found = append(found, h)
		}
	}
	return found
}

// between counts requests in [from, to): which[0] those that passed the
// protection, which[1] those that it blocked.
func (h *hostFlows) between(from, to time.Time, which [2]bool) int64 {
	first, last := from.Unix(), to.Unix()
	at := sort.Search(len(h.flows), func(i int) bool { return h.flows[i].start > first-h.longest })
	var count int64
	for ; at < len(h.flows) && h.flows[at].start < last; at++ {
		f := h.flows[at]
		if f.mitigated && !which[1] || !f.mitigated && !which[0] {
			continue
		}
		count += f.before(last) - f.before(first)
	}
	return count
}

// before is the number of requests before an instant.
func (f flow) before(t int64) int64 {
	switch {
	case t <= f.start:
		return 0
	case t >= f.end:
		return f.requests
	}
	return f.requests * (t - f.start) / (f.end - f.start)
}
