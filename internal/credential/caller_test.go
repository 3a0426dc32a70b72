package credential_test

import (
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

func TestTheCallerIsTheUserOrTheRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	o := w.withStatic()
	arn, err := w.source(o).CallerARN(t.Context())
	if want := "qcs::cam::uin/" + account + ":uin/" + account; err != nil || arn != want {
		t.Errorf("%q, %v, want %q", arn, err, want)
	}
	o.AssumeRole = &credential.AssumeRole{RoleARN: roleARN, SessionName: "tf"}
	arn, err = w.source(o).CallerARN(t.Context())
	if want := "qcs::sts:100000000009:assumed-role/logs"; err != nil || arn != want {
		t.Errorf("%q, %v, want %q", arn, err, want)
	}
}

// A caller that is not known costs one request, not all retries.
func TestTheCallerIsAskedForOnce(t *testing.T) {
	t.Parallel()
	for _, fault := range []teosim.Fault{
		{Name: teosim.CamUnauthorized}, {Name: teosim.ServerErrorCode}, {Name: teosim.DropConnection}, {Name: teosim.NotJSON},
	} {
		w := newWorld(t, teosim.Options{})
		w.sim.Inject(fault)
		o := w.withStatic()
		if arn, err := w.source(o).CallerARN(t.Context()); err == nil {
			t.Errorf("%s: the caller is %q", fault.Name, arn)
		}
		if n := len(w.sim.Requests()); n != 1 {
			t.Errorf("%s: %d requests", fault.Name, n)
		}
	}
}

func TestNobodyIsTheCallerWithoutCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, teosim.Options{})
	if arn, err := w.source(w.options()).CallerARN(t.Context()); err == nil {
		t.Errorf("the caller is %q", arn)
	}
	if n := len(w.sim.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// STS is not asked over plain HTTP, which would show the token to the network, except on
// this machine.
func TestTheCallerIsNotAskedForOverPlainHTTP(t *testing.T) {
	t.Parallel()
	for endpoint, asked := range map[tcapi.Endpoint]bool{
		{Scheme: "https", Host: "sts.example.com"}: true,
		{Scheme: "http", Host: "127.0.0.1:1"}:      true,
		{Scheme: "http", Host: "sts.example.com"}:  false,
	} {
		w := newWorld(t, teosim.Options{})
		o := w.withStatic()
		o.STS.Endpoint = endpoint
		arn, err := w.source(o).CallerARN(t.Context())
		if n := len(w.sim.Requests()); (err == nil) != asked || (n > 0) != asked {
			t.Errorf("%s: the caller is %q, %v, after %d requests", endpoint, arn, err, n)
		}
	}
}

func TestTheCallerIsWaitedForAtMostTenSeconds(t *testing.T) {
	t.Parallel()
	inBubble(t, 0, teosim.Options{}, func(t *testing.T, w *world) {
		o := w.withStatic()
		for delay, known := range map[time.Duration]bool{10*time.Second - 1: true, 10*time.Second + 1: false} {
			o.STS.Transport = delayed{w.transport, delay}
			if arn, err := w.source(o).CallerARN(t.Context()); (err == nil) != known {
				t.Errorf("after %s the caller is %q, %v", delay, arn, err)
			}
		}
	})
}
