package logarchive

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
)

const (
	onDestroyKeep   = "keep"
	onDestroyDelete = "delete"

	verifyListing = "listing"
	verifyPayload = "payload"

	defaultStableAfter = "24h"
	defaultParallelism = 8
	maxParallelism     = 256
)

// Default timeouts. The first copy of a large account takes hours.
const (
	archiveRunTimeout    = 12 * time.Hour
	archiveDeleteTimeout = time.Hour
)

// Descriptions that the resources and the data source of an archive share.
const (
	destinationText = "URL of the destination: `file:///srv/logs?prefix=teo/` (a folder; it must exist, or `create_dir=true`), " +
		"`s3://bucket?region=…&endpoint=…&prefix=teo/` (Amazon S3 and compatible stores, with the credentials of the AWS SDK, such as `AWS_ACCESS_KEY_ID`; " +
		"an `http://` endpoint that is not a loopback address needs `insecure=true`, with which others on the network can read logs and session tokens), or " +
		"`cos://bucket-appid?region=…&prefix=teo/` (Tencent Cloud COS, signed with the credentials of the provider). Credentials are never part of the URL."
	headText         = "Newest entry of the ledger."
	sequenceText     = "Number of the entry, from 1 on."
	entrySHA256Text  = "SHA-256 of the entry's bytes, in lower-case hex. It vouches for the whole archive: keep it where the archive's writers cannot write."
	writtenAtText    = "RFC 3339 UTC time at which the entry was written, by the clock of its writer."
	archiveIDText    = "Random ID of the archive. It is in every entry of the ledger and never changes."
	packageCountText = "Number of packages that have a current version: the one that was archived last, unless it is lost, erased or expired."
	lostCountText    = "Number of archived files of packages whose loss was accepted. They are named in the ledger."
	erasedCountText  = "Number of archived files of packages that were erased on request. They are named in the ledger."
	totalBytesText   = "Total length of the archived packages as stored, in bytes, of all versions that are not lost, erased or expired."
	replaceText      = "Another bucket, folder, endpoint or prefix is another archive."
)

// requiresOtherArchive replaces the resource if its destination is another
// place, but not if the same place is only written differently.
func requiresOtherArchive(ctx context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	resp.RequiresReplace = req.PlanValue.IsUnknown() || !bucket.SamePlace(ctx, req.StateValue.ValueString(), req.PlanValue.ValueString())
}

// archiveSchema is the schema of the archives of one layer.
func archiveSchema(ctx context.Context, logs query.Logs) schema.Schema {
	s := schema.Schema{
		MarkdownDescription: fmt.Sprintf("Copies every package of the %s of a window to a folder or bucket, and keeps the copy complete on each apply. "+
			"Each object of the archive is written once: an apply adds BagIt 1.0 bags ([RFC 8493](https://www.rfc-editor.org/rfc/rfc8493)) with Hive-style paths for each UTC day, "+
			"and commits them with one entry of an append-only ledger, in which each entry contains the hash of the previous one. It edits nothing, so it works on stores with object lock. "+
			"Anyone can verify it offline with POSIX utilities and `sha256sum`.\n\n"+
			"The state keeps the newest entry of the ledger (`head`). A later loss, roll-back or change at the destination is an error until it is repaired or accepted (see `accept`). "+
			"The guide [Compliance archive](../guides/compliance-archive.md) shows how to set up, run and verify an archive.", logs.Title),
		Attributes: map[string]schema.Attribute{
			"destination": schema.StringAttribute{
				MarkdownDescription: destinationText + " " + replaceText + " Changing it replaces the resource, and `on_destroy` decides what happens to the old archive; another spelling of the same place is no change.",
				Required:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplaceIf(requiresOtherArchive, replaceText, replaceText)},
			},
			"start_time": schema.StringAttribute{
				MarkdownDescription: query.StartTimeText + " Packages that start before it are not archived.",
				Required:            true,
			},
			"end_time": schema.StringAttribute{
				MarkdownDescription: query.EndTimeText + " It may be in the future. Packages that start at or after it are not archived. Without it the archive is open-ended: each apply archives what has become stable since the last one.",
				Optional:            true,
			},
			"zones":    schema.SetAttribute{MarkdownDescription: logs.ZonesText(), Optional: true, ElementType: types.StringType},
			"zone_ids": schema.SetAttribute{MarkdownDescription: logs.ZoneIDsText(), Optional: true, ElementType: types.StringType},
			logs.Hosts: schema.SetAttribute{MarkdownDescription: logs.HostsText, Optional: true, ElementType: types.StringType},
			"stable_after": schema.StringAttribute{
				MarkdownDescription: "How long after the end of a UTC day its packages are archived, such as `24h` (the default); at most `168h`. EdgeOne appends to packages for about a day.",
				Optional:            true, Computed: true,
				Default: stringdefault.StaticString(defaultStableAfter),
			},
			"recheck_days": schema.Int64Attribute{
				CustomType:          query.WholeNumber{},
				MarkdownDescription: "Number of days, 0 to 366, for which an archived day is listed again before it is sealed. Late packages of a sealed day are not found. Default 3.",
				Optional:            true, Computed: true,
				Default:    int64default.StaticInt64(archive.DefaultRecheckDays),
				Validators: []validator.Int64{int64validator.Between(0, 366)},
			},
			"max_run_time": schema.StringAttribute{
				MarkdownDescription: "Time after which an apply starts no more downloads, such as `2h`. It then commits what it has and succeeds, and `pending_count` is the number of packages left for the next apply. Default: no limit but `timeouts`.",
				Optional:            true,
			},
			"parallelism": schema.Int64Attribute{
				CustomType:          query.WholeNumber{},
				MarkdownDescription: "Number of packages that are copied at the same time, 1 to 256. Default 8.",
				Optional:            true, Computed: true,
				Default:    int64default.StaticInt64(defaultParallelism),
				Validators: []validator.Int64{int64validator.Between(1, maxParallelism)},
			},
			"verify": schema.StringAttribute{
				MarkdownDescription: "How plan and apply verify the packages that were archived before: `listing` (the default) compares names and lengths at the destination, `payload` also reads every package and compares its hash. An apply repairs damaged packages.",
				Optional:            true, Computed: true,
				Default:    stringdefault.StaticString(verifyListing),
				Validators: []validator.String{stringvalidator.OneOf(verifyListing, verifyPayload)},
			},
			"accept": schema.MapAttribute{
				MarkdownDescription: "Findings to accept: a map from the token that the error message shows to the reason. A token accepts exactly one situation and has no effect in any other, so it may stay in the configuration. The ledger records the token and the reason.",
				Optional:            true,
				ElementType:         types.StringType,
				Validators:          reasons(),
			},
			"erase": schema.MapAttribute{
				MarkdownDescription: "Packages to remove on request: a map to the reason from `dt=<day>/` followed by the path of a package below `data/`, or by a prefix of that path that ends in a slash (`dt=2022-05-05/domain=www.example.com/`). " +
					"All versions of each matching package are removed and are never downloaded again. The ledger records files and reason. Removing a key changes nothing. A locked file stays until its lock ends; later applies try again.",
				Optional:    true,
				ElementType: types.StringType,
				Validators:  reasons(),
			},
			"retention": schema.SingleNestedAttribute{
				MarkdownDescription: "Object lock with which each object is written. The store must support object lock; `file://` does not. A change applies to objects that are written later.",
				Optional:            true,
				Attributes: map[string]schema.Attribute{
					"mode": schema.StringAttribute{
						MarkdownDescription: "`COMPLIANCE` (nobody can remove an object before its lock ends) or `GOVERNANCE` (some credentials can; not on COS).",
						Required:            true,
						Validators:          []validator.String{stringvalidator.OneOf(bucket.Compliance, bucket.Governance)},
					},
					"days": schema.Int64Attribute{
						CustomType:          query.WholeNumber{},
						MarkdownDescription: "Number of days, 1 to 36500, after the end of the UTC day of a bag; for the ledger and its records, after they are written.",
						Required:            true,
						Validators:          []validator.Int64{int64validator.Between(1, 36500)},
					},
				},
			},
			"expire_after_days": schema.Int64Attribute{
				CustomType:          query.WholeNumber{},
				MarkdownDescription: "Number of days, up to 36500, after the end of a UTC day when its packages are removed. The ledger records the expiry first. It must be at least the days of `retention`, and more than `stable_after`, `recheck_days` and one day together. Default: never.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(1, 36500)},
			},
			"on_destroy": schema.StringAttribute{
				MarkdownDescription: "What destroying the resource does with the archive: `keep` (the default) leaves it as it is, `delete` removes the files of the archive, unless other resources manage it. Other files stay, and so do files that a versioned or locked bucket retains.",
				Optional:            true, Computed: true,
				Default:    stringdefault.StaticString(onDestroyKeep),
				Validators: []validator.String{stringvalidator.OneOf(onDestroyKeep, onDestroyDelete)},
			},
			"timeouts": timeouts.Attributes(ctx, timeouts.Opts{
				Create: true, Read: true, Update: true, Delete: true,
				CreateDescription: fmt.Sprintf(query.TimeoutText, "the first apply", query.ShortDuration(archiveRunTimeout)),
				ReadDescription:   fmt.Sprintf(query.TimeoutText, "a refresh or a plan", query.ShortDuration(query.ReadTimeout)),
				UpdateDescription: fmt.Sprintf(query.TimeoutText, "an apply", query.ShortDuration(archiveRunTimeout)),
				DeleteDescription: fmt.Sprintf(query.TimeoutText, "removing the archive", query.ShortDuration(archiveDeleteTimeout)),
			}),

			"archive_id":     schema.StringAttribute{MarkdownDescription: archiveIDText, Computed: true},
			"package_count":  schema.Int64Attribute{MarkdownDescription: packageCountText, Computed: true},
			"pending_count":  schema.Int64Attribute{MarkdownDescription: "Number of packages that the last run listed but did not archive, because they were not stable yet, failed, or `max_run_time` had passed.", Computed: true},
			"lost_count":     schema.Int64Attribute{MarkdownDescription: lostCountText, Computed: true},
			"erased_count":   schema.Int64Attribute{MarkdownDescription: erasedCountText, Computed: true},
			"total_bytes":    schema.Int64Attribute{MarkdownDescription: totalBytesText, Computed: true},
			"bag_count":      schema.Int64Attribute{MarkdownDescription: "Number of committed bags. A UTC day has one bag, and further ones for late packages and repairs.", Computed: true},
			"complete":       schema.BoolAttribute{MarkdownDescription: "Whether `end_time` is set, every day of the window is sealed, and no package is pending, failing, lost or was never archived. Erased and expired packages do not count.", Computed: true},
			"sealed_through": schema.StringAttribute{MarkdownDescription: "Last UTC date up to which every day of the window is sealed, such as `2022-05-04`. A day is sealed when it ended at least `stable_after` plus `recheck_days` ago and every listed package of it is archived; it is not listed again. Null if the first day is not sealed yet.", Computed: true},
			"head": schema.SingleNestedAttribute{
				MarkdownDescription: headText + " It is only ever replaced by a later entry of the same ledger.",
				Computed:            true,
				Attributes: map[string]schema.Attribute{
					"sequence":   schema.Int64Attribute{MarkdownDescription: sequenceText, Computed: true},
					"sha256":     schema.StringAttribute{MarkdownDescription: entrySHA256Text, Computed: true},
					"written_at": schema.StringAttribute{MarkdownDescription: writtenAtText, Computed: true},
				},
			},
		},
	}
	maps.Copy(s.Attributes, signingAttributes())
	return s
}

// reasons are the validators of a map to a reason.
func reasons() []validator.Map {
	return []validator.Map{
		mapvalidator.KeysAre(stringvalidator.LengthAtLeast(1)),
		mapvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)),
		mapvalidator.NoNullValues(),
	}
}
