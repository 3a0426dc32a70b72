// Package clients lists the simulator with Tencent Cloud's typed client for
// 2022-01-06. The client was not written for this project, so it shows that the
// simulator speaks the real protocol.
package clients

import (
	"strings"
	"testing"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	teo "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/teo/v20220106"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Every package is listed once, page by page, by either number of the first page.
func TestDownloadL7Logs(t *testing.T) {
	t.Parallel()
	for base := range 2 {
		sim, err := teosim.Start(teosim.Options{PageBase: base, Rates: teosim.Unlimited()})
		if err != nil {
			t.Fatal(err)
		}
		defer sim.Close()
		p := profile.NewClientProfile()
		p.HttpProfile.Endpoint, p.HttpProfile.Scheme = strings.TrimPrefix(sim.URL(), "http://"), "HTTP"
		client, err := teo.NewClient(common.NewCredential(sim.SecretID(), sim.SecretKey()), "", p)
		if err != nil {
			t.Fatal(err)
		}

		const size = 100
		want := len(sim.Catalogue().L7)
		listed := map[string]bool{}
		for page := base; ; page++ {
			request := teo.NewDownloadL7LogsRequest()
			request.StartTime, request.EndTime = common.StringPtr("2022-05-04T00:00:00+08:00"), common.StringPtr("2022-05-12T00:00:00Z")
			request.PageSize, request.PageNo = common.Int64Ptr(size), common.Int64Ptr(int64(page))
			request.Zones = common.StringPtrs([]string{"example.com", "example.org"})
			answer, err := client.DownloadL7Logs(request)
			if err != nil {
				t.Fatal(err)
			}
			r := answer.Response
			if *r.TotalSize != int64(want) || *r.PageNo != int64(page) || *r.PageSize != size || *r.Pages != int64((want+size-1)/size) || *r.RequestId == "" {
				t.Fatalf("page %d of %d: got page %d of %d pages, %d entries", page, want, *r.PageNo, *r.Pages, *r.TotalSize)
			}
			if len(r.Data) == 0 {
				break
			}
			for _, row := range r.Data {
				if *row.Domain == "" || *row.Area == "" || *row.LogPacketName == "" || *row.LogTime == 0 || *row.Size == 0 {
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
}
