package credential_test

import (
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
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
