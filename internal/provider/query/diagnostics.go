package query

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Failed returns the diagnostic of a failed call: what was asked, what the
// service returned (code, message, request ID), and what to do.
func Failed(summary, asked string, err error) diag.Diagnostic {
	if missing, ok := errors.AsType[*credential.MissingError](err); ok {
		return missingCredentials(asked, missing)
	}
	if source, ok := errors.AsType[*credential.SourceError](err); ok {
		return sourceError(source, asked)
	}
	failure := tcapi.AsError(err)
	if failure == nil {
		next := ""
		if errors.Is(err, context.Canceled) {
			next = ".\n\nThe operation was interrupted. Nothing was changed."
		}
		return diag.NewErrorDiagnostic(summary, asked+" could not be read: "+err.Error()+next)
	}
	return diag.NewErrorDiagnostic(summary,
		fmt.Sprintf("%s could not be read: %s.\n\n%s", asked, strings.TrimSuffix(failure.Error(), "."), failure.Advice()))
}

// authenticationPage documents every way to sign in.
const authenticationPage = "https://registry.terraform.io/providers/edgeone-community/teo/latest/docs/guides/sign-in"

// missingCredentials lists the ways to sign in that were tried.
func missingCredentials(asked string, e *credential.MissingError) diag.Diagnostic {
	var b strings.Builder
	fmt.Fprintf(&b, "%s could not be read, because there are no credentials to sign the request with. These ways to sign in were tried:\n\n", asked)
	for i, t := range e.Tried {
		fmt.Fprintf(&b, "%d. %s %s\n", i+1, t.Source, t.Reason)
	}
	b.WriteString("\nSet secret_id and secret_key in the provider, or TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY in the environment. " +
		"Create an API key in the console under Access Management. All ways to sign in: " + authenticationPage)
	if len(e.UnknownVariables) > 0 {
		fmt.Fprintf(&b, "\n\nThese environment variables are set, but unknown to this provider: %s. Check the spelling.", strings.Join(e.UnknownVariables, ", "))
	}
	return diag.NewErrorDiagnostic("Missing provider credentials", b.String())
}

// sourceError says why there are no credentials. The text names the argument at
// fault, because it belongs to the provider, and a diagnostic of a data source or
// resource cannot point at it.
func sourceError(e *credential.SourceError, asked string) diag.Diagnostic {
	detail := asked + " could not be read, because signing in failed"
	if e.Err != nil {
		detail += ": " + strings.TrimSuffix(e.Err.Error(), ".")
	}
	detail += "."
	if e.Next != "" {
		detail += "\n\n" + e.Next
	}
	if e.Attribute != "" {
		detail += "\n\nThe failed step is configured by the provider argument " + e.Attribute + ", or by the environment variables that take its place."
	}
	return diag.NewErrorDiagnostic(e.Summary, detail)
}

// UnknownZones is the error for names without a zone.
func UnknownZones(at path.Path, e *teo.UnknownZonesError) diag.Diagnostic {
	detail := fmt.Sprintf("No zone of the account is named %s.", strings.Join(e.Names, ", "))
	if len(e.Similar) > 0 {
		detail += fmt.Sprintf(" Did you mean %s?", strings.Join(e.Similar, ", "))
	}
	return diag.NewAttributeErrorDiagnostic(at, "Unknown zone name",
		detail+"\n\nUse the name of the site as the console shows it (example.com, not www.example.com). The data source teo_zones lists every zone that these credentials can access.")
}

// Shorten lists at most five values.
func Shorten(values []string) string {
	const most = 5
	if len(values) <= most {
		return strings.Join(values, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(values[:most], ", "), len(values)-most)
}
