package provider

import (
	"slices"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// columns are the attributes of a row.
func (f family) columns() columns[teo.Package] {
	all := columns[teo.Package]{
		{
			name: f.host, kind: text, description: f.hostText,
			value: func(p *teo.Package) any { return orNull(p.Host()) },
		},
		{
			name: "area", kind: text,
			description: "Area of the service: `mainland` (of China) or `overseas`. Null where the service does not say, as in many answers of API version 2022-01-06.",
			value:       func(p *teo.Package) any { return orNull(p.Area) },
		},
		{
			name: "log_packet_name", kind: text,
			description: "Name of the log package, such as `20220811-02-www.example.com` (02:00 to 03:00 UTC) or `20230725-2315-www.example.com` (a quarter of an hour). It does not name the area.",
			value:       func(p *teo.Package) any { return orNull(p.Name) },
		},
		{
			name: "url", kind: text, sensitive: true,
			description: "Signed URL of the package, for a short time good for anyone who has it. Null if `include_urls` is false.",
			value:       func(p *teo.Package) any { return orNull(p.URL) },
		},
		{
			name: "log_time", kind: integer,
			description: "Time of packaging in unix seconds, as the service gives it. Deprecated by the service and not reliable: use `log_start_time`.",
			value:       func(p *teo.Package) any { return orNullInt(p.LogTime) },
		},
		{
			name: "log_start_time", kind: text,
			description: "Start of the slot, RFC 3339 in UTC; from `log_packet_name` where the service gives none.",
			value:       func(p *teo.Package) any { return instant(p.Start) },
		},
		{
			name: "log_end_time", kind: text,
			description: "End of the slot, RFC 3339 in UTC, as the service gives it (exclusive for an hour, the last second for a quarter of an hour); from `log_packet_name`, exclusive, where the service gives none.",
			value:       func(p *teo.Package) any { return instant(p.End) },
		},
		{
			name: "size", kind: integer,
			description: "Size of the log in bytes; for layer 7 before compression. It grows while lines are still added, for about a day.",
			value:       func(p *teo.Package) any { return orNullInt(p.Size) },
		},
	}
	if f.inventory {
		return slices.DeleteFunc(all, func(c column[teo.Package]) bool { return c.sensitive })
	}
	return all
}

func instant(t teo.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}
