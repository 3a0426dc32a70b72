package teosim

import (
	"net/http"
	"sync"
	"time"
)

// Request is one request of the API, whatever became of it.
type Request struct {
	Time            time.Time // by Options.Now
	Action, Version string    // as the headers say
	Body            []byte    // as sent
	Header          http.Header
	SecretID        string // from the Authorization header, "" where unsigned
	// Code is the error code of the answer, "" where it had none; Status the
	// HTTP status, 0 until it is answered and where nothing was answered.
	Code      string
	Status    int
	RequestID string
	Faults    []FaultName // that it met
}

// Download is one request for a package.
type Download struct {
	Time         time.Time // by Options.Now
	Method, Path string    // without the query
	// Host, Area and Name are those of the package, "" where there is none
	// under the path.
	Host, Area, Name string
	// Status is 0 until it is answered, and where nothing was answered. Bytes
	// are those of the body that were sent; they grow while it is.
	Status int
	Bytes  int64
	Faults []FaultName
}

// records are what has happened.
type records struct {
	mu        sync.Mutex
	requests  []*Request
	downloads []*Download
	inFlight  int
	peak      int
}

// arrive counts a request of the API in.
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

// change is how a record that others may read already is changed.
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
