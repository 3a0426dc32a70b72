package teosim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DownloadAction is the Action of faults that concern package downloads.
const DownloadAction = "Download"

// Fault makes requests fail. Faults are used up in the order in which requests
// arrive. All faults that match a request apply to it, except that only the first
// of those that replace the response does: the others remain, so that two of them
// form a sequence.
type Fault struct {
	Name FaultName
	// Version and Action select API requests; "" selects any. Only the Action
	// DownloadAction selects downloads.
	Version, Action string
	// Page selects a page, counted from 0 in both versions; nil selects any.
	Page *int
	// Package selects downloads by LogPacketName; "" selects any.
	Package string
	// Skip is the number of matching requests to leave alone first. Times is the
	// number of requests that the fault then applies to; 0 means all.
	Skip, Times int
	// Value and Delay are documented with each name.
	Value string
	Delay time.Duration
}

// stage is the stage of a request at which a fault applies.
type stage int

const (
	onArrival stage = iota // any request
	onListing              // only requests that are answered with rows
)

type faultKind struct {
	stage     stage
	instead   bool // replaces the response; one for each request
	api, file bool // applies to the API, to downloads
}

func kindOf(name FaultName) (faultKind, bool) {
	kind, ok := map[FaultName]faultKind{
		Throttled:        {instead: true, api: true},
		ThrottledTEO:     {instead: true, api: true},
		QuotaExceeded:    {instead: true, api: true},
		ServerErrorCode:  {instead: true, api: true},
		Busy:             {instead: true, api: true},
		CamUnauthorized:  {instead: true, api: true},
		APIError:         {instead: true, api: true},
		ErrorWithoutCode: {instead: true, api: true},
		NotJSON:          {instead: true, api: true},
		NullBody:         {instead: true, api: true},
		EmptyObject:      {instead: true, api: true},
		NullResponse:     {instead: true, api: true},
		BadGateway:       {instead: true, api: true, file: true},
		TooManyRequests:  {instead: true, api: true, file: true},
		Redirect:         {instead: true, api: true, file: true},
		DropConnection:   {instead: true, api: true, file: true},
		Hang:             {instead: true, api: true, file: true},
		CutBody:          {api: true, file: true},
		Slow:             {api: true, file: true},
		TruncatedJSON:    {api: true},
		ClockSkew:        {api: true, file: true},
		NullField:        {stage: onListing, api: true},
		OmitField:        {stage: onListing, api: true},
		SetField:         {stage: onListing, api: true},
		NullRow:          {stage: onListing, api: true},
		EmptyPage:        {stage: onListing, api: true},
		DuplicateRows:    {stage: onListing, api: true},
		ShiftedPage:      {stage: onListing, api: true},
		TotalChanges:     {stage: onListing, api: true},
		CatalogueGrows:   {stage: onListing, api: true},
		WrongTotal:       {stage: onListing, api: true},
		Forbidden403:     {instead: true, file: true},
		Gone404:          {instead: true, file: true},
		HTMLBody:         {instead: true, file: true},
		NotGzip:          {instead: true, file: true},
		TruncatedGzip:    {file: true},
		GzipEncoding:     {file: true},
	}[name]
	return kind, ok
}

// Check returns an error if the fault could never happen, for which [Sim.Inject]
// panics.
func (f Fault) Check() error {
	_, err := f.check()
	return err
}

// check returns the fault with its defaults. A fault that could never happen is an
// error, because its test would prove nothing.
func (f Fault) check() (Fault, error) {
	kind, ok := kindOf(f.Name)
	if !ok {
		return f, fmt.Errorf("unknown fault %q", f.Name)
	}
	if f.Action == "" && !kind.api {
		f.Action = DownloadAction
	}
	if f.Action == DownloadAction && !kind.file {
		return f, fmt.Errorf("fault %s does not concern downloads", f.Name)
	}
	if f.Action != DownloadAction && !kind.api {
		return f, fmt.Errorf("fault %s concerns downloads, not %s", f.Name, f.Action)
	}
	if f.Skip < 0 || f.Times < 0 {
		return f, fmt.Errorf("fault %s: Skip and Times cannot be negative", f.Name)
	}
	var err error
	switch f.Name {
	case APIError:
		if code, _, ok := strings.Cut(f.Value, ":"); !ok || code == "" {
			err = fmt.Errorf(`fault %s: Value %q is not "Code: message"`, f.Name, f.Value)
		}
	case WrongTotal:
		_, err = strconv.ParseInt(f.Value, 10, 64)
	case NullField, OmitField, Redirect:
		if f.Value == "" {
			err = fmt.Errorf("fault %s needs a Value", f.Name)
		}
	case SetField:
		if field, value, _ := strings.Cut(f.Value, "="); field == "" || !json.Valid([]byte(value)) {
			err = fmt.Errorf(`fault %s: Value %q is not "Field=value in JSON"`, f.Name, f.Value)
		}
	case Slow:
		if f.Action == DownloadAction && f.Value != "" {
			_, err = strconv.ParseUint(f.Value, 10, 32)
		}
	}
	return f, err
}

// call is what faults match of a request.
type call struct {
	version, action string
	page            int
	pkg             string
}

func (f *Fault) matches(c call) bool {
	if (f.Action == DownloadAction) != (c.action == DownloadAction) {
		return false
	}
	return (f.Action == "" || f.Action == c.action) &&
		(f.Version == "" || f.Version == c.version) &&
		(f.Page == nil || *f.Page == c.page) &&
		(f.Package == "" || f.Package == c.pkg)
}

// faults are the injected faults that are not used up.
type faults struct {
	mu   sync.Mutex
	list []*Fault
}

func (q *faults) inject(f Fault) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, &f)
}

func (q *faults) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = nil
}

// consume returns the faults that apply to a request at a stage, and uses them up.
func (q *faults) consume(at stage, c call) []Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	var taken []Fault
	answered := false
	kept := q.list[:0]
	for _, f := range q.list {
		kind, _ := kindOf(f.Name)
		if kind.stage != at || !f.matches(c) || (kind.instead && answered) {
			kept = append(kept, f)
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			kept = append(kept, f)
			continue
		}
		taken = append(taken, *f)
		answered = answered || kind.instead
		if f.Times != 1 {
			kept = append(kept, f)
		}
		if f.Times > 1 {
			f.Times--
		}
	}
	clear(q.list[len(kept):])
	q.list = kept
	return taken
}
