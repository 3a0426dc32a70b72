package query

import (
	"net/http"
	"sync"
	"time"
)

// ServiceClock keeps the time of the service, which the responses of the API carry.
// The zero value is ready for use.
type ServiceClock struct {
	mu   sync.Mutex
	date time.Time // of the last response
	at   time.Time // when it came, with a monotonic clock reading
}

// Time returns the time of the service; zero if no response had one yet.
func (c *ServiceClock) Time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.date.IsZero() {
		return time.Time{}
	}
	return c.date.Add(time.Since(c.at))
}

// Watch returns a transport that reads the Date header of each response.
func (c *ServiceClock) Watch(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err != nil {
			return resp, err
		}
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			c.mu.Lock()
			c.date, c.at = date, time.Now()
			c.mu.Unlock()
		}
		return resp, nil
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
