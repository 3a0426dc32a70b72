package teo

import (
	"fmt"
	"strings"
)

// IncompleteError means that a list could not be read completely: every time it
// was read, the rows did not match the service's count, or pages overlapped and no
// count shows that nothing is missing. No list is returned with it, because an
// incomplete list could be mistaken for a complete one.
type IncompleteError struct {
	// Action is the action that lists, such as "DownloadL7Logs", or
	// "DescribeZones" if the zones of a query were looked up.
	Action string
	// Read is the number of distinct entries of the last reading, and Total the
	// service's count. If the service counts only pages, Total is the least that
	// those imply.
	Read, Total int64
	Before      int64 // the service's count on an earlier page, if it changed; else -1
	// Overlap means that entries were on two pages, and that the service returned no
	// count, or too small a count, to show that no entry is missing.
	Overlap   bool
	Readings  int
	RequestID string
}

func (e *IncompleteError) Error() string {
	why := fmt.Sprintf("%s read, but the service counts %d", entriesWere(e.Read), e.Total)
	switch {
	case e.Overlap:
		why = fmt.Sprintf("%s read, some of them on two pages, and no count shows whether others are missing", entriesWere(e.Read))
	case e.Before >= 0:
		why = fmt.Sprintf("the service's count of the entries changed from %d to %d while the pages were read", e.Before, e.Total)
	}
	return fmt.Sprintf("%s; the list was read %d times (request ID %s)", why, e.Readings, e.RequestID)
}

// entriesWere is a number of entries and the verb after it.
func entriesWere(n int64) string {
	if n == 1 {
		return "1 entry was"
	}
	return fmt.Sprintf("%d entries were", n)
}

// TooManyError means that a list is longer than Query.MaxPackages, or that the
// service counts more zones than an account can have.
type TooManyError struct {
	// Action is as in IncompleteError.
	Action string
	// Total is the service's count. AtLeast means that the list may be longer: the
	// service returned no count or too small a count, or only a part of the list was
	// read.
	Total   int64
	AtLeast bool
	Most    int
}

func (e *TooManyError) Error() string {
	least := ""
	if e.AtLeast {
		least = "at least "
	}
	return fmt.Sprintf("the list has %s%d entries, more than the %d that are allowed", least, e.Total, e.Most)
}

// UnknownZonesError means that no zone of the account has these names.
type UnknownZonesError struct {
	Names []string
	// Similar are names of zones of the account that are similar to Names.
	Similar []string
}

func (e *UnknownZonesError) Error() string {
	text := "no zone of the account is named " + strings.Join(e.Names, ", ")
	if len(e.Similar) > 0 {
		text += "; did you mean " + strings.Join(e.Similar, ", ") + "?"
	}
	return text
}
