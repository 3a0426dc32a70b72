//go:build unix

package provider_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Ctrl-C while the service hangs: the request ends at once, Terraform ends, and
// no process stays behind. Terraform passes the signal on in a plan, but not
// while apply makes its plan; there the provider handles the signal itself.
func TestAnInterruptedRunLeavesNoProcess(t *testing.T) {
	t.Parallel()
	toAll := func(group int) error { return syscall.Kill(-group, syscall.SIGINT) }
	toTerraform := func(group int) error { return syscall.Kill(group, syscall.SIGINT) }
	for name, test := range map[string]struct {
		command   []string
		interrupt func(group int) error
	}{
		"apply in a terminal": {[]string{"apply", "-auto-approve"}, toAll},
		"plan in a terminal":  {[]string{"plan"}, toAll},
		"plan in a pipeline":  {[]string{"plan"}, toTerraform},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Long enough for a busy machine; it takes about 0.1 s.
			const patience = 10 * time.Second
			sim := simtest.Start(t, teosim.Options{})
			sim.Inject(teosim.Fault{Name: teosim.Hang})
			front, arrived, left := watched(t, sim.Handler())
			// More reads than Terraform makes at once: the rest begin after the
			// interrupt.
			w := providertest.NewWorkspace(t, strings.ReplaceAll(providertest.ProviderBlock(sim), sim.URL(), front)+
				strings.Replace(providertest.L7Hour, "{\n", "{\n  count      = 12\n", 1))
			cmd := w.Command(append(test.command, "-input=false", "-no-color")...)
			// A group of its own, which the provider's process is in, too.
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			group := cmd.Process.Pid
			t.Cleanup(func() { _ = syscall.Kill(-group, syscall.SIGKILL) })
			ended := make(chan struct{})
			go func() { defer close(ended); _ = cmd.Wait() }()

			within(t, time.Minute, arrived, "no request arrived")
			if err := test.interrupt(group); err != nil {
				t.Fatal(err)
			}
			within(t, patience, left, "the request goes on")
			within(t, patience, ended, "Terraform goes on")
			if cmd.ProcessState.ExitCode() == 0 {
				t.Error("Terraform ended as if all was well")
			}
			if output := providertest.Collapsed(out.String()); !strings.Contains(output, "Interrupt received") || !strings.Contains(output, "The operation was interrupted. Nothing was changed.") {
				t.Errorf("output:\n%s", &out)
			}
			for deadline := time.Now().Add(patience); !errors.Is(syscall.Kill(-group, 0), syscall.ESRCH); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("a process was left behind")
				}
			}
		})
	}
}

// watched serves a handler and signals when the first request arrives and when it
// ends.
func watched(t *testing.T, handler http.Handler) (url string, arrived, left chan struct{}) {
	t.Helper()
	arrived, left = make(chan struct{}), make(chan struct{})
	var first sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watch := false
		first.Do(func() { watch = true; close(arrived) })
		if watch {
			defer close(left)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, arrived, left
}

func within(t *testing.T, limit time.Duration, happens <-chan struct{}, otherwise string) {
	t.Helper()
	select {
	case <-happens:
	case <-time.After(limit):
		t.Fatal(otherwise)
	}
}
