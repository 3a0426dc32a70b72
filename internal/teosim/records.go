package teosim

import (
	"net/http"
	"sync"
	"time"
)

// Request is an API request, whatever its outcome.
type Request struct {
	Time            time.Time // by Options.Now
	Action, Version string    // from the headers
	Body            []byte    // as sent
	Header          http.Header
	SecretID        string // from the Authorization header, "" if unsigned
	// Code is the error code of the response, "" if it has none. Status is the HTTP
	// status, 0 without a response.
	Code      string
	Status    int
	RequestID string
	Faults    []FaultName // that applied to it
}

// Download is a request for a package.
type Download struct {
	Time         time.Time // by Options.Now
	Method, Path string    // without the query
	// Host, Area and Name are those of the package, "" if the path has none.
	Host, Area, Name string
	// Status is 0 without a response. Bytes is the number of bytes of the body that
	// were sent so far.
	Status int
	Bytes  int64
	Faults []FaultName
}

// records are the requests and downloads so far.
type records struct {
	mu        sync.Mutex
	requests  []*Request
	downloads []*Download
	inFlight  int
	peak      int
}

// arrive records an API request.
func (r *records) arrive(request *Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request)
	r.inFlight++
	r.peak = max(r.peak, r.inFlight)
}

func (r *records) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight--
}

func (r *records) arriveDownload(download *Download) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.downloads = append(r.downloads, download)
}

// change changes a record that others may be reading.
func (r *records) change(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *records) allRequests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return values(r.requests)
}

func (r *records) allDownloads() []Download {
	r.mu.Lock()
	defer r.mu.Unlock()
	return values(r.downloads)
}

func (r *records) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests, r.downloads, r.peak = nil, nil, r.inFlight
}

func values[T any](pointers []*T) []T {
	all := make([]T, 0, len(pointers))
	for _, p := range pointers {
		all = append(all, *p)
	}
	return all
}
