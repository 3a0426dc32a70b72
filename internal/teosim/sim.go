package teosim

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Sim is a running simulator. Its methods may be called at any time and
// concurrently.
type Sim struct {
	options  Options
	services []service
	keys     *keyring
	rates    *rates
	faults   faults
	records  records
	metadata *metadata
	kms      *kms
	linkKey  []byte
	clock    serviceClock
	members  memberCache

	mu        sync.Mutex // guards catalogue
	catalogue Catalogue
	index     atomic.Pointer[index]

	url     string
	server  *http.Server
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	closing sync.Mutex // guards closed, and additions to serving
	closed  bool
	serving sync.WaitGroup
}

// Start starts a simulator that listens on loopback from the return of Start until
// Close. It returns an error if options are invalid or the address is not
// available.
func Start(options Options) (*Sim, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Sim{
		options:   options,
		keys:      newKeyring(),
		rates:     newRates(options.Rates),
		linkKey:   []byte(rand.Text()),
		catalogue: options.Catalogue.clone(),
	}
	s.options.Catalogue = Catalogue{}
	if s.kms, err = newKMS(options.KMS); err != nil {
		return nil, err
	}
	s.services = []service{s.teoService(), newSTS(options.STS, options.Now, s.keys).service(), s.kms.service()}
	s.metadata = newMetadata(options.Metadata)
	s.keys.add(options.SecretID, key{secretKey: options.SecretKey, token: options.Token})
	s.clock.machine = options.Now
	if !options.ServiceTime.IsZero() {
		s.SetClock(options.ServiceTime)
	}
	s.index.Store(s.newIndex(s.catalogue))
	s.ctx, s.cancel = context.WithCancel(context.Background())

	listener, err := new(net.ListenConfig).Listen(s.ctx, "tcp", options.Listen)
	if err != nil {
		s.cancel()
		return nil, fmt.Errorf("teosim: %w", err)
	}
	s.url = "http://" + listener.Addr().String()
	s.server = &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
	}
	s.serving.Go(func() { _ = s.server.Serve(listener) })
	return s, nil
}

// Close stops the simulator and aborts the requests in progress. It may be called
// more than once.
func (s *Sim) Close() {
	s.closing.Lock()
	s.closed = true
	s.closing.Unlock()
	s.cancel()
	_ = s.server.Close()
	s.serving.Wait()
}

// enter reports whether a request may still be served, and if so counts it in
// serving.
func (s *Sim) enter() bool {
	s.closing.Lock()
	defer s.closing.Unlock()
	if !s.closed {
		s.serving.Add(1)
	}
	return !s.closed
}

// URL is the endpoint, http://127.0.0.1:port.
func (s *Sim) URL() string { return s.url }

// SecretID is the secret ID that is accepted.
func (s *Sim) SecretID() string { return s.options.SecretID }

// SecretKey is the secret key that is accepted.
func (s *Sim) SecretKey() string { return s.options.SecretKey }

// Token is the token that requests must carry, "" for permanent credentials.
func (s *Sim) Token() string { return s.options.Token }

// AddKey accepts further credentials until expires (zero: forever), with their
// token (empty: permanent credentials). After that, requests with them are
// answered with AuthFailure.TokenFailure.
func (s *Sim) AddKey(secretID, secretKey, token string, expires time.Time) {
	s.keys.add(secretID, key{secretKey, token, expires})
}

// RemoveKey removes credentials. Requests with them are answered with
// AuthFailure.SecretIdNotFound, as with temporary credentials some time after they
// have expired.
func (s *Sim) RemoveKey(secretID string) { s.keys.remove(secretID) }

// Requests returns every API request in order of arrival.
func (s *Sim) Requests() []Request { return s.records.allRequests() }

// Count returns the number of requests of an action. An empty version or action
// counts all.
func (s *Sim) Count(version, action string) int {
	n := 0
	for _, r := range s.records.allRequests() {
		if (version == "" || r.Version == version) && (action == "" || r.Action == action) {
			n++
		}
	}
	return n
}

// Downloads returns every request for a package in order of arrival.
func (s *Sim) Downloads() []Download { return s.records.allDownloads() }

// InFlightPeak is the largest number of API requests that were in progress at the
// same time.
func (s *Sim) InFlightPeak() int {
	s.records.mu.Lock()
	defer s.records.mu.Unlock()
	return s.records.peak
}

// ResetCounters discards the recorded requests and downloads, and the peak.
func (s *Sim) ResetCounters() { s.records.reset() }

// Inject adds a fault. It panics if the fault could never happen because of an
// unknown name, or an Action or Value that it does not support.
func (s *Sim) Inject(f Fault) {
	f, err := f.check()
	if err != nil {
		panic("teosim: " + err.Error())
	}
	s.faults.inject(f)
}

// ClearFaults removes the remaining faults.
func (s *Sim) ClearFaults() { s.faults.clear() }

// Update changes the catalogue. Later requests see the complete change.
func (s *Sim) Update(change func(*Catalogue)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A copy, because Catalogue may have returned the elements that are changed.
	c := s.catalogue.clone()
	change(&c)
	s.catalogue = c
	s.index.Store(s.newIndex(c))
}

// current returns the index for the time of the service.
func (s *Sim) current() *index {
	ix := s.index.Load()
	if ix.valid.contains(s.Now()) {
		return ix
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ix = s.newIndex(s.catalogue)
	s.index.Store(ix)
	return ix
}

// newIndex indexes a catalogue as it is at the time of the service.
func (s *Sim) newIndex(c Catalogue) *index {
	if s.options.Lifecycle == (Lifecycle{}) {
		return newIndex(c)
	}
	listed, counted, valid := s.options.Lifecycle.at(c, s.Now())
	ix := newIndex(listed)
	ix.counted = map[layer][]Package{layer7: counted.L7, layer4: counted.L4}
	ix.valid = valid
	return ix
}

// Catalogue returns a copy of the catalogue.
func (s *Sim) Catalogue() Catalogue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.catalogue.clone()
}

// wait waits. It returns false if the client disconnects or the simulator is
// closed.
func (s *Sim) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	return false
}

func names(taken []Fault) []FaultName {
	var all []FaultName
	for _, f := range taken {
		all = append(all, f.Name)
	}
	return all
}
