package teosim

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// editFields applies a fault to the fields of a response. It decodes and
// encodes them, which costs time only in responses with faults.
func editFields(fields []byte, f Fault) []byte {
	answer := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte("{"+strings.TrimSuffix(string(fields), ",")+"}"), &answer); err != nil {
		return fields
	}
	switch f.Name {
	case NullField, OmitField, SetField:
		editField(answer, f)
	case NullRow:
		editRows(answer, func(rows []json.RawMessage) []json.RawMessage {
			return append([]json.RawMessage{json.RawMessage("null")}, rows[1:]...)
		})
	case EmptyPage:
		editRows(answer, func([]json.RawMessage) []json.RawMessage { return []json.RawMessage{} })
	case DuplicateRows:
		editRows(answer, func(rows []json.RawMessage) []json.RawMessage { return slices.Insert(rows, 0, rows[0]) })
	case TotalChanges:
		editTotal(answer, func(total int64) int64 { return total + 1 })
	case WrongTotal:
		wrong, _ := strconv.ParseInt(f.Value, 10, 64)
		editTotal(answer, func(int64) int64 { return wrong })
	}
	edited, _ := json.Marshal(answer)
	return append(edited[1:len(edited)-1], ',')
}

// editField changes a field of the response, or with dots one of each row.
func editField(answer map[string]json.RawMessage, f Fault) {
	names, value := f.Value, json.RawMessage("null")
	switch f.Name {
	case OmitField:
		value = nil
	case SetField:
		var text string
		names, text, _ = strings.Cut(f.Value, "=")
		value = json.RawMessage(text)
	}
	setField(answer, strings.Split(names, "."), value)
}

// setField sets a field of an object, or of each object in the field with the first
// name. Without a value the field is left out.
func setField(object map[string]json.RawMessage, names []string, value json.RawMessage) {
	name := names[0]
	switch {
	case len(names) > 1:
		var rows []map[string]json.RawMessage
		if json.Unmarshal(object[name], &rows) != nil {
			return
		}
		for _, row := range rows {
			setField(row, names[1:], value)
		}
		object[name], _ = json.Marshal(rows)
	case value == nil:
		delete(object, name)
	default:
		object[name] = value
	}
}

// editRows changes the rows of a response that has any.
func editRows(answer map[string]json.RawMessage, edit func([]json.RawMessage) []json.RawMessage) {
	for _, field := range []string{"Data", "Zones", "L4Proxies"} {
		var rows []json.RawMessage
		if json.Unmarshal(answer[field], &rows) == nil && len(rows) > 0 {
			answer[field], _ = json.Marshal(edit(rows))
		}
	}
}

// editTotal changes the total, and the number of pages that follows from it.
func editTotal(answer map[string]json.RawMessage, edit func(int64) int64) {
	for _, field := range []string{"TotalSize", "TotalCount"} {
		var total, size int64
		if json.Unmarshal(answer[field], &total) != nil {
			continue
		}
		total = edit(total)
		answer[field], _ = json.Marshal(total)
		if json.Unmarshal(answer["PageSize"], &size) == nil && size > 0 {
			answer["Pages"], _ = json.Marshal((total + size - 1) / size)
		}
	}
}
