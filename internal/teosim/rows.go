package teosim

import (
	"encoding/json"
	"strconv"
	"time"
)

// appendRow appends one row of a response as JSON. Rows are written without
// reflection: a benchmark that lists 100,000 of them is to measure its client.
type appendRow func(dst []byte, e *entry, links *linkSigner, expires int64) []byte

// appendRow20220106 writes an L7OfflineLog of 2022-01-06, which has no times.
func (s *Sim) appendRow20220106(dst []byte, e *entry, links *linkSigner, expires int64) []byte {
	dst = append(dst, `{"Url":"`...)
	dst = links.append(dst, e.path, expires)
	dst = append(dst, `","Domain":`...)
	dst = appendString(dst, e.Host)
	if !s.options.OldRowsWithoutArea && e.Area != "" {
		dst = append(dst, `,"Area":`...)
		dst = appendString(dst, e.Area)
	}
	dst = append(dst, `,"LogPacketName":`...)
	dst = appendString(dst, e.Name)
	return appendNumbers(dst, e)
}

// appendRow20220901 writes an L7OfflineLog or L4OfflineLog of 2022-09-01.
func (s *Sim) appendRow20220901(dst []byte, e *entry, links *linkSigner, expires int64) []byte {
	if e.layer == layer4 {
		dst = append(dst, `{"ProxyId":`...)
	} else {
		dst = append(dst, `{"Domain":`...)
	}
	dst = appendString(dst, e.Host)
	if e.Area != "" {
		dst = append(dst, `,"Area":`...)
		dst = appendString(dst, e.Area)
	}
	dst = append(dst, `,"LogPacketName":`...)
	dst = appendString(dst, e.Name)
	dst = append(dst, `,"Url":"`...)
	dst = links.append(dst, e.path, expires)
	dst = append(dst, `","LogStartTime":"`...)
	dst = e.Start.In(s.options.TimeZone).AppendFormat(dst, time.RFC3339)
	dst = append(dst, `","LogEndTime":"`...)
	dst = e.End.In(s.options.TimeZone).AppendFormat(dst, time.RFC3339)
	dst = append(dst, '"')
	return appendNumbers(dst, e)
}

// appendNumbers ends a row with what both versions have.
func appendNumbers(dst []byte, e *entry) []byte {
	dst = append(dst, `,"LogTime":`...)
	dst = strconv.AppendInt(dst, e.LogTime, 10)
	dst = append(dst, `,"Size":`...)
	dst = strconv.AppendInt(dst, e.statedSize(), 10)
	return append(dst, '}')
}

// appendString appends a JSON string; those that need no escapes are the rule.
func appendString(dst []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			escaped, _ := json.Marshal(text)
			return append(dst, escaped...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}
