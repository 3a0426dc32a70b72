package teosim

import (
	"slices"
	"strconv"
	"strings"
)

// condition is one of the Filters of the analytics. All conditions must hold,
// each for one of its values.
type condition struct {
	key, operator string
	values        []string
}

var operators = []string{
	"equals", "notEquals", "include", "notInclude", "startWith", "notStartWith", "endWith", "notEndWith",
}

// conditionKeys are the keys that the simulator knows. The service has more, for
// which a client of offline logs has no use: it samples when they are given.
var conditionKeys = map[layer][]string{
	layer7: {"domain", "mitigatedByWebSecurity"},
	layer4: {"proxyId", "ruleId"},
}

// conditions reads Filters.
func (p *parameters) conditions(l layer) []condition {
	var all []condition
	for i, raw := range p.list("Filters") {
		q := readParameters(p.name("Filters")+"."+strconv.Itoa(i), raw, "Key", "Operator", "Value")
		q.require("Key", "Operator", "Value")
		c := condition{key: q.text("Key"), operator: q.text("Operator"), values: q.texts("Value")}
		switch {
		case q.err != nil:
		case !slices.Contains(conditionKeys[l], c.key):
			q.fail(invalidValue(q.name("Key"), "it must be one of "+strings.Join(conditionKeys[l], ", ")))
		case !slices.Contains(operators, c.operator):
			q.fail(invalidValue(q.name("Operator"), "it must be one of "+strings.Join(operators, ", ")))
		case len(c.values) == 0:
			q.fail(invalidValue(q.name("Value"), "it must have at least one value"))
		case c.key == "mitigatedByWebSecurity" && (c.operator != "equals" || !subset(c.values, "yes", "no")):
			q.fail(invalidValue(q.name("Value"), "mitigatedByWebSecurity equals yes, no, or both"))
		}
		if q.err != nil {
			p.fail(q.err)
		}
		all = append(all, c)
	}
	return all
}

func subset(values []string, of ...string) bool {
	return !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(of, v) })
}

// matches says whether a host satisfies the condition.
func (c condition) matches(host string) bool {
	if c.key != "domain" && c.key != "proxyId" {
		return true
	}
	positive, negated := strings.CutPrefix(strings.ToLower(c.operator), "not")
	holds := slices.ContainsFunc(c.values, func(value string) bool {
		switch positive {
		case "include":
			return strings.Contains(host, value)
		case "startwith":
			return strings.HasPrefix(host, value)
		case "endwith":
			return strings.HasSuffix(host, value)
		}
		return host == value
	})
	return holds != negated
}

// mitigated says which requests count: by default those that passed the
// protection.
func (q analysis) mitigated() (which [2]bool) {
	which[0] = true
	for _, c := range q.filters {
		if c.key == "mitigatedByWebSecurity" {
			which = [2]bool{slices.Contains(c.values, "no"), slices.Contains(c.values, "yes")}
		}
	}
	return which
}
