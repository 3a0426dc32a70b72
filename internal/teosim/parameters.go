package teosim

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// rfc3339Seconds is stricter than time.Parse: no fractions of a second, no
// one-digit hours.
var rfc3339Seconds = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$`)

// parameters parses the body of a request strictly: names are case-sensitive,
// unknown ones are refused before anything else, and the first error is kept.
type parameters struct {
	path   string // of a nested object, "" at the top
	values map[string]json.RawMessage
	err    *apiError
}

// readParameters parses a JSON object that may contain only the known names.
func readParameters(path string, body []byte, known ...string) *parameters {
	p := &parameters{path: path}
	if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 || trimmed[0] != '{' || json.Unmarshal(trimmed, &p.values) != nil {
		name := path
		if name == "" {
			name = "body"
		}
		p.err = wrongType(name, "a JSON object")
		return p
	}
	// Sorted, so that the response is the same each time.
	for _, name := range sortedKeys(p.values) {
		if !slices.Contains(known, name) {
			p.fail(unknownParameter(p.name(name)))
		}
	}
	return p
}

func (p *parameters) name(field string) string {
	if p.path == "" {
		return field
	}
	return p.path + "." + field
}

func (p *parameters) fail(err *apiError) {
	if p.err == nil {
		p.err = err
	}
}

func (p *parameters) has(field string) bool {
	_, ok := p.values[field]
	return ok
}

func (p *parameters) require(fields ...string) {
	for _, field := range fields {
		if !p.has(field) {
			p.fail(missingParameter(p.name(field)))
		}
	}
}

// time parses an RFC 3339 time in whole seconds.
func (p *parameters) time(field string) time.Time {
	text := p.text(field)
	if p.err != nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || !rfc3339Seconds.MatchString(text) {
		p.fail(invalidValue(p.name(field), "it must conform to RFC 3339, in whole seconds"))
	}
	return t
}

func (p *parameters) text(field string) string {
	var value string
	p.decode(field, &value, "a string", '"')
	return value
}

func (p *parameters) texts(field string) []string {
	var values []string
	for _, raw := range p.list(field) {
		var value string
		if raw[0] != '"' || json.Unmarshal(raw, &value) != nil {
			p.fail(wrongType(p.name(field), "an array of strings"))
			return nil
		}
		values = append(values, value)
	}
	return values
}

func (p *parameters) list(field string) []json.RawMessage {
	var values []json.RawMessage
	p.decode(field, &values, "an array", '[')
	return values
}

func (p *parameters) integer(field string, otherwise int64) int64 {
	raw, ok := p.values[field]
	if !ok || p.err != nil {
		return otherwise
	}
	value, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		p.fail(wrongType(p.name(field), "an integer"))
	}
	return value
}

// decode checks the first character, because null decodes into anything.
func (p *parameters) decode(field string, into any, want string, first ...byte) {
	raw, ok := p.values[field]
	if !ok || p.err != nil {
		return
	}
	if !slices.Contains(first, raw[0]) || json.Unmarshal(raw, into) != nil {
		p.fail(wrongType(p.name(field), want))
	}
}
