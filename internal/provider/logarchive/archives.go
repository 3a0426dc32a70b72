package logarchive

import "github.com/edgeone-community/terraform-provider-teo/internal/provider/query"

// archives are the archives of one layer, as the provider is configured.
type archives struct {
	query.Logs

	session *query.Session
}

// archiveName is the name of the resource, after the provider's name.
func (r *archives) archiveName() string { return string(r.Layer) + "_log_archive" }
