package providertest

import (
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// SmallAccount is a catalogue in which every value is known: two zones, and five
// packages in the hour from 2022-05-04T03:00:00Z, not in order.
func SmallAccount() teosim.Catalogue {
	three := time.Date(2022, 5, 4, 3, 0, 0, 0, time.UTC)
	hour := func(zone, host, area string, size int64) teosim.Package {
		return teosim.Package{
			ZoneID: zone, Host: host, Area: area, Name: teosim.PackageName(host, three, time.Hour),
			Start: three, End: three.Add(time.Hour), LogTime: three.Unix() + 60, Size: size,
		}
	}
	quarter := hour("zone-2", "img.example.org", "mainland", 400)
	quarter.Start, quarter.End = three.Add(15*time.Minute), three.Add(30*time.Minute-time.Second)
	quarter.Name = teosim.PackageName(quarter.Host, quarter.Start, 15*time.Minute)
	return teosim.Catalogue{
		Zones: []teosim.Zone{{ID: "zone-1", Name: "example.com"}, {ID: "zone-2", Name: "example.org"}},
		L7: []teosim.Package{
			quarter,
			hour("zone-1", "www.example.com", "overseas", 200),
			hour("zone-1", "www.example.com", "mainland", 100),
			hour("zone-2", "example.org", "overseas", 500),
			hour("zone-1", "api.example.com", "mainland", 300),
		},
		L4: []teosim.Package{hour("zone-2", "sid-2", "overseas", 20), hour("zone-1", "sid-1", "mainland", 10)},
	}
}

// SmallWindow are the arguments for the hour of SmallAccount.
const SmallWindow = `
  start_time = "2022-05-04T11:00:00+08:00"
  end_time   = "2022-05-04T04:00:00Z"
`

// L7Hour is a data source for one hour of the simulator's default catalogue.
const L7Hour = `
data "teo_l7_offline_logs" "test" {
  start_time = "2022-05-04T00:00:00Z"
  end_time   = "2022-05-04T01:00:00Z"
}
`

// UnableToRead is the summary of all failed requests for a list.
const UnableToRead = "error: Unable to read L7 offline logs"
