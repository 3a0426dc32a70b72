package teosim

import "time"

// zoneRow is a Zone of 2022-09-01 with all its fields. Those that are not simulated
// have the values of a site without the feature.
type zoneRow struct {
	ZoneID                                  string `json:"ZoneId"`
	ZoneName, AliasZoneName, Area, Type     string
	Tags                                    []zoneTag
	Resources                               []any
	NSDetail, CNAMEDetail, DNSPodDetail     *zoneDetail
	CreatedOn, ModifiedOn                   string
	Status, CnameStatus                     string
	ActiveStatus, LockStatus                string
	Paused                                  bool
	IsFake                                  int
	CnameSpeedUp                            string
	OwnershipVerification                   *struct{}
	OriginalNameServers, NameServers        []string
	VanityNameServers, VanityNameServersIps *struct{}
	WorkModeInfos                           []zoneWorkMode
}

type zoneTag struct{ TagKey, TagValue string }

type zoneDetail struct {
	IsFake                int
	OwnershipVerification *struct{}
}

type zoneWorkMode struct{ ConfigGroupType, WorkMode string }

func newZoneRow(z Zone) zoneRow {
	row := zoneRow{
		ZoneID: z.ID, ZoneName: z.Name, AliasZoneName: z.Alias, Area: z.Area, Type: z.Type,
		Tags:                []zoneTag{},
		Resources:           []any{},
		CreatedOn:           z.CreatedOn.UTC().Format(time.RFC3339),
		ModifiedOn:          z.CreatedOn.UTC().Format(time.RFC3339),
		Status:              z.Status,
		CnameStatus:         "finished",
		ActiveStatus:        z.ActiveStatus,
		LockStatus:          "enable",
		Paused:              z.Paused,
		CnameSpeedUp:        "enabled",
		OriginalNameServers: []string{},
		NameServers:         []string{},
		WorkModeInfos:       []zoneWorkMode{{"l7_acceleration", "immediate_effect"}},
	}
	for _, key := range sortedKeys(z.Tags) {
		row.Tags = append(row.Tags, zoneTag{key, z.Tags[key]})
	}
	switch z.Type {
	case "full":
		row.NSDetail = &zoneDetail{}
	case "partial":
		row.CNAMEDetail = &zoneDetail{}
	case "dnsPodAccess":
		row.DNSPodDetail = &zoneDetail{}
	}
	return row
}
