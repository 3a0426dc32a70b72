package teo

import (
	"fmt"
	"strings"
)

// IncompleteError means that a list could not be read completely: every time it
// was read, the rows did not match the service's count, or pages overlapped and no
// count shows that nothing is missing. No list is returned with it, because an
// incomplete list could pass for a complete one.
type IncompleteError struct {
	// Action is the action that lists, such as "DownloadL7Logs", or
	// "DescribeZones" if the zones of a query were looked up.
	Action string
	// Read is the number of distinct entries of the last reading, and Total the
	// service's count. If the service counts only pages, Total is the least that
	// those imply.
	Read, Total int64
	Before      int64 // the service's count on an earlier page, if it changed; else -1
	// Overlap means that entries came on two pages, and that the service gave no
	// count, or too small a one, to show that no entry is missing.
	Overlap   bool
	Readings  int
	RequestID string
}

func (e *IncompleteError) Error() string {
	why := fmt.Sprintf("%d entries were read, but the service counts %d", e.Read, e.Total)
	switch {
	case e.Overlap:
		why = fmt.Sprintf("%d entries were read, some of them on two pages, and no count shows whether others are missing", e.Read)
	case e.Before >= 0:
		why = fmt.Sprintf("the service's count of the entries changed from %d to %d while the pages were read", e.Before, e.Total)
	}
	return fmt.Sprintf("%s; the list was read %d times (request ID %s)", why, e.Readings, e.RequestID)
}

// TooManyError means that a list is longer than Query.MaxPackages, or that the
// service counts more zones than an account can have.
type TooManyError struct {
	// Action is as in IncompleteError.
	Action string
	// Total is the service's count. AtLeast means that the list may be longer: the
	// service gave no count or too small a one, or only a part of the list was
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
	// Near are similar names of zones of the account.
	Near []string
}

func (e *UnknownZonesError) Error() string {
	text := "no zone of the account is named " + strings.Join(e.Names, ", ")
	if len(e.Near) > 0 {
		text += "; did you mean " + strings.Join(e.Near, ", ") + "?"
	}
	return text
}
