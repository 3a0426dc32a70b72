package teosim

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// clockPath reads and moves the clock. It is not part of the simulated service.
const clockPath = "/clock"

// serviceClock is the clock of EdgeOne. It runs as fast as the clock of the
// machine and differs from it by an offset, which can be changed. Signatures, STS
// and the metadata of machines keep the clock of the machine, so that clients
// with a correct clock can sign in at any simulated time.
type serviceClock struct {
	machine func() time.Time
	offset  atomic.Int64 // nanoseconds
}

func (c *serviceClock) now() time.Time {
	return c.machine().Add(time.Duration(c.offset.Load()))
}

func (c *serviceClock) set(t time.Time) { c.offset.Store(int64(t.Sub(c.machine()))) }

// Now is the time of the service: of Date headers, of URLs, of packages that
// appear, grow and expire, and of records.
func (s *Sim) Now() time.Time { return s.clock.now() }

// SetClock sets the time of the service, from which it runs on.
func (s *Sim) SetClock(t time.Time) { s.clock.set(t) }

// MoveClock moves the time of the service by d, which may be negative.
func (s *Sim) MoveClock(d time.Duration) { s.clock.offset.Add(int64(d)) }

// serveClock answers GET with the time of the service, and POST after it has been
// changed: the form has set, a time in RFC 3339, or move, a duration such as 24h.
func (s *Sim) serveClock(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
	case http.MethodPost:
		if err := s.changeClock(r.PostFormValue("set"), r.PostFormValue("move")); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "the clock answers GET and POST", http.StatusMethodNotAllowed)
		return
	}
	fmt.Fprintln(w, s.Now().UTC().Format(time.RFC3339))
}

func (s *Sim) changeClock(set, move string) error {
	switch {
	case (set == "") == (move == ""):
		return errors.New("want either set=2022-05-05T12:00:00Z or move=24h")
	case set != "":
		t, err := time.Parse(time.RFC3339, set)
		if err != nil {
			return fmt.Errorf("set is %q: want a time such as 2022-05-05T12:00:00Z", set)
		}
		s.SetClock(t)
	default:
		d, err := time.ParseDuration(move)
		if err != nil {
			return fmt.Errorf("move is %q: want a duration such as 24h or -30m", move)
		}
		s.MoveClock(d)
	}
	return nil
}
