package credential_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
	"github.com/edgeone-community/terraform-provider-teo/internal/wait"
)

// shortLived returns the options of a role whose credentials expire soon.
func (w *world) shortLived(life int64) credential.Options {
	o := w.withStatic()
	o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf", SessionDuration: seconds(life)}
	return o
}

// refusals returns the error codes that the simulator has returned.
func (w *world) refusals() []string {
	var codes []string
	for _, r := range w.sim.Requests() {
		if r.Code != "" {
			codes = append(codes, r.Action+": "+r.Code)
		}
	}
	return codes
}

// Ten simulated minutes with credentials that live 60 s and a request each second:
// every request is signed with valid credentials, and STS is called once for each
// refresh. Refreshes are due when 6 s are left: the first credentials at 0 s, and
// then every 54 s, which is 12 times within 600 s.
func TestEachRefreshCallsSTSOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
		source := w.source(w.shortLived(60))
		begin := time.Now()
		requests := 0
		for ; time.Since(begin) < 10*time.Minute; time.Sleep(time.Second) {
			if err := w.list(source); err != nil {
				t.Fatalf("after %s: %v", time.Since(begin), err)
			}
			requests++
		}
		if codes := w.refusals(); len(codes) > 0 {
			t.Errorf("requests were refused: %v", codes)
		}
		if n := w.sim.Count("2022-09-01", "DescribeZones"); n != requests || requests < 600 {
			t.Errorf("%d requests arrived, want %d, each once", n, requests)
		}
		if n := w.sim.Count(stsVersion, "AssumeRole"); n != 12 {
			t.Errorf("%d calls of STS, want 12", n)
		}
	})
}

// Credentials are refreshed a tenth of their lifetime before they expire, and at most
// five minutes.
func TestCredentialsAreRefreshedATenthBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	for life, after := range map[int64]time.Duration{
		100:   90 * time.Second,
		7200:  7200*time.Second - 5*time.Minute,
		43200: 43200*time.Second - 5*time.Minute,
	} {
		inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
			source := w.source(w.shortLived(life))
			for _, step := range []struct {
				wait  time.Duration
				calls int
			}{{0, 1}, {after - time.Second, 1}, {time.Second, 2}, {0, 2}} {
				time.Sleep(step.wait)
				if _, err := source.Credentials(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := w.sim.Count("", "AssumeRole"); n != step.calls {
					t.Errorf("credentials of %d s: %d calls of STS, want %d", life, n, step.calls)
				}
			}
		})
	}
}

// 32 workers that find their credentials refused at one time share one call of STS,
// as do 32 that ask for the first credentials.
func TestWorkersShareARefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{Rates: teosim.Unlimited()})
	source := w.source(w.shortLived(7200))
	together := func(do func() error) {
		var start, done sync.WaitGroup
		start.Add(1)
		for range 32 {
			done.Go(func() {
				start.Wait()
				if err := do(); err != nil {
					t.Error(err)
				}
			})
		}
		start.Done()
		done.Wait()
	}
	together(func() error { return w.list(source) })
	if n := w.sim.Count("", "AssumeRole"); n != 1 {
		t.Fatalf("%d calls of STS for the first credentials, want 1", n)
	}
	credentials, err := source.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.sim.RemoveKey(credentials.SecretID)
	together(func() error { return source.Refresh(t.Context(), credentials) })
	if n := w.sim.Count("", "AssumeRole"); n != 2 {
		t.Errorf("%d calls of STS, want one more", n)
	}
	together(func() error { return w.list(source) })
	if n := w.sim.Count("", "AssumeRole"); n != 2 {
		t.Errorf("%d calls of STS, want no more", n)
	}
}

// While the credentials are valid, a failing refresh neither fails a request nor is
// tried for each one. When they have expired, it is the error.
func TestARefreshThatFailsFailsNoRequestBeforeTheExpiry(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
		source := w.source(w.shortLived(1000))
		if err := w.list(source); err != nil {
			t.Fatal(err)
		}
		credentials, err := source.Credentials(t.Context())
		if want := time.Now().Add(1000 * time.Second); err != nil || !credentials.Expires.Equal(want) {
			t.Errorf("the credentials expire at %s, %v, want %s", credentials.Expires, err, want)
		}
		w.sim.Inject(teosim.Fault{Name: teosim.APIError, Action: "AssumeRole", Value: "InternalErrorOfMine: out to lunch"})
		time.Sleep(900 * time.Second)
		for range 999 {
			if err := w.list(source); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		// 100 s in steps of at least a twentieth of what is left, and of a
		// second: 5 s at first, 1 s in the last twenty.
		if n := w.sim.Count("", "AssumeRole"); n < 30 || n > 60 {
			t.Errorf("%d calls of STS, want some fifty", n)
		}
		if codes := w.refusals(); len(codes) != w.sim.Count("", "AssumeRole")-1 {
			t.Errorf("EdgeOne refused: %v", codes)
		}
		time.Sleep(time.Second)
		err = w.list(source)
		failure, ok := errors.AsType[*credential.SourceError](err)
		if !ok || failure.Attribute != "assume_role" || !strings.Contains(err.Error(), "out to lunch") {
			t.Errorf("after the end: %v", err)
		}
		w.sim.ClearFaults()
		if err := w.list(source); err != nil {
			t.Errorf("when STS is back: %v", err)
		}
	})
}

// The log says which credentials are used until when, and why they were not refreshed.
func TestRefreshesAreLogged(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
		expires := time.Unix(time.Now().Unix()+1000, 0)
		metadata := &replaceable{answering(`{"Code":"Success","TmpSecretId":"a","TmpSecretKey":"b","Token":"c","ExpiredTime":` + unix(expires) + `}`)}
		o := w.options()
		o.CAMRoleName, o.MetadataTransport = "r", metadata
		source := w.source(o)
		for range 2 {
			if _, err := source.Credentials(t.Context()); err != nil {
				t.Fatal(err)
			}
			metadata.RoundTripper = answering(`{}`)
			time.Sleep(900 * time.Second)
		}
		want := []string{
			fmt.Sprint("Credentials issued", map[string]any{"credential_source": "role 'r' of this CVM", "expires": expires}),
			fmt.Sprint("Unable to refresh the credentials, which are still valid", map[string]any{
				"credential_source": "role 'r' of this CVM", "expires": expires,
				"error": `Unable to get the credentials of the CVM's role: the metadata service returned the code "" for the role 'r'`,
			}),
		}
		if !slices.Equal(w.logs, want) {
			t.Errorf("logged %q, want %q", w.logs, want)
		}
	})
}

type replaceable struct{ http.RoundTripper }

// An STS that hangs delays requests only briefly while the credentials are valid.
func TestARefreshThatHangsDelaysRequestsBriefly(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
		o := w.shortLived(7200)
		hang := &switchable{next: o.STS.Transport}
		o.STS.Transport = hang
		source := w.source(o)
		if err := w.list(source); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2*time.Hour - 4*time.Minute)
		hang.set(true)
		begin := time.Now()
		for range 100 {
			if err := w.list(source); err != nil {
				t.Fatal(err)
			}
		}
		if waited := time.Since(begin); waited != 5*time.Second {
			t.Errorf("100 requests waited %s, want the one wait of five seconds", waited)
		}
		hang.set(false)
		synctest.Wait()
		time.Sleep(5 * time.Minute) // the hung attempt times out, its retry succeeds
		if err := w.list(source); err != nil {
			t.Error(err)
		}
	})
}

// Of credentials that expire soon, a request waits for half of the time that is left,
// so that they are still valid when it is sent.
func TestARequestWaitsForHalfOfTheTimeThatIsLeft(t *testing.T) {
	t.Parallel()
	for left, wait := range map[time.Duration]time.Duration{
		10 * time.Second: 5 * time.Second, 8 * time.Second: 4 * time.Second, 2 * time.Second: time.Second,
	} {
		inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
			o := w.shortLived(120)
			hang := &switchable{next: o.STS.Transport}
			o.STS.Transport = hang
			source := w.source(o)
			before, err := source.Credentials(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(2*time.Minute - left)
			hang.set(true)
			begin := time.Now()
			credentials, err := source.Credentials(t.Context())
			if waited := time.Since(begin); err != nil || credentials != before || waited != wait {
				t.Errorf("%s before the end: %s, %v after %s, want the same credentials after %s", left, credentials.SecretID, err, waited, wait)
			}
			hang.set(false)
			time.Sleep(5 * time.Minute) // the hung attempt times out, its retry succeeds
		})
	}
}

// switchable is a transport that can hang.
type switchable struct {
	next http.RoundTripper
	mu   sync.Mutex
	hang bool
}

func (s *switchable) set(hang bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hang = hang
}

func (s *switchable) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	hang := s.hang
	s.mu.Unlock()
	if hang {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return s.next.RoundTrip(r)
}

// A caller that stops waiting returns at once, and does not end the refresh of the
// others.
func TestACallerThatCancelsFailsNoOthersRefresh(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
		o := w.shortLived(60)
		o.STS.Transport = delayed{o.STS.Transport, 10 * time.Second}
		source := w.source(o)
		reason := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		var leaves, stays error
		var all sync.WaitGroup
		all.Go(func() { _, leaves = source.Credentials(ctx) })
		synctest.Wait() // it has begun the refresh
		all.Go(func() { _, stays = source.Credentials(t.Context()) })
		synctest.Wait() // it waits for the same refresh
		begin := time.Now()
		cancel(reason)
		synctest.Wait()
		if !errors.Is(leaves, reason) || time.Since(begin) != 0 {
			t.Errorf("after %s the one who leaves got %v", time.Since(begin), leaves)
		}
		all.Wait()
		if stays != nil || w.sim.Count("", "AssumeRole") != 1 {
			t.Errorf("the one who stays got %v, after %d calls of STS", stays, w.sim.Count("", "AssumeRole"))
		}
		if _, err := source.Credentials(ctx); err != nil {
			t.Errorf("credentials that are there need no wait: %v", err)
		}
	})
}

// The same is true of the account of the credentials.
func TestACallerThatCancelsFailsNoOthersAccount(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
		o := w.withStatic()
		o.AllowedAccountIDs = []string{account}
		o.STS.Transport = delayed{o.STS.Transport, 10 * time.Second}
		source := w.source(o)
		reason := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		var leaves, stays error
		var all sync.WaitGroup
		all.Go(func() { _, leaves = source.Credentials(ctx) })
		synctest.Wait() // it has begun the request
		all.Go(func() { _, stays = source.Credentials(t.Context()) })
		synctest.Wait() // it waits for the same request
		begin := time.Now()
		cancel(reason)
		synctest.Wait()
		if !errors.Is(leaves, reason) || time.Since(begin) != 0 {
			t.Errorf("after %s the one who leaves got %v", time.Since(begin), leaves)
		}
		all.Wait()
		if n := w.sim.Count("", "GetCallerIdentity"); stays != nil || n != 1 {
			t.Errorf("the one who stays got %v, after %d requests", stays, n)
		}
	})
}

type delayed struct {
	next http.RoundTripper
	by   time.Duration
}

func (d delayed) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := wait.For(r.Context(), d.by); err != nil {
		return nil, err
	}
	return d.next.RoundTrip(r)
}

// Credentials that the service refuses are refreshed once for all callers, during a
// call.
func TestRefusedCredentialsAreRefreshedOnceForAllCallers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	source := w.source(w.shortLived(7200))
	old, err := source.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.sim.RemoveKey(old.SecretID)
	if err := w.list(source); err != nil {
		t.Fatal(err)
	}
	if err := source.Refresh(t.Context(), old); err != nil {
		t.Errorf("Refresh of credentials that are gone already: %v", err)
	}
	if n := w.sim.Count("", "AssumeRole"); n != 2 {
		t.Errorf("%d calls of STS, want 2", n)
	}
	if codes := w.refusals(); len(codes) != 1 || codes[0] != "DescribeZones: AuthFailure.SecretIdNotFound" {
		t.Errorf("refused: %v", codes)
	}

	// If STS fails, the next request returns that error.
	w.sim.Inject(teosim.Fault{Name: teosim.APIError, Action: "AssumeRole", Value: "Closed: for today"})
	credentials, err := source.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.sim.RemoveKey(credentials.SecretID)
	if failure := tcapi.AsError(w.list(source)); failure == nil || failure.CredentialSource != credentials.Source {
		t.Errorf("%v", failure)
	}
	if _, err := source.Credentials(t.Context()); err == nil || !strings.Contains(err.Error(), "Closed: for today") {
		t.Errorf("%v", err)
	}
}

// A code works once: the credentials are used until they expire.
func TestCredentialsOfACodeAreNotRefreshed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		set  func(*credential.Options)
		want failure
	}{
		"MFA": {func(o *credential.Options) {
			o.MFACertification = &credential.MFACertification{SerialNumber: "device", TokenCode: "123456", DurationSeconds: seconds(100)}
		}, failure{
			attribute: "mfa_certification.token_code", summary: "The MFA session has expired",
			next: "A code of an MFA device works once: run again with a new code, or set a longer duration_seconds.",
		}},
		"role": {func(o *credential.Options) {
			o.AssumeRole = &credential.AssumeRole{
				RoleARN: roleARN, SessionName: "tf", SessionDuration: seconds(100), SerialNumber: "device", TokenCode: "123456",
			}
		}, failure{
			attribute: "assume_role.token_code", summary: "The session of the assumed role has expired",
			next: "A code of an MFA device works once: run again with a new code, or set a longer session_duration.",
		}},
	}
	for name, test := range tests {
		inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
			o := w.withStatic()
			test.set(&o)
			source := w.source(o)
			credentials, err := source.Credentials(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(99 * time.Second)
			if err := w.list(source); err != nil {
				t.Errorf("%s: a second before the end: %v", name, err)
			}
			if err := source.Refresh(t.Context(), credentials); !errors.Is(err, tcapi.ErrNotRefreshable) {
				t.Errorf("%s: Refresh: %v", name, err)
			}
			time.Sleep(time.Second)
			test.want.expect(t, w.list(source))
			if n := w.sim.Count(stsVersion, ""); n != 1 {
				t.Errorf("%s: the code was sent %d times", name, n)
			}
		})
	}
}

// A code that STS did not get to check can be sent again. One that it refused cannot:
// see TestARefusedCodeIsSentOnce.
func TestATransientErrorDoesNotUseUpACode(t *testing.T) {
	t.Parallel()
	for _, fault := range []teosim.FaultName{teosim.ServerErrorCode, teosim.BadGateway, teosim.Throttled, teosim.Busy, teosim.NotJSON} {
		w := newWorld(t, teosim.Options{})
		w.sim.Inject(teosim.Fault{Name: fault, Action: "GetSessionToken"})
		o := w.withStatic()
		o.MFACertification = &credential.MFACertification{SerialNumber: "device", TokenCode: "123456"}
		source := w.source(o)
		if _, err := source.Credentials(t.Context()); tcapi.AsError(err) == nil {
			t.Errorf("%s: %v, want a *tcapi.Error", fault, err)
		}
		w.sim.ClearFaults()
		if err := w.list(source); err != nil {
			t.Errorf("%s: the code is not sent again: %v", fault, err)
		}
	}
}

// Each layer of a chain is refreshed when it is due.
func TestEachLayerIsRefreshedWhenItIsDue(t *testing.T) {
	t.Parallel()
	metadata := teosim.MetadataOptions{Lifetime: 10 * time.Minute}
	inBubble(t, 0, teosim.Options{Metadata: metadata}, func(t *testing.T, w *world) {
		o := w.shortLived(60)
		o.CAMRoleName = teosim.DefaultCAMRole
		source := w.source(o)
		for range 60 {
			if err := w.list(source); err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Second)
		}
		if codes := w.refusals(); len(codes) > 0 {
			t.Errorf("refused: %v", codes)
		}
		// Half an hour: the CVM's credentials are requested at 0, 9, 18 and 27 minutes.
		if n := len(w.sim.MetadataRequests()); n != 4 {
			t.Errorf("%d requests to the metadata service, want 4", n)
		}
	})
}

// STS may issue credentials with a shorter lifetime than requested.
func TestSTSMayIssueAShorterLifetime(t *testing.T) {
	t.Parallel()
	capped := teosim.Options{STS: teosim.STSOptions{MaxDuration: 30 * time.Second}}
	inBubble(t, 0, capped, func(t *testing.T, w *world) {
		source := w.source(w.shortLived(7200))
		credentials, err := source.Credentials(t.Context())
		if want := time.Now().Add(30 * time.Second); err != nil || !credentials.Expires.Equal(want) {
			t.Errorf("the credentials expire at %s, %v, want %s", credentials.Expires, err, want)
		}
		for range 60 {
			if err := w.list(source); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if n := w.sim.Count("", "AssumeRole"); len(w.refusals()) > 0 || n != 3 {
			t.Errorf("%d calls of STS, want 3 (at 0, 27 and 54 s); refused: %v", n, w.refusals())
		}
	})
}

// The service's clock may differ by five minutes, more than the lifetime of some
// credentials.
func TestTheClockOfTheServiceMayDiffer(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-4 * time.Minute, 4 * time.Minute} {
		inBubble(t, off, teosim.Options{}, func(t *testing.T, w *world) {
			source := w.source(w.shortLived(60))
			for range 120 {
				if err := w.list(source); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
			}
			if n := w.sim.Count("", "AssumeRole"); len(w.refusals()) > 0 || n != 3 {
				t.Errorf("with the service %s ahead: %d calls of STS, want 3; refused: %v", off, n, w.refusals())
			}
		})
	}
}

// If the clocks differ by more than signatures allow, the error has the difference.
func TestAnErrorHasTheDifferenceOfTheClocks(t *testing.T) {
	t.Parallel()
	for off, words := range map[time.Duration]string{
		7 * time.Minute: "the service's clock is 7m0s ahead", -time.Hour: "the service's clock is 1h0m0s behind",
	} {
		inBubble(t, off, teosim.Options{}, func(t *testing.T, w *world) {
			_, err := w.source(w.shortLived(60)).Credentials(t.Context())
			if err == nil || !strings.Contains(err.Error(), words) || !strings.Contains(err.Error(), "AuthFailure.SignatureExpire") {
				t.Errorf("%v, want %q in it", err, words)
			}
		})
	}
}
