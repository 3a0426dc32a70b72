package teo_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// goneCodes are the error codes that may mean that 2022-01-06 is no longer served.
var goneCodes = []string{"ActionOffline", "InvalidAction", "NoSuchVersion", "UnsupportedOperation"}

func TestAVersionThatIsGoneIsSwitched(t *testing.T) {
	t.Parallel()
	for _, code := range goneCodes {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Gone: code})
			client := newClient(t, sim, teo.Options{})
			l := list(t, client, everything(0))
			checkExact(t, sim, l)
			if l.SwitchedVersion == nil || l.SwitchedVersion.Code != code || l.SwitchedVersion.RequestID == "" || l.APIVersion != teo.Version20220901 {
				t.Errorf("got %+v and version %s, want %s and %s", l.SwitchedVersion, l.APIVersion, code, teo.Version20220901)
			}
			if got := sim.Count(teo.Version20220106, ""); got != 1 {
				t.Errorf("%d requests of 2022-01-06 were sent, want 1", got)
			}
			if l = list(t, client, everything(0)); l.SwitchedVersion != nil {
				t.Error("the change is reported twice")
			}
			if got := sim.Count(teo.Version20220106, ""); got != 1 {
				t.Errorf("%d requests of 2022-01-06 were sent, want no more than the first", got)
			}
			if got := sim.Count("", "DescribeZones"); got != 1 {
				t.Errorf("%d requests of DescribeZones were sent, want 1", got)
			}
		})
	}
}

// If several concurrent queries switch versions, only one of them reports it.
func TestOneOfConcurrentQueriesReportsTheSwitch(t *testing.T) {
	t.Parallel()
	for _, code := range goneCodes {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Gone: code})
			client := newClient(t, sim, teo.Options{})
			var (
				reported [10]bool
				group    sync.WaitGroup
			)
			for i := range reported {
				group.Go(func() {
					q := everything(0)
					q.Zones = []string{"example.com", "example.org"}
					l, err := client.L7Logs(t.Context(), q)
					if err != nil {
						t.Error(err)
						return
					}
					checkExact(t, sim, l)
					reported[i] = l.SwitchedVersion != nil
				})
			}
			group.Wait()
			if n := len(slices.DeleteFunc(reported[:], func(b bool) bool { return !b })); n != 1 {
				t.Errorf("%d lists tell of the change-over, want 1", n)
			}
			if got := sim.Count("", "DescribeZones"); got != 1 {
				t.Errorf("%d requests of DescribeZones were sent, want 1", got)
			}
		})
	}
}

// A failed list does not report the switch; the next list does.
func TestTheFirstListThatSucceedsReportsTheSwitch(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{Gone: "ActionOffline"})
	client := newClient(t, sim, teo.Options{})
	sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Action: "DescribeZones", Times: 1})
	if _, err := client.L7Logs(t.Context(), everything(0)); tcapi.AsError(err) == nil {
		t.Fatalf("got %v, want a *tcapi.Error", err)
	}
	for _, want := range []bool{true, false} {
		if l := list(t, client, everything(0)); (l.SwitchedVersion != nil) != want {
			t.Errorf("the change is reported: %t, want %t", l.SwitchedVersion != nil, want)
		}
	}
	if got := sim.Count(teo.Version20220106, ""); got != 1 {
		t.Errorf("%d requests of 2022-01-06 were sent, want 1", got)
	}
}

// A list that selects 2022-09-01 by zone IDs does not report the switch, because it
// would have used that version anyway.
func TestAListByZoneIDsReportsNoSwitch(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{Gone: "ActionOffline"})
	client := newClient(t, sim, teo.Options{})
	sim.Inject(teosim.Fault{Name: teosim.CamUnauthorized, Action: "DescribeZones", Times: 1})
	if _, err := client.L7Logs(t.Context(), everything(0)); tcapi.AsError(err) == nil {
		t.Fatalf("got %v, want a *tcapi.Error after the switch", err)
	}
	q := everything(0)
	q.ZoneIDs = []string{"zone-2demo00003og"}
	if l := list(t, client, q); l.SwitchedVersion != nil {
		t.Error("a list by zone ID reports the switch")
	}
	if l, err := client.L4Logs(t.Context(), everything(0)); err != nil || l.SwitchedVersion != nil {
		t.Errorf("a list of layer 4 reports the switch, or fails: %v", err)
	}
	if l := list(t, client, everything(0)); l.SwitchedVersion == nil {
		t.Error("the first list that the switch concerns does not report it")
	}
}

// Only these codes mean that a version is gone.
func TestNoVersionSwitchOnOtherErrors(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"UnauthorizedOperation.CamUnauthorized", "InvalidParameter", "UnsupportedOperation.SiteNotReady", "ResourceNotFound", "InternalError"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			client := newClient(t, sim, teo.Options{})
			sim.Inject(teosim.Fault{Name: teosim.APIError, Value: code + ": no", Version: teo.Version20220106, Times: 6})
			_, err := client.L7Logs(t.Context(), everything(0))
			if failure := tcapi.AsError(err); failure == nil || failure.Code != code {
				t.Errorf("got %v, want %s", err, code)
			}
			if got := sim.Count(teo.Version20220901, ""); got != 0 {
				t.Errorf("%d requests of 2022-09-01 were sent", got)
			}
		})
	}
}

// A pinned version is never switched.
func TestAPinnedVersionIsNeverSwitched(t *testing.T) {
	t.Parallel()
	for _, code := range goneCodes {
		t.Run("2022-01-06/"+code, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Gone: code})
			client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220106})
			for range 2 {
				_, err := client.L7Logs(t.Context(), everything(0))
				if failure := tcapi.AsError(err); failure == nil || failure.Code != code || failure.Version != teo.Version20220106 {
					t.Errorf("got %v, want %s of 2022-01-06", err, code)
				}
			}
			checkCount(t, sim, 2)
		})
		t.Run("2022-09-01/"+code, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			sim.Inject(teosim.Fault{Name: teosim.APIError, Value: code + ": gone", Action: logs})
			client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220901})
			_, err := client.L7Logs(t.Context(), everything(0))
			if failure := tcapi.AsError(err); failure == nil || failure.Code != code || failure.Version != teo.Version20220901 {
				t.Errorf("got %v, want %s of 2022-09-01", err, code)
			}
			if got := sim.Count(teo.Version20220106, ""); got != 0 {
				t.Errorf("%d requests of 2022-01-06 were sent", got)
			}
		})
	}
}

// The version that a query selects if both are served.
func TestAQuerySelectsItsVersion(t *testing.T) {
	t.Parallel()
	ids, names := []string{"zone-2demo00003og"}, []string{"example.org"}
	for _, test := range []struct {
		pinned     string
		ids, names []string
		want       string
		zones      int // requests of DescribeZones
	}{
		{want: teo.Version20220106},
		{names: names, want: teo.Version20220106},
		{ids: ids, want: teo.Version20220901},
		{ids: ids, names: names, want: teo.Version20220901, zones: 1},
		{pinned: teo.Version20220106, names: names, want: teo.Version20220106},
		{pinned: teo.Version20220901, want: teo.Version20220901, zones: 1},
		{pinned: teo.Version20220901, names: names, want: teo.Version20220901, zones: 1},
		{pinned: teo.Version20220901, ids: ids, want: teo.Version20220901},
	} {
		t.Run(fmt.Sprintf("pinned=%s,ids=%d,names=%d", test.pinned, len(test.ids), len(test.names)), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			q := everything(0)
			q.Zones, q.ZoneIDs = test.names, test.ids
			l := list(t, newClient(t, sim, teo.Options{APIVersion: test.pinned}), q)
			want := sim.Catalogue().L7
			if len(test.ids)+len(test.names) > 0 {
				want = slices.DeleteFunc(want, func(p teosim.Package) bool { return p.ZoneID != ids[0] })
			}
			checkPackages(t, want, l)
			if l.APIVersion != test.want || l.SwitchedVersion != nil {
				t.Errorf("the version is %s and the change-over %v, want %s and none", l.APIVersion, l.SwitchedVersion, test.want)
			}
			if got := sim.Count("", "DescribeZones"); got != test.zones {
				t.Errorf("%d requests of DescribeZones were sent, want %d", got, test.zones)
			}
		})
	}
}

// Filters of a query are sent unchanged, and times in whole seconds.
func TestAQueryIsSentUnchangedInWholeSeconds(t *testing.T) {
	t.Parallel()
	for _, version := range []string{teo.Version20220106, teo.Version20220901} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{})
			client := newClient(t, sim, teo.Options{APIVersion: version})
			q := everything(0)
			q.Start, q.End = windowStart.AddDate(0, 0, 4).Add(1), windowStart.AddDate(0, 0, 5).Add(1)
			q.Zones, q.Hosts = []string{"example.com"}, []string{"www.example.com", "api.example.com"}
			l := list(t, client, q)
			checkPackages(t, slices.DeleteFunc(sim.Catalogue().L7, func(p teosim.Package) bool {
				end := q.End.Truncate(1e9).Add(1e9)
				return !slices.Contains(q.Hosts, p.Host) || !p.Start.Before(end) || !p.End.After(q.Start)
			}), l)
			r := sim.Requests()
			body := string(r[len(r)-1].Body)
			for _, want := range []string{
				`"StartTime":"2022-05-05T00:00:00Z"`, `"EndTime":"2022-05-06T00:00:01Z"`, `"Domains":["www.example.com","api.example.com"]`,
			} {
				if !contains(body, want) {
					t.Errorf("sent %s, want %s in it", body, want)
				}
			}
		})
	}
}
