package teo_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

var errEnough = errors.New("enough")

// A list ends with its context at any point.
func TestAListEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]teosim.Fault{
		"while a page is under way": {Name: teosim.Hang, Page: new(3)},
		"at the first page":         {Name: teosim.Hang},
		"while it waits to retry":   {Name: teosim.TooManyRequests, Value: "60", Page: new(3)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
				o.Catalogue = catalogue(95)
				sim := startSim(t, o)
				sim.Inject(fault)
				checkCancel(t, sim, newClient(t, sim, teo.Options{}), all(10))
			})
		})
	}
	t.Run("while it waits for the rate limit", func(t *testing.T) {
		t.Parallel()
		eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
			o.Catalogue = catalogue(95)
			sim := startSim(t, o)
			checkCancel(t, sim, teo.New(newCaller(t, sim, 0.001), teo.Options{}), all(10))
		})
	})
	t.Run("while another query looks up the zones", func(t *testing.T) {
		t.Parallel()
		sim := startSim(t, teosim.Options{})
		sim.Inject(teosim.Fault{Name: teosim.Hang, Action: "DescribeZones"})
		client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
		other, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = client.L7Logs(other, everything(0))
		}()
		for sim.Count("", "DescribeZones") == 0 {
			time.Sleep(time.Millisecond)
		}
		checkCancel(t, sim, client, everything(0))
		cancel()
		<-ended
	})
}

// checkCancel cancels a list when its first requests have arrived.
func checkCancel(t *testing.T, sim *teosim.Sim, client *teo.Client, q teo.Query) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	failed := make(chan error, 1)
	go func() {
		l, err := client.L7Logs(ctx, q)
		if l != nil {
			t.Error("there is a list")
		}
		failed <- err
	}()
	for sim.Count("", "") == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond) // so that it gets to where it hangs
	cancel(errEnough)
	select {
	case err := <-failed:
		if !errors.Is(err, errEnough) {
			t.Errorf("got %v, want the context's cause", err)
		}
	case <-time.After(30 * time.Second): // what it waits for takes a minute, or for ever
		t.Fatal("the list does not end")
	}
}
