package logarchive

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// signingModel are the arguments and attributes of a signed archive.
type signingModel struct {
	SigningKey   types.String `tfsdk:"signing_key"`
	SigningName  types.String `tfsdk:"signing_name"`
	TimestampURL types.String `tfsdk:"timestamp_url"`
	Witnesses    types.List   `tfsdk:"witnesses"`

	PublicKey     types.String `tfsdk:"public_key"`
	SignedThrough types.Int64  `tfsdk:"signed_through"`
}

// witnessModel is an element of "witnesses".
type witnessModel struct {
	URL       types.String `tfsdk:"url"`
	PublicKey types.String `tfsdk:"public_key"`
}

// signingAttributes are the attributes of a signed archive.
func signingAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"signing_key": schema.StringAttribute{
			MarkdownDescription: "Location of the key that signs the head at the end of each apply, never the key itself: `env:NAME` (an environment variable) or `file:PATH`, with an Ed25519 or ECDSA P-256 key in PKCS#8 PEM, or " +
				"`kms:REGION/KEY-ID`, a key of Tencent Cloud KMS for `ECC_P256_R1`, which signs with the credentials of the provider. The guide [Evidence](../guides/evidence.md) explains who needs signatures and how to verify them.",
			Optional: true,
		},
		"signing_name": schema.StringAttribute{
			MarkdownDescription: "Name of the key, such as `logs.example.com`: a URL without a scheme, so that nobody else uses it. Required with `signing_key`. The origin of the signed heads is this name, a slash, and `archive_id`.",
			Optional:            true,
		},
		"timestamp_url": schema.StringAttribute{
			MarkdownDescription: "URL of an RFC 3161 time-stamp authority. Its token is stored beside each signed head. `http://` is accepted, because tokens are signed. A failure of the authority is a warning.",
			Optional:            true,
		},
		"witnesses": schema.ListNestedAttribute{
			MarkdownDescription: "Witnesses ([C2SP tlog-witness](https://c2sp.org/tlog-witness)) that cosign each signed head, after they have checked that no earlier head they saw was lost or rewritten. They need an Ed25519 `signing_key`. A failure or refusal of a witness is a warning.",
			Optional:            true,
			Validators:          []validator.List{listvalidator.SizeAtMost(16)},
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"url":        schema.StringAttribute{MarkdownDescription: "URL to which `/add-checkpoint` is appended. `http://` is accepted for loopback addresses only.", Required: true},
				"public_key": schema.StringAttribute{MarkdownDescription: "Verifier key of the witness, such as `witness.example.com/w1+…`.", Required: true},
			}},
		},
		"public_key": schema.StringAttribute{
			MarkdownDescription: "Verifier key that belongs to `signing_key`: name, hash and public key. Give it to those who verify the archive. Null without `signing_key`.",
			Computed:            true,
		},
		"signed_through": schema.Int64Attribute{
			MarkdownDescription: "Number of the newest entry whose head is signed. Null if there is none.",
			Computed:            true,
		},
	}
}

// checkSigning reports what is wrong with the values that are known.
func (m *signingModel) checkSigning(ctx context.Context, diags *diag.Diagnostics) {
	m.location(diags)
	for name, value := range map[string]attr.Value{"signing_name": m.SigningName, "timestamp_url": m.TimestampURL, "witnesses": m.Witnesses} {
		if !value.IsNull() && m.SigningKey.IsNull() {
			diags.AddAttributeError(path.Root(name), "Nothing is signed", fmt.Sprintf("%s has no effect without signing_key. Set signing_key, or remove %s.", name, name))
		}
	}
	if !m.SigningKey.IsNull() && m.SigningName.IsNull() {
		diags.AddAttributeError(path.Root("signing_name"), "Signing key without a name", "Set signing_name to a URL without a scheme that is yours, such as logs.example.com: it tells your signatures from those of others.")
	}
	if !m.SigningName.IsNull() && !m.SigningName.IsUnknown() {
		if err := evidence.CheckName(m.SigningName.ValueString()); err != nil {
			diags.AddAttributeError(path.Root("signing_name"), "Invalid name of a key", err.Error()+".")
		}
	}
	if !m.TimestampURL.IsNull() && !m.TimestampURL.IsUnknown() {
		if _, err := evidence.ParseURL(m.TimestampURL.ValueString(), true); err != nil {
			diags.AddAttributeError(path.Root("timestamp_url"), "Invalid URL of an authority", err.Error()+".")
		}
	}
	m.witnesses(ctx, diags)
}

// location is the argument "signing_key"; false if it is null, unknown or invalid.
func (m *signingModel) location(diags *diag.Diagnostics) (evidence.Location, bool) {
	if m.SigningKey.IsNull() || m.SigningKey.IsUnknown() {
		return evidence.Location{}, false
	}
	l, err := evidence.ParseLocation(m.SigningKey.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("signing_key"), "Invalid place of a signing key", "signing_key: "+err.Error()+".")
		return l, false
	}
	if l.KMS() && len(m.Witnesses.Elements()) > 0 {
		diags.AddAttributeError(path.Root("witnesses"), "Witnesses need an Ed25519 key", "A key of KMS is ECDSA P-256, which witnesses do not accept. Use an Ed25519 key from env: or file:, or remove witnesses.")
	}
	return l, true
}

// witnesses is the argument "witnesses", as far as it is known.
func (m *signingModel) witnesses(ctx context.Context, diags *diag.Diagnostics) []evidence.Witness {
	if m.Witnesses.IsNull() || m.Witnesses.IsUnknown() {
		return nil
	}
	var models []witnessModel
	diags.Append(m.Witnesses.ElementsAs(ctx, &models, false)...)
	var all []evidence.Witness
	for i, w := range models {
		at := path.Root("witnesses").AtListIndex(i)
		if w.URL.IsUnknown() || w.PublicKey.IsUnknown() {
			continue
		}
		if _, err := evidence.ParseURL(w.URL.ValueString(), false); err != nil {
			diags.AddAttributeError(at.AtName("url"), "Invalid URL of a witness", err.Error()+".")
		}
		key, err := witnessKey(w.PublicKey.ValueString())
		if err != nil {
			diags.AddAttributeError(at.AtName("public_key"), "Invalid key of a witness", err.Error()+".")
		}
		if slices.ContainsFunc(all, func(o evidence.Witness) bool { return o.Key.String() == key.String() }) && err == nil {
			diags.AddAttributeError(at.AtName("public_key"), "Witness is given twice", "Each witness cosigns once. Remove one of the two.")
		}
		all = append(all, evidence.Witness{URL: w.URL.ValueString(), Key: key})
	}
	return all
}

// witnessKey parses the verifier key of a witness.
func witnessKey(text string) (evidence.VerifierKey, error) {
	key, err := evidence.ParseVerifierKey(text)
	if err == nil && !key.Witness() {
		err = fmt.Errorf("%s is the key of a log, not of a witness", key.Name())
	}
	return key, err
}

// isKnown reports whether everything that a signature depends on is known.
func (m *signingModel) isSigningKnown() bool {
	known := !m.SigningKey.IsUnknown() && !m.SigningName.IsUnknown() && !m.TimestampURL.IsUnknown() && !m.Witnesses.IsUnknown()
	for _, w := range m.Witnesses.Elements() {
		object, ok := w.(types.Object)
		known = known && ok && !object.IsUnknown() && !slices.ContainsFunc(slices.Collect(maps.Values(object.Attributes())), attr.Value.IsUnknown)
	}
	return known
}

// unsigned reports whether a run has to sign the head that the state knows: it is not
// signed, or the configuration of its signature has changed.
func (m *signingModel) unsigned(state *signingModel, head int64) bool {
	if m.SigningKey.IsNull() {
		return false
	}
	return state.SignedThrough.ValueInt64() != head || !m.SigningKey.Equal(state.SigningKey) || !m.SigningName.Equal(state.SigningName) ||
		!m.TimestampURL.IsNull() && !m.TimestampURL.Equal(state.TimestampURL)
}

// planSigned plans the computed attributes, of a run or of none.
func (m *signingModel) planSigned(state *signingModel, run bool) {
	m.PublicKey, m.SignedThrough = types.StringNull(), types.Int64Null()
	if m.SigningKey.IsNull() {
		return
	}
	if run {
		m.PublicKey, m.SignedThrough = types.StringUnknown(), types.Int64Unknown()
	}
	if m.SigningKey.Equal(state.SigningKey) && m.SigningName.Equal(state.SigningName) && !run {
		m.PublicKey, m.SignedThrough = state.PublicKey, state.SignedThrough
	}
}

// setSigned sets the computed attributes after a run.
func (m *signingModel) setSigned(sign *archive.Signing, through int64) {
	m.PublicKey, m.SignedThrough = types.StringNull(), types.Int64Null()
	if sign != nil {
		m.PublicKey = types.StringValue(sign.Signer.Key().String())
	}
	if through > 0 {
		m.SignedThrough = types.Int64Value(through)
	}
}

// signing opens the signing key; nil if there is none to sign with. through is what
// the state knows to be signed.
func (r *archives) signing(ctx context.Context, m *signingModel, through types.Int64, diags *diag.Diagnostics) *archive.Signing {
	l, ok := m.location(diags)
	if !ok {
		return nil
	}
	signer, err := r.session.SigningKeys.Open(ctx, l, m.SigningName.ValueString())
	if err != nil {
		detail := fmt.Sprintf("The signing key is not usable. %s.", printable.Text(printable.Capitalized(err.Error()), printable.Message))
		if failure := tcapi.AsError(err); failure != nil {
			detail += "\n\n" + failure.Advice()
		}
		diags.AddAttributeError(path.Root("signing_key"), "Unable to open the signing key", detail+"\n\nNothing was archived. Put the key where signing_key says, or correct signing_key.")
		return nil
	}
	witnesses := m.witnesses(ctx, diags)
	if err := signer.CanBeWitnessed(); err != nil && len(witnesses) > 0 {
		diags.AddAttributeError(path.Root("witnesses"), "Witnesses need an Ed25519 key", printable.Capitalized(err.Error())+". Use an Ed25519 key, or remove witnesses.")
	}
	return &archive.Signing{
		Signer: signer, Timestamp: m.TimestampURL.ValueString(), Witnesses: witnesses, Through: through.ValueInt64(),
		Options: evidence.Options{Transport: r.session.Transport, UserAgent: r.session.Agent, Now: r.session.Now},
	}
}

// actor is the ARN of the caller, or empty.
func (r *archives) actor(ctx context.Context) string {
	arn, err := r.session.Credentials.CallerARN(ctx)
	if err != nil {
		tflog.Debug(ctx, "the caller is not known", map[string]any{"failure": err.Error()})
	}
	return printable.Text(arn, printable.Name)
}
