//go:build unix

package logarchive_test

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// kill -9 of Terraform and of the provider in the middle of an apply: the next
// apply downloads what was not committed, and nothing else, and the archive is
// valid. The downloads are slow, so that the middle is long enough.
func TestAKilledApplyIsContinued(t *testing.T) {
	t.Parallel()
	const packages, parallelism = 96, 4
	sim := simtest.Start(t, teosim.Options{Catalogue: teosim.Generate(teosim.GenerateOptions{Slots: 48}), Rates: teosim.Unlimited()})
	sim.Inject(teosim.Fault{Name: teosim.Slow, Action: teosim.DownloadAction, Delay: 100 * time.Millisecond, Value: "1000000"})
	dir := t.TempDir()
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), "2022-05-03", "parallelism = 4"))

	cmd := w.Command("apply", "-auto-approve", "-input=false", "-no-color")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	group := cmd.Process.Pid
	t.Cleanup(func() { _ = syscall.Kill(-group, syscall.SIGKILL) })
	for deadline := time.Now().Add(time.Minute); finished(sim) < 2*packages/3; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d packages were served in a minute", finished(sim))
		}
	}
	if err := syscall.Kill(-group, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	before := finished(sim)
	if before >= packages {
		t.Fatalf("all %d packages were served before the kill, so that nothing is tested", before)
	}

	// What is committed stays. The kill costs the packages of the open bags.
	committed := int(verified(t, dir).PackageCount)
	sim.ClearFaults()
	sim.ResetCounters()
	stdout, stderr, err := w.Run("apply", "-auto-approve", "-input=false") // joins what is there
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	if again := len(sim.Downloads()); again < packages-committed || again > packages-committed+parallelism {
		t.Errorf("%d downloads of %d packages, %d of which were committed", again, packages, committed)
	}
	verified(t, dir)
	w.Unchanged()
}

// finished counts the packages that were served to the end.
func finished(sim *teosim.Sim) int {
	n := 0
	for _, d := range sim.Downloads() {
		if d.Status == 200 {
			n++
		}
	}
	return n
}

// Ctrl-C commits what is complete, and says so in words. The resource is in the state
// and is not tainted.
func TestAnInterruptedApplyCommitsWhatIsComplete(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{Catalogue: teosim.Generate(teosim.GenerateOptions{Slots: 96}), Rates: teosim.Unlimited()})
	sim.Inject(teosim.Fault{Name: teosim.Slow, Action: teosim.DownloadAction, Delay: 300 * time.Millisecond, Value: "1000000"})
	dir := t.TempDir()
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(fileURL(dir), "2022-05-05", "parallelism = 2"))
	var out bytes.Buffer
	cmd := w.Command("apply", "-auto-approve", "-input=false", "-no-color")
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	for deadline := time.Now().Add(time.Minute); finished(sim) < 10; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d packages were served in a minute", finished(sim))
		}
	}
	if err := syscall.Kill(cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	said := providertest.Collapsed(out.String())
	contains(t, said, "Warning: Archive is incomplete", "The run was interrupted.", "The next apply continues")
	lacks(t, said, "context canceled")
	if v := verified(t, dir); v.PackageCount < 5 {
		t.Errorf("%d packages were committed", v.PackageCount)
	}
	sim.ClearFaults()
	said, changes := w.Plan()
	if !changes || strings.Contains(said, "replaced") {
		t.Errorf("the plan is no update:\n%s", said)
	}
	w.Apply()
	w.Unchanged()
}
