package teosim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

const maxProxiesLimit = 1000

// decodeProxies reads DescribeL4Proxy. The proxies of a zone are the hosts of
// its layer-4 packages.
func (s *Sim) decodeProxies(body []byte) (respond, *apiError) {
	p := readParameters("", body, "ZoneId", "Offset", "Limit", "Filters")
	p.require("ZoneId")
	zoneID := p.text("ZoneId")
	limit, offset := p.page(maxProxiesLimit, false)
	wanted := p.proxyIDs()
	if p.err != nil {
		return nil, p.err
	}
	return func([]Fault, int64) []byte {
		rows := []any{}
		for _, h := range s.current().flows(layer4) {
			if h.zoneID != zoneID || wanted != nil && !wanted[h.host] {
				continue
			}
			rows = append(rows, map[string]any{
				"ZoneId": h.zoneID, "ProxyId": h.host, "ProxyName": "proxy-" + h.host, "Area": "global",
				"Cname": h.host + ".example.net.", "Ips": []string{}, "Status": "online", "Ipv6": "off",
				"StaticIp": "off", "AccelerateMainland": "off", "L4ProxyRuleCount": 1, "UpdateTime": "2022-05-01T00:00:00Z",
			})
		}
		total := int64(len(rows))
		from := min(offset, total)
		data, _ := json.Marshal(rows[from:min(from+limit, total)])
		return fmt.Appendf(nil, `"TotalCount":%d,"L4Proxies":%s,`, total, data)
	}, nil
}

// proxyIDs reads the Filters of DescribeL4Proxy; nil is every proxy.
func (p *parameters) proxyIDs() map[string]bool {
	var wanted map[string]bool
	for i, raw := range p.list("Filters") {
		q := readParameters(p.name("Filters")+"."+strconv.Itoa(i), raw, "Name", "Values")
		q.require("Name", "Values")
		name, values := q.text("Name"), q.texts("Values")
		switch {
		case q.err != nil:
		case !slices.Contains([]string{"proxy-id", "ddos-protection-type"}, name):
			q.fail(invalidValue(q.name("Name"), "it must be proxy-id or ddos-protection-type"))
		case len(values) == 0 || len(values) > maxFilterValues:
			q.fail(invalidValue(q.name("Values"), "it must have between 1 and 20 values"))
		case name == "proxy-id":
			wanted = set(values)
		}
		if q.err != nil {
			p.fail(q.err)
		}
	}
	return wanted
}
