// Package clients lists the simulator with Tencent Cloud's typed clients for
// 2022-09-01 and for STS. The clients were not written for this project, so they
// show that the simulator speaks the real protocol.
package clients

import (
	"errors"
	"strings"
	"testing"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sdkerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	sts "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/sts/v20180813"
	teo "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/teo/v20220901"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

func start(t *testing.T) *teosim.Sim {
	t.Helper()
	sim, err := teosim.Start(teosim.Options{Rates: teosim.Unlimited()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

func profileOf(sim *teosim.Sim) *profile.ClientProfile {
	p := profile.NewClientProfile()
	p.HttpProfile.Endpoint, p.HttpProfile.Scheme = strings.TrimPrefix(sim.URL(), "http://"), "HTTP"
	return p
}

func newClient(t *testing.T, sim *teosim.Sim, credential common.CredentialIface) *teo.Client {
	t.Helper()
	client, err := teo.NewClient(credential, "", profileOf(sim))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func permanent(sim *teosim.Sim) common.CredentialIface {
	return common.NewCredential(sim.SecretID(), sim.SecretKey())
}

func zoneIDs(sim *teosim.Sim) []*string {
	var ids []*string
	for _, zone := range sim.Catalogue().Zones {
		ids = append(ids, common.StringPtr(zone.ID))
	}
	return ids
}

const size = 100

func TestDownloadL7Logs(t *testing.T) {
	t.Parallel()
	sim := start(t)
	client := newClient(t, sim, permanent(sim))
	want := len(sim.Catalogue().L7)
	listed := map[string]bool{}
	for offset := 0; ; offset += size {
		request := teo.NewDownloadL7LogsRequest()
		request.StartTime, request.EndTime = common.StringPtr("2022-05-04T00:00:00+08:00"), common.StringPtr("2022-05-12T00:00:00Z")
		request.ZoneIds, request.Limit, request.Offset = zoneIDs(sim), common.Int64Ptr(size), common.Int64Ptr(int64(offset))
		answer, err := client.DownloadL7Logs(request)
		if err != nil {
			t.Fatal(err)
		}
		if got := *answer.Response.TotalCount; got != int64(want) {
			t.Fatalf("the count is %d, want %d", got, want)
		}
		if len(answer.Response.Data) == 0 {
			break
		}
		for _, row := range answer.Response.Data {
			if *row.Domain == "" || *row.Area == "" || *row.LogPacketName == "" || *row.LogStartTime == "" || *row.LogEndTime == "" || *row.Size == 0 {
				t.Errorf("incomplete row: %s", *row.LogPacketName)
			}
			path, _, _ := strings.Cut(*row.Url, "?")
			listed[path] = true
		}
	}
	if len(listed) != want {
		t.Errorf("%d packages are listed, want %d", len(listed), want)
	}
}

func TestDownloadL4Logs(t *testing.T) {
	t.Parallel()
	sim := start(t)
	client := newClient(t, sim, permanent(sim))
	want := len(sim.Catalogue().L4)
	listed := map[string]bool{}
	for offset := 0; ; offset += 40 {
		request := teo.NewDownloadL4LogsRequest()
		request.StartTime, request.EndTime = common.StringPtr("2022-05-04T00:00:00Z"), common.StringPtr("2022-05-12T00:00:00Z")
		request.ZoneIds, request.Limit, request.Offset = zoneIDs(sim), common.Int64Ptr(40), common.Int64Ptr(int64(offset))
		answer, err := client.DownloadL4Logs(request)
		if err != nil {
			t.Fatal(err)
		}
		if len(answer.Response.Data) == 0 {
			break
		}
		for _, row := range answer.Response.Data {
			listed[*row.ProxyId+*row.Area+*row.LogPacketName] = true
		}
	}
	if len(listed) != want {
		t.Errorf("%d packages are listed, want %d", len(listed), want)
	}
}

func TestDescribeZones(t *testing.T) {
	t.Parallel()
	sim := start(t)
	client := newClient(t, sim, permanent(sim))
	listed := map[string]bool{}
	for offset := 0; ; offset++ {
		request := teo.NewDescribeZonesRequest()
		request.Offset, request.Limit = common.Int64Ptr(int64(offset)), common.Int64Ptr(1)
		request.Filters = []*teo.AdvancedFilter{{Name: common.StringPtr("zone-name"), Values: common.StringPtrs([]string{"example.com", "example.org"})}}
		answer, err := client.DescribeZones(request)
		if err != nil {
			t.Fatal(err)
		}
		if len(answer.Response.Zones) == 0 {
			break
		}
		listed[*answer.Response.Zones[0].ZoneId] = true
	}
	if want := len(sim.Catalogue().Zones); len(listed) != want {
		t.Errorf("%d zones are listed, want %d", len(listed), want)
	}
}

// A role is assumed at the simulator's STS, and its temporary credentials are
// accepted. The errors are those of the SDK.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	sim := start(t)
	client, err := sts.NewClient(permanent(sim), "ap-guangzhou", profileOf(sim))
	if err != nil {
		t.Fatal(err)
	}
	request := sts.NewAssumeRoleRequest()
	request.RoleArn, request.RoleSessionName = common.StringPtr("qcs::cam::uin/"+teosim.DefaultAccountID+":roleName/logs"), common.StringPtr("clients")
	answer, err := client.AssumeRole(request)
	if err != nil {
		t.Fatal(err)
	}
	c := answer.Response.Credentials
	temporary := newClient(t, sim, common.NewTokenCredential(*c.TmpSecretId, *c.TmpSecretKey, *c.Token))
	if _, err := temporary.DescribeZones(teo.NewDescribeZonesRequest()); err != nil {
		t.Errorf("temporary credentials: %v", err)
	}
	other := newClient(t, sim, common.NewTokenCredential(*c.TmpSecretId, *c.TmpSecretKey, "other"))
	var failure *sdkerrors.TencentCloudSDKError
	if _, err := other.DescribeZones(teo.NewDescribeZonesRequest()); !errors.As(err, &failure) || failure.Code != "AuthFailure.TokenFailure" || failure.RequestId == "" {
		t.Errorf("another token: %v, want AuthFailure.TokenFailure", err)
	}
}
