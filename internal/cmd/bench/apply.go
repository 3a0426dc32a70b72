package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/cmd/demo/sandbox"
)

//go:embed configs
var configs embed.FS

// mostMemory is wanted of the provider for the longest list, in MiB.
const mostMemory = 700

// apply measures terraform apply over the simulator, beside the same on the
// floor.
func (b *bench) apply(ctx context.Context, s *section) error {
	s.title = string(b.cli.Product) + " apply"
	s.columns = [2]string{"provider", "floor"}
	ours, err := b.install(ctx, "provider", ".")
	if err != nil {
		return err
	}
	floor, err := b.install(ctx, "floor", "./internal/cmd/bench/floor")
	if err != nil {
		return err
	}
	var contests []contest
	for _, size := range b.sizes.apply {
		c, err := b.contest(ctx, "inventory", size, ours, floor)
		if err != nil {
			return err
		}
		contests = append(contests, c)
		took, memory := c.time(size.String()+": time"), c.memory(size.String()+": most memory of the provider")
		if size.rows == longest {
			took = took.atMost(1.25)
			memory = memory.valueAtMost(median(c.ours.peak)/mebibyte, mostMemory, "MiB")
		}
		s.add(took)
		s.add(memory)
	}
	for i := 1; i < len(contests); i++ {
		less, more := b.sizes.apply[i-1].rows, b.sizes.apply[i].rows
		r := row{
			figure: fmt.Sprintf("time, %s beside %s", b.sizes.apply[i], thousands(less)),
			ours:   seconds(contests[i].ours.seconds), beside: seconds(contests[i-1].ours.seconds), ratio: ratios(contests[i].ours.seconds, contests[i-1].ours.seconds),
		}
		if more == longest {
			r = r.atMost(11)
		}
		s.add(r)
	}
	for _, size := range b.sensitive {
		c, err := b.contest(ctx, "sensitive", size, ours, floor)
		if err != nil {
			return err
		}
		s.add(c.time(size.String() + " with sensitive URLs: time"))
	}
	s.notef("A whole `apply`, with Terraform's own work and every start of the provider, without a state before; the simulator has neither latency nor limits, and shares the processors. " +
		"The floor is the same Terraform on the same schema with as many rows of the same kind, made in memory.")
	s.notef("Rows are those of `data \"teo_l7_offline_log_inventory\"`, which is for long lists. `data \"teo_l7_offline_logs\"` has a sensitive URL in each row, and Terraform compares " +
		"each sensitive path with every value: that time grows with the square of the rows, for the floor as well. It is Terraform's and not the provider's.")
	return nil
}

// runs are the applies of one build: their times in seconds and the provider's
// most memory in bytes, a value a round.
type runs struct{ seconds, peak []float64 }

// contest is the provider beside the floor.
type contest struct{ ours, floor runs }

func (c contest) time(figure string) row {
	return row{figure: figure, ours: seconds(c.ours.seconds), beside: seconds(c.floor.seconds), ratio: ratios(c.ours.seconds, c.floor.seconds)}
}

func (c contest) memory(figure string) row {
	if median(c.ours.peak) == 0 {
		return row{figure: figure, notMeasuredFor: "it takes Linux's /proc"}
	}
	return row{
		figure: figure, ours: mebibytes(median(c.ours.peak)), beside: mebibytes(median(c.floor.peak)),
		ratio: ratios(c.ours.peak, c.floor.peak),
	}
}

// contest applies a configuration in turn with both builds.
func (b *bench) contest(ctx context.Context, config string, size rowCount, ours, floor installed) (contest, error) {
	var c contest
	sim, err := simulate(size.rows, nil)
	if err != nil {
		return c, err
	}
	defer sim.Close()
	env := append(keysOf(sim), fmt.Sprintf("BENCH_ROWS=%d", size.rows))
	mine, err := b.box(ctx, config, ours, env)
	if err != nil {
		return c, err
	}
	theirs, err := b.box(ctx, config, floor, env)
	if err != nil {
		return c, err
	}
	for range size.times {
		if err := timeApply(ctx, theirs, floor, size.rows, &c.floor); err != nil {
			return c, fmt.Errorf("the floor: %w", err)
		}
		if err := timeApply(ctx, mine, ours, size.rows, &c.ours); err != nil {
			return c, err
		}
		sim.ResetCounters()
	}
	return c, nil
}

// box is a folder with a configuration, ready to apply.
func (b *bench) box(ctx context.Context, config string, build installed, env []string) (*sandbox.Sandbox, error) {
	files, err := fs.Sub(configs, "configs/"+config)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.temp, "work-")
	if err != nil {
		return nil, err
	}
	box, err := sandbox.New(b.cli, build.mirror, files, dir, env...)
	if err != nil {
		return nil, err
	}
	return box, terraform(ctx, box, "init", "-input=false", "-no-color")
}

// timeApply applies without a state, and checks that the rows are in the new
// one.
func timeApply(ctx context.Context, box *sandbox.Sandbox, build installed, rows int, into *runs) error {
	state := filepath.Join(box.Dir, "terraform.tfstate")
	if err := os.Remove(state); err != nil && !os.IsNotExist(err) {
		return err
	}
	start := time.Now()
	peak, err := peakOf(build.binary, func() error { return apply(ctx, box) })
	if err != nil {
		return err
	}
	into.seconds, into.peak = append(into.seconds, since(start)), append(into.peak, peak)
	text, err := os.ReadFile(state)
	if err != nil {
		return err
	}
	if got := bytes.Count(text, []byte(`"log_packet_name":`)); got != rows {
		return fmt.Errorf("the state has %d rows, want %d", got, rows)
	}
	return nil
}

func apply(ctx context.Context, box *sandbox.Sandbox) error {
	return terraform(ctx, box, "apply", "-input=false", "-auto-approve", "-no-color")
}

// terraform runs a command whose output matters only where it fails.
func terraform(ctx context.Context, box *sandbox.Sandbox, args ...string) error {
	var said bytes.Buffer
	if err := box.Run(ctx, io.Discard, &said, args...); err != nil {
		return fmt.Errorf("%w\n%s", err, said.Bytes())
	}
	return nil
}
