package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

const (
	host = "logs.example.com"

	// secret is in every URL.
	secret = "SECRET"
	query  = "n=0&sign=" + secret // of pkg(…, 0)
)

var firstDay = time.Date(2022, 5, 4, 0, 0, 0, 0, time.UTC)

// pkg is a package whose URL is that of the nth listing.
func pkg(domain string, n int) teo.Package {
	return teo.Package{
		Domain: domain, Area: "mainland", Name: "20220504-03-" + domain, Start: teo.Time{Time: firstDay.Add(3 * time.Hour)},
		URL: fmt.Sprintf("https://%s/%s.log.gz?n=%d&sign=%s", host, domain, n, secret),
	}
}

func zip(content string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(content)) // to memory
	_ = w.Close()
	return b.Bytes()
}

// reply is one answer of a service.
type reply struct {
	status int // 0 means 200
	header http.Header
	body   []byte
	length int64 // of the Content-Length header; 0 for that of the body, -1 for none

	failure error         // instead of a response
	cut     error         // after the body
	wait    time.Duration // before each byte of the body
	fast    int           // bytes at the beginning that arrive at once
	hangs   bool          // until the client gives up
}

// service answers requests of each URL with its replies, the last one again and again.
type service struct {
	t testing.TB

	mu       sync.Mutex
	replies  map[string][]reply
	requests []string
}

func newService(t testing.TB) *service { return &service{t: t, replies: map[string][]reply{}} }

func (s *service) answer(p teo.Package, replies ...reply) { s.replies[p.URL] = replies }

// RoundTrip implements http.RoundTripper.
func (s *service) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Accept-Encoding") != "identity" || req.Header.Get("User-Agent") != "agent" {
		s.t.Errorf("the request has the header %v", req.Header)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	url := req.URL.String()
	s.requests = append(s.requests, url)
	replies := s.replies[url]
	if len(replies) == 0 {
		replies = []reply{{status: http.StatusForbidden}}
	}
	r := replies[0]
	if len(replies) > 1 {
		s.replies[url] = replies[1:]
	}
	if r.failure != nil {
		return nil, r.failure
	}
	if r.hangs {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	length := r.length
	if length == 0 {
		length = int64(len(r.body))
	}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	body := &replyBody{reply: r, rest: r.body, ctx: req.Context()}
	return &http.Response{StatusCode: r.status, Header: r.header, Body: body, ContentLength: length}, nil
}

type replyBody struct {
	reply reply
	rest  []byte
	ctx   context.Context
}

func (b *replyBody) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		if b.reply.cut != nil {
			return 0, b.reply.cut
		}
		return 0, io.EOF
	}
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if sent := len(b.reply.body) - len(b.rest); sent < b.reply.fast {
		p = p[:min(len(p), b.reply.fast-sent)]
	} else if b.reply.wait > 0 {
		select {
		case <-time.After(b.reply.wait):
		case <-b.ctx.Done():
			return 0, b.ctx.Err()
		}
		p = p[:1]
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *replyBody) Close() error { return nil }

// store keeps what is written to one key. The errors are those of the first calls.
type store struct {
	content []byte
	exists  bool
	lost    bool // a commit that fails takes effect

	creates, writes, commits []error
	open                     int // writers that are neither committed nor aborted
}

func next(errs *[]error) error {
	if len(*errs) == 0 {
		return nil
	}
	err := (*errs)[0]
	*errs = (*errs)[1:]
	return err
}

func (s *store) create(ctx context.Context) (bucket.Writer, error) {
	if err := next(&s.creates); err != nil {
		return nil, err
	}
	s.open++
	return &storeWriter{ctx: ctx, store: s}, nil
}

func (s *store) read(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(s.content)), nil
}

type storeWriter struct {
	ctx   context.Context
	store *store
	data  []byte
}

func (w *storeWriter) Write(p []byte) (int, error) {
	if err := next(&w.store.writes); err != nil {
		return 0, err
	}
	w.data = append(w.data, p...)
	return len(p), nil
}

func (w *storeWriter) Commit() error {
	w.store.open--
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	err := next(&w.store.commits)
	if err != nil && !w.store.lost {
		return err
	}
	if w.store.exists {
		return &bucket.Error{Destination: "file:///x", Op: "write", Key: "key", Err: bucket.ErrExist}
	}
	w.store.content, w.store.exists = w.data, true
	return err
}

func (w *storeWriter) Abort() { w.store.open-- }

func client(s *service, changes ...func(*Options)) *Client {
	o := Options{
		Transport: s, Agent: "agent", Pace: tcapi.Pace{First: time.Millisecond, Most: time.Millisecond, Throttled: time.Millisecond},
		MaxRetries: 5, StallTimeout: time.Minute, Now: func() time.Time { return firstDay.AddDate(0, 0, 2).Add(time.Millisecond) }, Layer: teo.L7,
	}
	for _, change := range changes {
		change(&o)
	}
	return New(o)
}

// checkText checks that an error shows nothing secret, and nothing that a terminal
// would act on.
func checkText(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	text := err.Error()
	if strings.Contains(text, secret) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(query))[5:20]) || len(text) > 1200 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("the error is %q", text)
	}
}

var (
	good   = zip("{\"a\":1}\n{\"a\":2}\n")
	cutA   = good[:len(good)-1]
	cutB   = good[:len(good)-2]
	broken = &bucket.Error{Destination: "file:///x", Op: "write", Key: "key", Err: errors.New("connection reset")}
	denied = &bucket.Error{Destination: "file:///x", Op: "write", Key: "key", Err: fs.ErrPermission}
)

func TestADownloadIsVerifiedOrAnError(t *testing.T) {
	t.Parallel()
	html := reply{header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, body: []byte("<!doctype html>")}
	reset := fmt.Errorf("read tcp 192.0.2.1: %w", syscall.ECONNRESET)
	for name, c := range map[string]struct {
		replies    []reply
		store      store
		noRetries  bool
		content    []byte // what is stored; nil for nothing
		unreadable bool
		err        error
		attempts   int
	}{
		"at once":                      {replies: []reply{{body: good}}, content: good, attempts: 1},
		"no Content-Length":            {replies: []reply{{body: good, length: -1}}, content: good, attempts: 1},
		"connection refused":           {replies: []reply{{failure: reset}, {body: good}}, content: good, attempts: 2},
		"always refused":               {replies: []reply{{failure: reset}}, err: syscall.ECONNRESET, attempts: 6},
		"no retries":                   {replies: []reply{{failure: reset}, {body: good}}, noRetries: true, err: syscall.ECONNRESET, attempts: 1},
		"foreign text":                 {replies: []reply{{failure: errors.New("\x1b[2J\u202e" + strings.Repeat("x", 10_000))}}, err: errAny, attempts: 1},
		"request repeated":             {replies: []reply{{failure: errors.New(`malformed MIME header: missing colon: "GET /a?n=0&sign=` + secret + `"`)}}, err: errAny, attempts: 1},
		"query repeated":               {replies: []reply{{body: good[:10], length: -1, cut: errors.New(base64.StdEncoding.EncodeToString([]byte("/a?" + query)))}}, err: errAny, attempts: 1},
		"connection broken":            {replies: []reply{{body: good[:10], length: int64(len(good)), cut: reset}, {body: good}}, content: good, attempts: 2},
		"broken at the beginning":      {replies: []reply{{length: int64(len(good)), cut: reset}, {body: good}}, content: good, attempts: 2},
		"shorter than announced":       {replies: []reply{{body: good, length: 1 << 20}, {body: good}}, content: good, attempts: 2},
		"server error":                 {replies: []reply{{status: 503}, {status: 502}, {body: good}}, content: good, attempts: 3},
		"too many requests":            {replies: []reply{{status: 429}, {body: good}}, content: good, attempts: 2},
		"redirect":                     {replies: []reply{{status: 302}}, err: errAny, attempts: 1},
		"URL has expired":              {replies: []reply{{status: 403}}, err: errAny, attempts: 1},
		"gone":                         {replies: []reply{{status: 404}}, err: ErrGone, attempts: 1},
		"gone with 410":                {replies: []reply{{status: 410}}, err: ErrGone, attempts: 1},
		"page once":                    {replies: []reply{html, {body: good}}, content: good, attempts: 2},
		"page always":                  {replies: []reply{html}, err: ErrNotPackage, attempts: 4},
		"page by its content":          {replies: []reply{{body: []byte("\xef\xbb\xbf\r\n <html>")}}, err: ErrNotPackage, attempts: 4},
		"page in no language":          {replies: []reply{{header: http.Header{"Content-Type": {"text/html"}}, body: []byte("x")}}, err: ErrNotPackage, attempts: 4},
		"no type":                      {replies: []reply{{header: http.Header{"Content-Type": {"\x1b/html"}}, body: []byte("<")}}, err: ErrNotPackage, attempts: 4},
		"page by its type":             {replies: []reply{{header: http.Header{"Content-Type": {"application/problem+json"}}, body: []byte("x")}}, err: ErrNotPackage, attempts: 4},
		"JSON":                         {replies: []reply{{body: []byte(`{"error":1}`)}}, err: ErrNotPackage, attempts: 4},
		"foreign type":                 {replies: []reply{{header: http.Header{"Content-Type": {"text/" + strings.Repeat("x", 1000)}}, body: []byte("<")}}, err: ErrNotPackage, attempts: 4},
		"package with the wrong type":  {replies: []reply{{header: http.Header{"Content-Type": {"text/html"}}, body: good}}, content: good, attempts: 1},
		"empty":                        {replies: []reply{{length: -1}}, err: ErrDamaged, attempts: 4},
		"cut once":                     {replies: []reply{{body: cutA}, {body: good}}, content: good, attempts: 2},
		"cut in the same way":          {replies: []reply{{body: cutA}}, content: cutA, unreadable: true, attempts: 2},
		"cut in two ways":              {replies: []reply{{body: cutA}, {body: cutB}, {body: cutA}, {body: cutB}}, err: ErrDamaged, attempts: 4},
		"cut, without retries":         {replies: []reply{{body: cutA}}, noRetries: true, err: ErrDamaged, attempts: 1},
		"cut, then a page":             {replies: []reply{{body: cutA}, html}, err: ErrNotPackage, attempts: 4},
		"text":                         {replies: []reply{{body: []byte("hello")}}, content: []byte("hello"), unreadable: true, attempts: 2},
		"destination fails":            {replies: []reply{{body: good}}, store: store{creates: []error{broken}, commits: []error{broken}}, content: good, attempts: 3},
		"destination fails at a write": {replies: []reply{{body: good}}, store: store{writes: []error{broken}}, content: good, attempts: 2},
		"destination refuses":          {replies: []reply{{body: good}}, store: store{creates: []error{denied}}, err: fs.ErrPermission, attempts: 1},
		"destination refuses a write":  {replies: []reply{{body: good}}, store: store{writes: []error{denied}}, err: fs.ErrPermission, attempts: 1},
		"destination is closed":        {replies: []reply{{body: good}}, store: store{commits: []error{errors.New("closed")}}, err: errAny, attempts: 1},
		"lost response of the store":   {replies: []reply{{body: good}}, store: store{commits: []error{broken}, lost: true}, content: good, attempts: 2},
		"stored before":                {replies: []reply{{body: good}}, store: store{content: good, exists: true}, content: good, attempts: 1},
		"other bytes stored before":    {replies: []reply{{body: good}}, store: store{content: cutA, exists: true}, content: cutA, err: bucket.ErrExist, attempts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p, destination := newService(t), pkg("www.example.com", 0), c.store
			s.answer(p, c.replies...)
			retried := 0
			result, err := client(s, func(o *Options) {
				o.Retried = func(r *teo.Package, err error) {
					if r.URL != p.URL {
						t.Errorf("%s was retried", r.URL)
					}
					checkText(t, err)
					retried++
				}
				if c.noRetries {
					o.MaxRetries = 0
				}
			}).Fetch(t.Context(), bag.NewMeter(), &Task{Package: p, Create: destination.create, Stored: destination.read})
			checkText(t, err)
			if !matches(err, c.err) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			if len(s.requests) != c.attempts || retried != c.attempts-1 {
				t.Errorf("%d attempts and %d retries, want %d", len(s.requests), retried, c.attempts)
			}
			if !bytes.Equal(destination.content, c.content) || destination.open != 0 {
				t.Errorf("stored are %q, and %d writers are open", destination.content, destination.open)
			}
			if err != nil {
				return
			}
			want, measureErr := bag.NewMeter().Copy(nil, bytes.NewReader(c.content), nil)
			if (measureErr != nil) != c.unreadable {
				t.Fatal(measureErr)
			}
			if result.Measure != want || !result.Stored || result.Package != p || !result.RetrievedAt.Equal(firstDay.AddDate(0, 0, 2)) {
				t.Errorf("got %+v, want %+v", result, want)
			}
		})
	}
}

var errAny = errors.New("any error")

func matches(err, want error) bool {
	return errors.Is(err, want) || errors.Is(want, errAny) && err != nil
}

func TestAnObjectThatExistsIsAFailureWithoutStored(t *testing.T) {
	t.Parallel()
	s, p, destination := newService(t), pkg("a", 0), store{content: good, exists: true}
	s.answer(p, reply{body: good})
	result, err := client(s).Fetch(t.Context(), bag.NewMeter(), &Task{Package: p, Create: destination.create})
	if !errors.Is(err, bucket.ErrExist) || result != nil {
		t.Errorf("got %v, %v", result, err)
	}
}

func TestAnObjectThatExistsAndCannotBeReadIsAFailure(t *testing.T) {
	t.Parallel()
	for _, readErr := range []error{broken, denied} {
		s, p, destination := newService(t), pkg("a", 0), store{content: good, exists: true}
		s.answer(p, reply{body: good})
		opened := 0
		_, err := client(s).Fetch(t.Context(), bag.NewMeter(), &Task{
			Package: p, Create: destination.create,
			Stored: func(context.Context) (io.ReadCloser, error) {
				if opened++; opened == 1 {
					return nil, readErr
				}
				return io.NopCloser(iotest.ErrReader(readErr)), nil
			},
		})
		if want := map[error]int{broken: 6, denied: 1}[readErr]; !errors.Is(err, readErr) || opened != want {
			t.Errorf("got %v after %d attempts, want %d", err, opened, want)
		}
	}
}

func TestAPackageIsMeasuredAndNotStored(t *testing.T) {
	t.Parallel()
	s, p := newService(t), pkg("a", 0)
	s.answer(p, reply{body: good})
	content := "{\"a\":1}\n"
	hash, err := bag.NewMeter().Copy(nil, bytes.NewReader(zip(content)), nil)
	if err != nil {
		t.Fatal(err)
	}
	earlier := &bag.Earlier{UncompressedBytes: int64(len(content)), SHA256: hash.ContentSHA256}
	kept := store{}
	for name, task := range map[string]*Task{
		"nowhere to store it": {Package: p, Earlier: earlier},
		"not to be kept": {Package: p, Earlier: earlier, Create: kept.create, Keep: func(m *bag.Measure) bool {
			return m.StoredBytes != int64(len(good))
		}},
	} {
		result, err := client(s).Fetch(t.Context(), bag.NewMeter(), task)
		if err != nil || result.Stored || result.StoredBytes != int64(len(good)) || result.Extends == nil || !*result.Extends {
			t.Errorf("%s: got %+v, %v", name, result, err)
		}
	}
	if kept.exists || kept.open != 0 {
		t.Errorf("stored are %q, and %d writers are open", kept.content, kept.open)
	}
}

func TestAResponseMustCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p := newService(t), pkg("a", 0)
		s.answer(p, reply{hangs: true}, reply{body: good})
		if _, err := client(s).Fetch(t.Context(), bag.NewMeter(), &Task{Package: p}); err != nil || len(s.requests) != 2 {
			t.Errorf("got %v after %d attempts", err, len(s.requests))
		}
		s.answer(p, reply{hangs: true})
		if _, err := client(s).Fetch(t.Context(), bag.NewMeter(), &Task{Package: p}); !errors.Is(err, ErrStalled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAURLThatCannotBeUsedIsNotShown(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "/" + secret, "https://\x00" + secret, "https://h:" + secret + "/", "%" + secret} {
		p := pkg("a", 0)
		p.URL = url
		_, err := client(newService(t)).Fetch(t.Context(), bag.NewMeter(), &Task{Package: p})
		if err == nil {
			t.Errorf("%q is used", url)
		}
		checkText(t, err)
	}
}

func TestACancelledDownloadEndsWithTheCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("interrupted")
		for name, r := range map[string]reply{
			"in a download":       {body: good, wait: 20 * time.Second},
			"between two of them": {status: http.StatusTooManyRequests, header: http.Header{"Retry-After": {"3600"}}},
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Minute, func() { cancel(cause) })
			s, p, destination := newService(t), pkg("a", 0), store{}
			s.answer(p, r)
			_, err := client(s).Fetch(ctx, bag.NewMeter(), &Task{Package: p, Create: destination.create})
			if !errors.Is(err, cause) || destination.exists || destination.open != 0 {
				t.Errorf("%s: got %v, stored %q", name, err, destination.content)
			}
		}
	})
}

func TestADownloadMustNeitherStallNorTrickle(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fast     int           // bytes that arrive at once
		wait     time.Duration // for each other byte
		minRate  int64
		err      error
		attempts int
	}{
		"steady":                 {0, time.Second, 0, nil, 1},
		"almost stalled":         {0, 59 * time.Second, 0, nil, 1},
		"stalled":                {0, 61 * time.Second, 0, ErrStalled, 6},
		"stalled after a while":  {100, 61 * time.Second, 0, ErrStalled, 6},
		"fast enough":            {0, 900 * time.Millisecond, 1, nil, 1},
		"too slow":               {0, 1100 * time.Millisecond, 1, ErrTooSlow, 2},
		"too slow after a while": {100, 1100 * time.Millisecond, 1, ErrTooSlow, 2},
		"slow and stalled":       {0, 2 * time.Minute, 1, ErrStalled, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, p, destination := newService(t), pkg("a", 0), store{}
				body := zip(strings.Repeat("{}\n", 10) + rand(200))
				s.answer(p, reply{body: body, fast: c.fast, wait: c.wait})
				_, err := client(s, func(o *Options) { o.MinRate = c.minRate }).
					Fetch(t.Context(), bag.NewMeter(), &Task{Package: p, Create: destination.create})
				checkText(t, err)
				if !errors.Is(err, c.err) || len(s.requests) != c.attempts || destination.open != 0 || destination.exists != (err == nil) {
					t.Errorf("got %v after %d attempts", err, len(s.requests))
				}
			})
		})
	}
}

// rand is text that does not compress.
func rand(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteByte(byte((i*i*7919 + i*104729) >> 3 % 251))
	}
	return b.String()
}

// A destination that is slower than the timeout does not make a download stall.
func TestTheTimeOfTheDestinationDoesNotCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p, destination := newService(t), pkg("a", 0), store{}
		body := zip(rand(300 << 10))
		s.answer(p, reply{body: body})
		slow := func(ctx context.Context) (bucket.Writer, error) {
			w, err := destination.create(ctx)
			return slowWriter{w}, err
		}
		result, err := client(s, func(o *Options) { o.MinRate = 1 << 20 }).Fetch(t.Context(), bag.NewMeter(), &Task{Package: p, Create: slow})
		if err != nil || !result.Stored || len(s.requests) != 1 {
			t.Errorf("got %+v, %v", result, err)
		}
	})
}

type slowWriter struct{ bucket.Writer }

func (w slowWriter) Write(p []byte) (int, error) {
	time.Sleep(time.Hour)
	return w.Writer.Write(p)
}

// lister lists the packages of a day with new URLs each time.
type lister struct {
	service *service
	domains []string
	serve   func(n int) reply // for the URLs of the nth listing

	mu    sync.Mutex
	calls []string
	errs  []error
}

func (l *lister) list(_ context.Context, day string) ([]teo.Package, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, day)
	if err := next(&l.errs); err != nil {
		return nil, err
	}
	var rows []teo.Package
	l.service.mu.Lock()
	defer l.service.mu.Unlock()
	for _, domain := range l.domains {
		p := pkg(domain, len(l.calls))
		l.service.answer(p, l.serve(len(l.calls)))
		rows = append(rows, p)
	}
	return rows, nil
}

func TestAnExpiredURLIsReplaced(t *testing.T) {
	t.Parallel()
	failure := errors.New("the listing failed")
	hours := func(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }
	for name, c := range map[string]struct {
		domains  []string
		from     int // the first listing whose URLs work
		status   int // what the others answer
		errs     []error
		step     time.Duration // of the clock with each look at it
		err      error
		listings int
		used     int // the listing of the URL that was used
	}{
		"a fresh one":                {domains: []string{"www"}, from: 1, status: 403, listings: 1, used: 1},
		"a fresh one after 401":      {domains: []string{"www"}, from: 1, status: 401, listings: 1, used: 1},
		"a fresh one after 404":      {domains: []string{"www"}, from: 1, status: 404, listings: 1, used: 1},
		"expired again":              {domains: []string{"www"}, from: 2, status: 403, step: hours(1), listings: 2, used: 2},
		"expires always":             {domains: []string{"www"}, from: 9, status: 403, step: hours(1), err: errAny, listings: 2},
		"refused although it is new": {domains: []string{"www"}, from: 9, status: 403, err: errAny, listings: 1},
		"gone although it is listed": {domains: []string{"www"}, from: 9, status: 404, err: ErrGone, listings: 1},
		"no longer listed":           {domains: []string{"a", "b"}, from: 1, status: 403, err: ErrGone, listings: 1},
		"the listing fails":          {domains: []string{"www"}, from: 1, status: 403, errs: []error{failure}, err: failure, listings: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p, destination := newService(t), pkg("www", 0), store{}
			s.answer(p, reply{status: c.status})
			l := &lister{service: s, domains: c.domains, errs: c.errs, serve: func(n int) reply {
				if n < c.from {
					return reply{status: c.status}
				}
				return reply{body: good}
			}}
			now := firstDay.AddDate(0, 0, 2)
			result, err := client(s, func(o *Options) {
				o.Relist = l.list
				o.Now = func() time.Time { now = now.Add(c.step); return now }
			}).Fetch(t.Context(), bag.NewMeter(), &Task{Package: p, Create: destination.create})
			checkText(t, err)
			if !matches(err, c.err) || errors.Is(c.err, errAny) && errors.Is(err, ErrGone) {
				t.Errorf("got %v, want %v", err, c.err)
			}
			if len(l.calls) != c.listings || l.calls[0] != "2022-05-04" {
				t.Errorf("%v were listed, want %d listings", l.calls, c.listings)
			}
			if err == nil && result.Package != pkg("www", c.used) {
				t.Errorf("got %+v", result.Package)
			}
		})
	}
}

// A listing that takes longer than it stays young is not repeated for ever.
func TestAURLThatStaysTheSameIsRefused(t *testing.T) {
	t.Parallel()
	s, p, listings := newService(t), pkg("www", 0), 0
	now := firstDay.AddDate(0, 0, 2)
	_, err := client(s, func(o *Options) {
		o.Now = func() time.Time { now = now.Add(time.Hour); return now }
		o.Relist = func(context.Context, string) ([]teo.Package, error) {
			if listings++; listings > 2 {
				return nil, errors.New("listed too often")
			}
			return []teo.Package{p}, nil
		}
	}).Fetch(t.Context(), bag.NewMeter(), &Task{Package: p})
	if err == nil || listings != 1 || len(s.requests) != 1 {
		t.Errorf("got %v after %d listings and %d requests", err, listings, len(s.requests))
	}
}

func TestTheNewestListingIsUsed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	l := &lister{service: s, domains: []string{"a", "b"}, serve: func(n int) reply {
		return map[bool]reply{true: {body: good}, false: {status: http.StatusForbidden}}[n >= 2]
	}}
	now := firstDay.AddDate(0, 0, 2)
	c := client(s, func(o *Options) {
		o.Relist = l.list
		o.Now = func() time.Time { now = now.Add(time.Hour); return now }
	})
	for i, domain := range l.domains {
		result, err := c.Fetch(t.Context(), bag.NewMeter(), &Task{Package: pkg(domain, 0)})
		if err != nil || result.Package != pkg(domain, 2) || len(l.calls) != 2 || len(s.requests) != []int{3, 5}[i] {
			t.Errorf("%s: got %+v, %v after %d listings and %d requests", domain, result, err, len(l.calls), len(s.requests))
		}
	}
}

func TestRowsThatShareAnIdentityAreToldApartByTheirURL(t *testing.T) {
	t.Parallel()
	s, p := newService(t), pkg("www", 0)
	rows := []teo.Package{pkg("www", 1), pkg("www", 1), pkg("www", 1)}
	rows[0].URL = strings.Replace(rows[0].URL, "www.log", "a.log", 1)
	rows[2].URL = strings.Replace(rows[2].URL, "www.log", "b.log", 1)
	for i := range rows {
		s.answer(rows[i], reply{body: good})
	}
	listed := func(o *Options) {
		o.Relist = func(context.Context, string) ([]teo.Package, error) { return rows, nil }
	}
	c := client(s, listed)
	result, err := c.Fetch(t.Context(), bag.NewMeter(), &Task{Package: p})
	if err != nil || result.Package != rows[1] {
		t.Errorf("got %+v, %v", result, err)
	}
	rows = []teo.Package{rows[0], rows[2]}
	c = client(s, listed)
	if _, err := c.Fetch(t.Context(), bag.NewMeter(), &Task{Package: p}); !errors.Is(err, ErrGone) {
		t.Errorf("got %v", err)
	}
}

// Many URLs expire or are refused at once: the service is asked once.
func TestPackagesOfADayShareAListing(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(int) reply{
		"expired": func(int) reply { return reply{body: good} },
		"refused": func(int) reply { return reply{status: http.StatusForbidden} },
		"gone":    func(int) reply { return reply{status: http.StatusNotFound} },
	} {
		s := newService(t)
		l := &lister{service: s, serve: serve}
		for i := range 200 {
			l.domains = append(l.domains, fmt.Sprintf("www%d", i))
		}
		c := client(s, func(o *Options) { o.Relist = l.list })
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				m := bag.NewMeter()
				for i := worker; i < len(l.domains); i += 8 {
					p := pkg(l.domains[i], 0)
					result, err := c.Fetch(t.Context(), m, &Task{Package: p})
					if (err == nil) != (name == "expired") || err == nil && result.Package != pkg(l.domains[i], 1) {
						t.Errorf("%s: got %+v, %v", name, result, err)
					}
				}
			})
		}
		wg.Wait()
		if len(l.calls) != 1 {
			t.Errorf("%s: %d listings of 200 packages", name, len(l.calls))
		}
	}
}

// The packages that wait for a listing that fails make another one.
func TestAFailedListingIsNotShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		l := &lister{service: s, domains: []string{"a", "b"}, errs: []error{errors.New("the listing failed")}, serve: func(int) reply { return reply{body: good} }}
		c := client(s, func(o *Options) {
			o.Relist = func(ctx context.Context, day string) ([]teo.Package, error) {
				time.Sleep(time.Second) // so that both wait
				return l.list(ctx, day)
			}
		})
		var errs [2]error
		var wg sync.WaitGroup
		for i, domain := range l.domains {
			wg.Go(func() {
				_, errs[i] = c.Fetch(t.Context(), bag.NewMeter(), &Task{Package: pkg(domain, 0)})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || len(l.calls) != 2 {
			t.Errorf("got %v after %d listings", errs, len(l.calls))
		}
	})
}

func TestFewListingsAreKept(t *testing.T) {
	t.Parallel()
	s := newService(t)
	l := &lister{service: s, domains: []string{"www"}, serve: func(int) reply { return reply{body: good} }}
	c := client(s, func(o *Options) { o.Relist = l.list })
	days := map[string]bool{}
	for i := range 20 {
		p := pkg("www", 0)
		p.Start.Time = p.Start.AddDate(0, 0, i)
		// The list has the package of the first day only.
		_, err := c.Fetch(t.Context(), bag.NewMeter(), &Task{Package: p})
		if (err == nil) != (i == 0) || err != nil && !errors.Is(err, ErrGone) {
			t.Errorf("got %v", err)
		}
		days[bag.Day(p.Start.Time)] = true
	}
	if got := slices.Compact(slices.Clone(l.calls)); !slices.Equal(got, slices.Sorted(maps.Keys(days))) || len(c.listings.days) != maxListings {
		t.Errorf("%v were listed, %d listings are kept", l.calls, len(c.listings.days))
	}
}
