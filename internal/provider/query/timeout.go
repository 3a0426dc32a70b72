package query

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// ReadTimeout is long enough for the longest list at a hundredth of the rate limit.
const ReadTimeout = 20 * time.Minute

// TimeoutText describes the timeout of one operation.
const TimeoutText = "Timeout of %s, such as `30s` or `2h45m` (units `h`, `m`, `s`). Default: `%s`."

// DecodeTimeout returns the timeout of an operation. get is the method of the
// timeouts library for that operation.
func DecodeTimeout(ctx context.Context, get func(context.Context, time.Duration) (time.Duration, diag.Diagnostics), fallback time.Duration, diags *diag.Diagnostics) time.Duration {
	timeout, problems := get(ctx, fallback)
	if problems.HasError() {
		return fallback // the validator of the attribute reports it
	}
	if timeout <= 0 {
		diags.AddAttributeError(path.Root("timeouts"), "Invalid timeout",
			fmt.Sprintf("The timeout is %s, but must be positive. The default is %s.", timeout, ShortDuration(fallback)))
	}
	return timeout
}

// TimeoutError is the cause of a context that ended because of timeouts in the
// configuration.
type TimeoutError time.Duration

func (e TimeoutError) Error() string { return "did not finish within " + time.Duration(e).String() }

// LateFor returns a TimeoutError if err comes from the timeouts of the
// configuration. The rate limiter fails before the deadline, as soon as a wait
// would exceed it.
func LateFor(err error, timeout time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) && tcapi.AsError(err) == nil {
		return TimeoutError(timeout)
	}
	return err
}

// TimedOut is the error of a read that exceeded its timeout. orElse continues the
// advice to raise timeouts.
func TimedOut(title, asked string, after TimeoutError, orElse string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("timeouts"), "Timeout while reading "+title,
		fmt.Sprintf("%s was not read within %s. Raise timeouts%s.", asked, ShortDuration(time.Duration(after)), orElse))
}

// ShortDuration formats a duration without zero units: "48h", not "48h0m0s".
func ShortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
