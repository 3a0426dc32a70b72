package logarchive

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// signedModel is the attribute "signed" of a verification.
type signedModel struct {
	Sequence  types.Int64  `tfsdk:"sequence"`
	SignedAt  types.String `tfsdk:"signed_at"`
	Witnesses types.List   `tfsdk:"witnesses"`
}

var signedType = map[string]attr.Type{
	"sequence": types.Int64Type, "signed_at": types.StringType, "witnesses": types.ListType{ElemType: types.StringType},
}

// signed is what the newest signed head is checked with, as far as it is known. It
// reports keys and certificates that cannot be parsed.
func (m *logArchiveVerificationModel) signed(ctx context.Context, diags *diag.Diagnostics) archive.SignedOptions {
	var o archive.SignedOptions
	if !m.PublicKey.IsNull() && !m.PublicKey.IsUnknown() {
		key, err := evidence.ParseVerifierKey(m.PublicKey.ValueString())
		switch {
		case err != nil:
			diags.AddAttributeError(path.Root("public_key"), "Invalid public key", printable.Capitalized(err.Error())+". It is the attribute public_key of the archive resource.")
		case key.Witness():
			diags.AddAttributeError(path.Root("public_key"), "Invalid public key", key.Name()+" is the key of a witness. Put it into witness_keys.")
		default:
			o.Key = &key
		}
	}
	if !m.TimestampCA.IsNull() && !m.TimestampCA.IsUnknown() {
		pool, err := evidence.ParseCA(m.TimestampCA.ValueString())
		if err != nil {
			diags.AddAttributeError(path.Root("timestamp_ca"), "Invalid CA certificates", "timestamp_ca: "+err.Error()+".")
		}
		o.Authorities = pool
	}
	var keys []types.String
	if !m.WitnessKeys.IsUnknown() {
		diags.Append(m.WitnessKeys.ElementsAs(ctx, &keys, false)...)
	}
	for _, text := range keys {
		if text.IsUnknown() {
			continue
		}
		key, err := witnessKey(text.ValueString())
		if err != nil {
			diags.AddAttributeError(path.Root("witness_keys"), "Invalid key of a witness", printable.Capitalized(err.Error())+".")
		}
		o.Witnesses = append(o.Witnesses, key)
	}
	return o
}

// signedValue is the value of the attribute "signed".
func signedValue(ctx context.Context, head *archive.SignedHead) (types.Object, diag.Diagnostics) {
	if head == nil {
		return types.ObjectNull(signedType), nil
	}
	m := signedModel{Sequence: types.Int64Value(head.Sequence), SignedAt: types.StringNull()}
	if !head.At.IsZero() {
		m.SignedAt = types.StringValue(head.At.Format(time.RFC3339))
	}
	var diags diag.Diagnostics
	m.Witnesses, diags = types.ListValueFrom(ctx, types.StringType, head.Witnesses)
	value, more := types.ObjectValueFrom(ctx, signedType, m)
	return value, append(diags, more...)
}
