package credential_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// The role takes precedence over a secret ID from the same place, as in the official
// provider, and its credentials are requested once.
func TestACVMRoleTakesPrecedenceOverASecretID(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*world, *credential.Options){
		"attribute": func(_ *world, o *credential.Options) { o.CAMRoleName = teosim.DefaultCAMRole },
		"variable": func(w *world, o *credential.Options) {
			w.env["TENCENTCLOUD_CAM_ROLE_NAME"] = teosim.DefaultCAMRole
			w.env["TENCENTCLOUD_SECRET_ID"], w.env["TENCENTCLOUD_SECRET_KEY"] = o.SecretID, o.SecretKey
			o.SecretID, o.SecretKey = "", ""
		},
	} {
		w := newWorld(t, teosim.Options{})
		o := w.withStatic()
		o.MetadataTransport = nil // the real one, over the network
		set(w, &o)
		if credentials := w.credentials(o); credentials.Source != "role 'simulated-role' of this CVM" || !credentials.Temporary() {
			t.Errorf("%s: credentials %s from %q", name, credentials.SecretID, credentials.Source)
		}
		if got := w.sim.MetadataRequests(); len(got) != 1 || got[0].Path != "/latest/meta-data/cam/security-credentials/simulated-role" {
			t.Errorf("%s: requests %+v", name, got)
		}
	}
}

func TestAFailureOfACVMRoleSaysWhatToDo(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		role     string
		fault    teosim.Fault
		requests int
		words    string
	}{
		"another role":      {"other", teosim.Fault{}, 1, "does not have the role 'other': attach it to the CVM"},
		"a role with slash": {"a/b?c", teosim.Fault{}, 1, "does not have the role 'a/b?c'"},
		"not a success":     {"", teosim.Fault{Name: teosim.APIError, Value: "Failed: x"}, 1, `returned the code "Failed"`},
		"no code":           {"", teosim.Fault{Name: teosim.EmptyObject}, 1, `returned the code ""`},
		"HTML":              {"", teosim.Fault{Name: teosim.NotJSON}, 1, "did not return JSON"},
		"server's fault":    {"", teosim.Fault{Name: teosim.BadGateway}, 3, "returned HTTP 502"},
		"redirect":          {"", teosim.Fault{Name: teosim.Redirect, Value: "http://127.0.0.1:1/"}, 1, "returned HTTP 302"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			if test.fault.Name != "" {
				test.fault.Action = teosim.MetadataAction
				w.sim.Inject(test.fault)
			}
			o := w.options()
			if o.CAMRoleName = test.role; test.role == "" {
				o.CAMRoleName = teosim.DefaultCAMRole
			}
			_, err := w.source(o).Credentials(t.Context())
			failure, ok := errors.AsType[*credential.SourceError](err)
			if !ok || failure.Attribute != "cam_role_name" || !strings.Contains(err.Error(), test.words) {
				t.Errorf("%v, want %q", err, test.words)
			}
			got := w.sim.MetadataRequests()
			if len(got) != test.requests || got[0].Path != "/latest/meta-data/cam/security-credentials/"+o.CAMRoleName {
				t.Errorf("requests %+v, want %d", got, test.requests)
			}
		})
	}
}

// The role of the CVM itself, whose name the metadata service returns first.
func TestTheRoleOfACVMIsFound(t *testing.T) {
	t.Parallel()
	const none = "the CVM has no role: attach one to it"
	tests := map[string]struct {
		status int
		name   string
		want   string // the cause of the failure
	}{
		"name":              {http.StatusOK, teosim.DefaultCAMRole, ""},
		"name in a line":    {http.StatusOK, teosim.DefaultCAMRole + "\r\n", ""},
		"nothing":           {http.StatusOK, "", none},
		"white space":       {http.StatusOK, " \n", none},
		"HTML":              {http.StatusOK, "<html>", none},
		"two lines":         {http.StatusOK, "a\nb", none},
		"no such page":      {http.StatusNotFound, "", "the CVM does not have the role '': attach it to the CVM"},
		"something strange": {http.StatusTeapot, "", "the metadata service returned HTTP 418"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, teosim.Options{})
			w.write(".tccli/default.credential", `{"type":"cvm-role"}`)
			o := w.options()
			o.MetadataTransport = handlerTransport{http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, "/") {
					w.sim.Handler().ServeHTTP(rw, r)
					return
				}
				rw.WriteHeader(test.status)
				_, _ = io.WriteString(rw, test.name)
			})}
			if test.want == "" {
				w.credentials(o)
				return
			}
			_, err := w.source(o).Credentials(t.Context())
			failure{"profile", "Unable to get the credentials of the CVM's role", test.want, ""}.expect(t, err)
		})
	}
}

// A transient fault is retried.
func TestATransientFaultOfTheMetadataIsRetried(t *testing.T) {
	t.Parallel()
	for _, fault := range []teosim.FaultName{teosim.BadGateway, teosim.DropConnection, teosim.CutBody} {
		w := newWorld(t, teosim.Options{})
		w.sim.Inject(teosim.Fault{Name: fault, Action: teosim.MetadataAction, Times: 2})
		o := w.options()
		o.MetadataTransport = nil
		o.CAMRoleName = teosim.DefaultCAMRole
		if _, err := w.source(o).Credentials(t.Context()); err != nil {
			t.Errorf("%s: %v", fault, err)
		}
		if n := len(w.sim.MetadataRequests()); n != 3 {
			t.Errorf("%s: %d requests, want 3", fault, n)
		}
	}
}

// Incomplete credentials are an error.
func TestIncompleteCredentialsOfACVMRoleAreAnError(t *testing.T) {
	t.Parallel()
	for answer, words := range map[string]string{
		`{"Code":"Success","TmpSecretKey":"b","Token":"c","ExpiredTime":9999999999}`:               "returned incomplete credentials",
		`{"Code":"Success","TmpSecretId":"a","Token":"c","ExpiredTime":9999999999}`:                "returned incomplete credentials",
		`{"Code":"Success","TmpSecretId":"a","TmpSecretKey":"b","ExpiredTime":9999999999}`:         "returned incomplete credentials",
		`{"Code":"Success","TmpSecretId":"a","TmpSecretKey":"b","Token":"c"}`:                      "returned incomplete credentials",
		`{"Code":"Success","TmpSecretId":"a","TmpSecretKey":"b","Token":"c","ExpiredTime":"soon"}`: "returned a field ExpiredTime of another type",
	} {
		w := newWorld(t, teosim.Options{})
		o := w.options()
		o.CAMRoleName, o.MetadataTransport = "r", answering(answer)
		if _, err := w.source(o).Credentials(t.Context()); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", answer, err, words)
		}
	}
}

// A refused connection is not retried, but one that broke is.
func TestARefusedConnectionToTheMetadataIsNotRetried(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	w := newWorld(t, teosim.Options{})
	o := w.options()
	var asked atomic.Int32
	for requests, transport := range map[int32]http.RoundTripper{
		1: new(http.Transport),
		3: failing{&net.OpError{Op: "read", Err: syscall.ECONNRESET}},
	} {
		asked.Store(0)
		o.CAMRoleName, o.MetadataURL, o.MetadataTransport = "r", "http://"+address, counting{&asked, transport}
		_, err = w.source(o).Credentials(t.Context())
		if err == nil || !strings.Contains(err.Error(), "which only a CVM can reach") {
			t.Errorf("%v", err)
		}
		if n := asked.Load(); n != requests {
			t.Errorf("%v: %d requests, want %d", err, n, requests)
		}
	}
}

// failing is a transport that always fails.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// A connection to the metadata service is used for one request, and every response is
// closed.
func TestNoConnectionToTheMetadataIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	var kept atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !r.Close {
			kept.Add(1)
		}
		w.sim.Handler().ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	o := w.options()
	o.CAMRoleName, o.MetadataURL, o.MetadataTransport = teosim.DefaultCAMRole, server.URL, nil
	w.credentials(o)
	if n := kept.Load(); n != 0 || len(w.sim.MetadataRequests()) != 1 {
		t.Errorf("%d of %d connections were to be kept", n, len(w.sim.MetadataRequests()))
	}

	for _, fault := range []teosim.FaultName{"", teosim.NotJSON, teosim.BadGateway, teosim.Redirect} {
		if fault != "" {
			w.sim.Inject(teosim.Fault{Name: fault, Value: "http://127.0.0.1:1/", Action: teosim.MetadataAction, Times: 1})
		}
		bodies := &bodies{next: w.transport}
		o.MetadataTransport = bodies
		_, _ = w.source(o).Credentials(t.Context())
		if opened, closed := bodies.opened.Load(), bodies.closed.Load(); opened == 0 || closed != opened {
			t.Errorf("%s: %d of %d responses were closed", fault, closed, opened)
		}
	}
}

// bodies counts the bodies of responses.
type bodies struct {
	next           http.RoundTripper
	opened, closed atomic.Int32
}

func (b *bodies) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(r)
	if err == nil {
		b.opened.Add(1)
		response.Body = &body{response.Body, &b.closed}
	}
	return response, err
}

type body struct {
	io.ReadCloser

	closed *atomic.Int32
}

func (b *body) Close() error {
	b.closed.Add(1)
	return b.ReadCloser.Close()
}

// The credentials of a CVM are never sent through a proxy of the environment.
func TestMetadataGoesThroughNoProxy(t *testing.T) {
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, "proxied")
	}))
	t.Cleanup(proxy.Close)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	w := newWorld(t, teosim.Options{})
	o := w.options()
	// A name that is not loopback, for which net/http would ask the proxy.
	o.CAMRoleName, o.MetadataURL, o.MetadataTransport = "r", "http://metadata.invalid", nil
	if _, err := w.source(o).Credentials(t.Context()); err == nil || !strings.Contains(err.Error(), "did not respond") {
		t.Errorf("%v", err)
	}
	if asked.Load() != 0 {
		t.Error("the proxy was asked")
	}
}

// Credentials that the service has not replaced yet stay in use, with few requests.
func TestCredentialsThatAreNotReplacedYetStayInUse(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	w := newWorld(t, teosim.Options{})
	o := w.options()
	o.Now = func() time.Time { return now }
	var asked atomic.Int32
	o.CAMRoleName, o.MetadataTransport = "r", counting{&asked, answering(
		`{"Code":"Success","TmpSecretId":"a","TmpSecretKey":"b","Token":"c","ExpiredTime":` + unix(now.Add(1000*time.Second)) + `}`)}
	source := w.source(o)
	for range 1000 {
		if _, err := source.Credentials(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	// Once at first, once when a tenth is left, and then when a tenth of that
	// is left, and so on.
	if n := asked.Load(); n < 2 || n > 8 {
		t.Errorf("asked %d times", n)
	}
	if _, err := source.Credentials(t.Context()); err == nil {
		t.Error("credentials are handed out after their end")
	}
	err := source.Refresh(t.Context(), tcapi.Credentials{SecretID: "a", Token: "c"})
	if err == nil {
		t.Error("Refresh brought no other credentials and no error")
	}
}

type counting struct {
	n    *atomic.Int32
	next http.RoundTripper
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.next.RoundTrip(r)
}
