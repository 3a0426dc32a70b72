package logarchive

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// logArchiveModel is the configuration and the state of an archive.
type logArchiveModel struct {
	Destination     types.String   `tfsdk:"destination"`
	StartTime       types.String   `tfsdk:"start_time"`
	EndTime         types.String   `tfsdk:"end_time"`
	Zones           types.Set      `tfsdk:"zones"`
	ZoneIDs         types.Set      `tfsdk:"zone_ids"`
	StableAfter     types.String   `tfsdk:"stable_after"`
	RecheckDays     types.Int64    `tfsdk:"recheck_days"`
	Parallelism     types.Int64    `tfsdk:"parallelism"`
	MaxRunTime      types.String   `tfsdk:"max_run_time"`
	Verify          types.String   `tfsdk:"verify"`
	Accept          types.Map      `tfsdk:"accept"`
	Erase           types.Map      `tfsdk:"erase"`
	Retention       types.Object   `tfsdk:"retention"`
	ExpireAfterDays types.Int64    `tfsdk:"expire_after_days"`
	OnDestroy       types.String   `tfsdk:"on_destroy"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`

	ArchiveID     types.String `tfsdk:"archive_id"`
	PackageCount  types.Int64  `tfsdk:"package_count"`
	PendingCount  types.Int64  `tfsdk:"pending_count"`
	LostCount     types.Int64  `tfsdk:"lost_count"`
	ErasedCount   types.Int64  `tfsdk:"erased_count"`
	TotalBytes    types.Int64  `tfsdk:"total_bytes"`
	BagCount      types.Int64  `tfsdk:"bag_count"`
	Complete      types.Bool   `tfsdk:"complete"`
	SealedThrough types.String `tfsdk:"sealed_through"`
	Head          types.Object `tfsdk:"head"`

	signingModel

	// Hosts is "domains" or "proxy_ids".
	Hosts types.Set `tfsdk:"-"`
}

// l7LogArchiveModel and l4LogArchiveModel add the attribute that has another
// name in each layer.
type (
	l7LogArchiveModel struct {
		logArchiveModel
		Domains types.Set `tfsdk:"domains"`
	}
	l4LogArchiveModel struct {
		logArchiveModel
		ProxyIDs types.Set `tfsdk:"proxy_ids"`
	}
)

// getter is a configuration, plan or state; setter is a plan or state.
type (
	getter interface {
		Get(ctx context.Context, target any) diag.Diagnostics
	}
	setter interface {
		Set(ctx context.Context, value any) diag.Diagnostics
	}
)

// logArchive reads the model of an archive.
func (r *archives) logArchive(ctx context.Context, from getter, diags *diag.Diagnostics) logArchiveModel {
	if r.Layer == teo.L4 {
		var m l4LogArchiveModel
		diags.Append(from.Get(ctx, &m)...)
		m.Hosts = m.ProxyIDs
		return m.logArchiveModel
	}
	var m l7LogArchiveModel
	diags.Append(from.Get(ctx, &m)...)
	m.Hosts = m.Domains
	return m.logArchiveModel
}

// setLogArchive writes the model of an archive.
func (r *archives) setLogArchive(ctx context.Context, to setter, m logArchiveModel) diag.Diagnostics {
	if r.Layer == teo.L4 {
		return to.Set(ctx, l4LogArchiveModel{logArchiveModel: m, ProxyIDs: m.Hosts})
	}
	return to.Set(ctx, l7LogArchiveModel{logArchiveModel: m, Domains: m.Hosts})
}

// headModel is the attribute "head".
type headModel struct {
	Sequence  types.Int64  `tfsdk:"sequence"`
	SHA256    types.String `tfsdk:"sha256"`
	WrittenAt types.String `tfsdk:"written_at"`
}

var headType = map[string]attr.Type{"sequence": types.Int64Type, "sha256": types.StringType, "written_at": types.StringType}

// headValue is the value of the attribute "head".
func headValue(ctx context.Context, head ledger.Head, writtenAt time.Time) (types.Object, diag.Diagnostics) {
	return types.ObjectValueFrom(ctx, headType, headModel{
		Sequence: types.Int64Value(head.Sequence), SHA256: types.StringValue(head.SHA256), WrittenAt: types.StringValue(writtenAt.UTC().Format(time.RFC3339)),
	})
}

// head is the head that the state keeps; nil if there is none.
func (m *logArchiveModel) head(ctx context.Context, diags *diag.Diagnostics) *ledger.Head {
	if m.Head.IsNull() || m.Head.IsUnknown() {
		return nil
	}
	var h headModel
	diags.Append(m.Head.As(ctx, &h, basetypes.ObjectAsOptions{})...)
	return &ledger.Head{Sequence: h.Sequence.ValueInt64(), SHA256: h.SHA256.ValueString()}
}

// retentionModel is the argument "retention".
type retentionModel struct {
	Mode types.String `tfsdk:"mode"`
	Days types.Int64  `tfsdk:"days"`
}

// retention is the argument "retention"; nil if it is null or unknown.
func (m *logArchiveModel) retention(ctx context.Context, diags *diag.Diagnostics) *ledger.Retention {
	if m.Retention.IsNull() || m.Retention.IsUnknown() {
		return nil
	}
	var r retentionModel
	diags.Append(m.Retention.As(ctx, &r, basetypes.ObjectAsOptions{})...)
	if r.Mode.IsUnknown() || r.Days.IsUnknown() {
		return nil
	}
	return &ledger.Retention{Mode: r.Mode.ValueString(), Days: r.Days.ValueInt64()}
}

// checkArchive reports what is wrong with the values that are known, each on its
// attribute.
func (r *archives) checkArchive(ctx context.Context, m *logArchiveModel, diags *diag.Diagnostics) {
	scope := r.scope(ctx, m, diags)
	m.maxRunTime(diags)
	checkDestination(m.Destination, diags)
	m.checkPolicy(&scope, diags)
	m.checkSigning(ctx, diags)
	for key := range texts(ctx, m.Erase, diags) {
		if _, ok := archive.ErasedDay(key); !ok {
			diags.AddAttributeError(path.Root("erase").AtMapKey(key), "Invalid key of erase", fmt.Sprintf(
				"%q does not name files. Give dt=<day>/ and the path below data/ of a package, or a beginning of it that ends in a slash, such as \"dt=2022-05-05/domain=www.example.com/\".", key))
		}
	}
	for _, timeout := range []struct {
		get      func(context.Context, time.Duration) (time.Duration, diag.Diagnostics)
		fallback time.Duration
	}{
		{m.Timeouts.Create, archiveRunTimeout},
		{m.Timeouts.Read, query.ReadTimeout},
		{m.Timeouts.Update, archiveRunTimeout},
		{m.Timeouts.Delete, archiveDeleteTimeout},
	} {
		query.DecodeTimeout(ctx, timeout.get, timeout.fallback, diags)
	}
}

// checkPolicy reports a policy that contradicts itself.
func (m *logArchiveModel) checkPolicy(s *ledger.Scope, diags *diag.Diagnostics) {
	if m.Retention.IsUnknown() || m.ExpireAfterDays.IsUnknown() || m.StableAfter.IsUnknown() || m.RecheckDays.IsUnknown() || s.ExpireAfterDays == 0 {
		return
	}
	if r := s.Retention; r != nil && s.ExpireAfterDays < r.Days {
		diags.AddAttributeError(path.Root("expire_after_days"), "Archive expires while it is locked",
			fmt.Sprintf("expire_after_days (%d) is less than the days of retention (%d): the store would refuse to remove what expires.", s.ExpireAfterDays, r.Days))
	}
	least := s.StableAfter + (s.RecheckDays+1)*86400
	if s.ExpireAfterDays*86400 <= least {
		diags.AddAttributeError(path.Root("expire_after_days"), "Archive expires before it is sealed",
			fmt.Sprintf("expire_after_days (%d) must be more than stable_after, recheck_days and one day together (%s).", s.ExpireAfterDays, query.ShortDuration(time.Duration(least)*time.Second)))
	}
}

var inDays = regexp.MustCompile(`^(\d+)d$`)

// decodeDuration is a duration above zero in an argument.
func decodeDuration(value types.String, name, hint string, fallback time.Duration, diags *diag.Diagnostics) time.Duration {
	if value.IsNull() || value.IsUnknown() {
		return fallback
	}
	text := value.ValueString()
	d, err := time.ParseDuration(text)
	if err == nil && d > 0 {
		return d
	}
	problem := fmt.Sprintf("%q is not a duration above zero, such as \"24h\" or \"36h30m\" (units h, m, s).", text)
	if days := inDays.FindStringSubmatch(text); days != nil {
		problem += " There is no unit for days: write " + days[1] + " days in hours."
	}
	diags.AddAttributeError(path.Root(name), "Invalid "+name, problem+hint)
	return fallback
}

// stableAfter is the argument "stable_after".
func (m *logArchiveModel) stableAfter(diags *diag.Diagnostics) time.Duration {
	d := decodeDuration(m.StableAfter, "stable_after", " EdgeOne appends to packages for about a day.", archive.DefaultStableAfter, diags)
	if d > archive.MaxStableAfter {
		diags.AddAttributeError(path.Root("stable_after"), "Invalid stable_after",
			fmt.Sprintf("%q is more than 7 days (168h). EdgeOne appends to packages for about a day, and keeps them for 31 days: a longer wait risks losing them.", m.StableAfter.ValueString()))
		return archive.DefaultStableAfter
	}
	return d
}

// maxRunTime is the argument "max_run_time"; 0 for no limit.
func (m *logArchiveModel) maxRunTime(diags *diag.Diagnostics) time.Duration {
	return decodeDuration(m.MaxRunTime, "max_run_time", "", 0, diags)
}

// checkDestination reports a destination of invalid form.
func checkDestination(destination types.String, diags *diag.Diagnostics) {
	if destination.IsNull() || destination.IsUnknown() {
		return
	}
	if err := bucket.Check(destination.ValueString()); err != nil {
		diags.AddAttributeError(path.Root("destination"), "Invalid destination", err.Error()+".")
	}
}

// query is the query of window and filters.
func (r *archives) query(ctx context.Context, m *logArchiveModel, diags *diag.Diagnostics) teo.Query {
	return query.Arguments{
		StartTime: m.StartTime, EndTime: m.EndTime, Zones: m.Zones, ZoneIDs: m.ZoneIDs, Hosts: m.Hosts, HostsName: r.Hosts,
	}.Decode(ctx, diags)
}

// scope is what the configuration asks to archive, and the policy. It lacks the zones
// that the filters resolve to.
func (r *archives) scope(ctx context.Context, m *logArchiveModel, diags *diag.Diagnostics) ledger.Scope {
	q := r.query(ctx, m, diags)
	s := ledger.Scope{
		Start: q.Start, Zones: q.Zones, ZoneIDs: q.ZoneIDs, Hosts: q.Hosts,
		StableAfter: int64(m.stableAfter(diags) / time.Second), RecheckDays: m.RecheckDays.ValueInt64(),
		Retention: m.retention(ctx, diags), ExpireAfterDays: m.ExpireAfterDays.ValueInt64(),
	}
	if m.RecheckDays.IsNull() || m.RecheckDays.IsUnknown() {
		s.RecheckDays = archive.DefaultRecheckDays
	}
	if !q.End.IsZero() {
		s.End = &q.End
	}
	return s
}

// isKnown reports whether everything that a run depends on is known.
func (m *logArchiveModel) isKnown() bool {
	if !m.isSigningKnown() {
		return false
	}
	for _, v := range []attr.Value{m.Destination, m.StartTime, m.EndTime, m.StableAfter, m.RecheckDays, m.MaxRunTime, m.Verify, m.ExpireAfterDays, m.Retention} {
		if v.IsUnknown() {
			return false
		}
	}
	for _, set := range []types.Set{m.Zones, m.ZoneIDs, m.Hosts} {
		if set.IsUnknown() || slices.ContainsFunc(set.Elements(), attr.Value.IsUnknown) {
			return false
		}
	}
	for _, texts := range []types.Map{m.Accept, m.Erase} {
		if texts.IsUnknown() {
			return false
		}
		for _, v := range texts.Elements() {
			if v.IsUnknown() {
				return false
			}
		}
	}
	return true
}

// texts is a map of known texts.
func texts(ctx context.Context, m types.Map, diags *diag.Diagnostics) map[string]string {
	if m.IsNull() || m.IsUnknown() {
		return nil
	}
	var values map[string]types.String
	diags.Append(m.ElementsAs(ctx, &values, false)...)
	known := make(map[string]string, len(values))
	for key, value := range values {
		if !value.IsUnknown() && !value.IsNull() {
			known[key] = value.ValueString()
		}
	}
	return known
}

// acceptedKeys are the keys of "accept", sorted.
func (m *logArchiveModel) acceptedKeys() []string {
	return slices.Sorted(maps.Keys(m.Accept.Elements()))
}

// set fills the computed attributes.
func (m *logArchiveModel) set(ctx context.Context, s *archive.Summary) diag.Diagnostics {
	m.ArchiveID = types.StringValue(s.Archive)
	m.PackageCount = types.Int64Value(s.PackageCount)
	m.PendingCount = types.Int64Value(s.PendingCount)
	m.LostCount = types.Int64Value(s.LostCount)
	m.ErasedCount = types.Int64Value(s.ErasedCount)
	m.TotalBytes = types.Int64Value(s.TotalBytes)
	m.BagCount = types.Int64Value(s.BagCount)
	m.Complete = types.BoolValue(s.Complete)
	m.SealedThrough = query.StringOrNull(s.SealedThrough)
	head, diags := headValue(ctx, s.Head, s.WrittenAt)
	m.Head = head
	return diags
}

// setUnknown marks the computed attributes as known after apply. The ID of an archive
// does not change.
func (m *logArchiveModel) setUnknown(state *logArchiveModel) {
	m.ArchiveID = state.ArchiveID
	m.PackageCount, m.PendingCount, m.LostCount, m.ErasedCount = types.Int64Unknown(), types.Int64Unknown(), types.Int64Unknown(), types.Int64Unknown()
	m.TotalBytes, m.BagCount = types.Int64Unknown(), types.Int64Unknown()
	m.Complete, m.SealedThrough, m.Head = types.BoolUnknown(), types.StringUnknown(), types.ObjectUnknown(headType)
	m.planSigned(&state.signingModel, true)
}

// copyComputed takes the computed attributes of the state.
func (m *logArchiveModel) copyComputed(state *logArchiveModel) {
	m.ArchiveID, m.PackageCount, m.PendingCount, m.LostCount, m.ErasedCount = state.ArchiveID, state.PackageCount, state.PendingCount, state.LostCount, state.ErasedCount
	m.TotalBytes, m.BagCount, m.Complete, m.SealedThrough, m.Head = state.TotalBytes, state.BagCount, state.Complete, state.SealedThrough, state.Head
	m.planSigned(&state.signingModel, false)
}
