package tcapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Integer is a whole number in a response. It is read in every notation, because
// gateways and other services write 1500 as 1500.0, 1.5e3 or "1500".
type Integer struct {
	Value int64
	Valid bool // false if the field is missing or null
}

// UnmarshalJSON returns a *json.UnmarshalTypeError, which names the field, for what
// is not a whole number of 64 bits.
func (n *Integer) UnmarshalJSON(b []byte) error {
	*n = Integer{}
	if string(b) == "null" {
		return nil
	}
	value, ok := parseInteger(string(bytes.Trim(b, `"`)))
	if !ok {
		return &json.UnmarshalTypeError{Value: string(b[:min(len(b), 100)]), Type: reflect.TypeFor[Integer]()}
	}
	*n = Integer{value, true}
	return nil
}

// parseInteger parses a number of JSON that is whole, without rounding.
func parseInteger(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, text[0] != '+'
	}
	mantissa, power, scientific := strings.Cut(strings.ToLower(text), "e")
	exponent := 0
	if scientific {
		var err error
		if exponent, err = strconv.Atoi(power); err != nil {
			return 0, false
		}
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if whole == "" || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, false
	}
	// The value is 0.digits × 10^point.
	point := len(whole) + exponent
	significant := strings.TrimLeft(digits, "0")
	point -= len(digits) - len(significant)
	significant = strings.TrimRight(significant, "0")
	switch {
	case significant == "":
		return 0, true
	case len(significant) > point || point > len("9223372036854775807"):
		return 0, false
	}
	digits = significant + strings.Repeat("0", point-len(significant))
	if negative {
		digits = "-" + digits
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}

// describeField says which field of a response has another type than the API
// defines.
func describeField(e *json.UnmarshalTypeError) string {
	field := strings.TrimPrefix(strings.TrimPrefix(e.Field, "Response"), ".")
	field = strings.TrimPrefix(field, "Head.") // embedded, so not in the response
	if field == "" {
		field = "Response"
	}
	if e.Type == reflect.TypeFor[Integer]() {
		return fmt.Sprintf("the field %s is %s, which is not a whole number", field, e.Value)
	}
	// Value is a kind, such as "string", or "number" with the number.
	kind, _, _ := strings.Cut(e.Value, " ")
	return fmt.Sprintf("the field %s has the wrong type (%s)", field, kind)
}
