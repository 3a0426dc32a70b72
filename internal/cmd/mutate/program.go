package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// variable is the environment variable that chooses a change in a test binary.
const variable = "MUTATION_NUMBER"

// chosen declares the number of the chosen change. A test that sets the environment
// cannot change it, since it is read before.
const chosen = `package %s

import (
	"os"
	"strconv"
)

var mutationNumber = func() int { n, _ := strconv.Atoi(os.Getenv("` + variable + `")); return n }()
`

// program is the code of a package with changes in it, which are numbered from 1 on.
type program struct {
	*target
	folder   string
	overlay  string       // the file with which go reads the changed files in place of the originals
	broken   map[int]bool // changes that do not compile
	binaries []string     // of the test packages
}

// newProgram writes the package with the changes to a folder. It finds the changes
// that do not compile, and leaves them out.
//
// A change that is in no function, such as in the value of a constant, is in force
// whatever is chosen: each of them has a program for itself.
func (t *target) newProgram(ctx context.Context, folder string, changes []mutation) (*program, error) {
	p := &program{target: t, folder: folder, overlay: filepath.Join(folder, "overlay.json"), broken: map[int]bool{}}
	for {
		lines, err := p.write(changes)
		if err != nil {
			return nil, err
		}
		out, err := exec.CommandContext(ctx, "go", "build", "-gcflags=-e", "-overlay", p.overlay, t.name).CombinedOutput()
		if err == nil {
			return p, p.build(ctx)
		}
		if ctx.Err() == nil && len(changes) == 1 {
			p.broken[1] = true
			return p, nil
		}
		before := len(p.broken)
		for _, place := range compilerError.FindAllSubmatch(out, -1) {
			line, err := strconv.Atoi(string(place[2]))
			if err != nil {
				return nil, err
			}
			if number := lines.number(string(place[1]), line); number > 0 {
				p.broken[number] = true
			}
		}
		if ctx.Err() != nil || len(p.broken) == before {
			return nil, fmt.Errorf("go build %s: %w\n%s", t.name, err, out)
		}
	}
}

var compilerError = regexp.MustCompile(`(?m)([^/\\\s:]+\.go):(\d+):\d+: `)

// copies says which lines of the files are copies of a function.
type copies map[string][]lineRange

// lineRange is the lines of the change with a number.
type lineRange struct{ first, last, number int }

func (c copies) number(file string, line int) int {
	for _, r := range c[file] {
		if r.first <= line && line <= r.last {
			return r.number
		}
	}
	return 0
}

// build builds the test binaries.
func (p *program) build(ctx context.Context) error {
	for i, tests := range p.tests {
		binary := filepath.Join(p.folder, fmt.Sprintf("tests%d.exe", i))
		out, err := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-o", binary, "-overlay", p.overlay, tests.name).CombinedOutput()
		if err != nil {
			return fmt.Errorf("go test -c %s: %w\n%s", tests.name, err, out)
		}
		p.binaries = append(p.binaries, binary)
	}
	return nil
}

// try runs the tests that reach a change, package by package until one notices it. The
// number 0 chooses no change. With a timeout of 0, the limit follows from the time that
// the tests take.
func (p *program) try(ctx context.Context, number int, m mutation, timeout time.Duration) outcome {
	if p.broken[number] {
		return broken
	}
	for i, tests := range p.tests {
		names, took := tests.reach(m)
		limit := timeout
		if limit == 0 {
			limit = 3*took + 10*time.Second
		}
		if got := tests.run(ctx, p.binaries[i], names, number, limit); got != survived {
			return got
		}
	}
	return survived
}

// write writes the changed files.
func (p *program) write(changes []mutation) (copies, error) {
	replace := map[string]string{filepath.Join(p.tests[0].dir, "mutation_number.go"): filepath.Join(p.folder, "mutation_number.go")}
	if err := os.WriteFile(filepath.Join(p.folder, "mutation_number.go"), fmt.Appendf(nil, chosen, p.packageName), 0o600); err != nil {
		return nil, err
	}
	lines := copies{}
	for _, file := range p.files {
		name := filepath.Base(file)
		text, ranges := p.changed(file, changes)
		lines[name] = ranges
		if err := os.WriteFile(filepath.Join(p.folder, name), text, 0o600); err != nil {
			return nil, err
		}
		replace[filepath.Join(p.tests[0].dir, name)] = filepath.Join(p.folder, name)
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return nil, err
	}
	return lines, os.WriteFile(p.overlay, text, 0o600)
}

// changed returns a file with the changes in it. The copies of functions come last.
func (p *program) changed(file string, changes []mutation) ([]byte, []lineRange) {
	source := p.sources[file]
	var edits []edit
	var copied []int // numbers
	numbers := map[*function][]int{}
	for i, m := range changes {
		switch number := i + 1; {
		case m.file != file:
		case m.function == nil:
			edits = append(edits, edit{m.start, m.end, m.new})
		case !p.broken[number]:
			numbers[m.function] = append(numbers[m.function], number)
			copied = append(copied, number)
		}
	}
	for fn, numbers := range numbers {
		edits = append(edits, fn.dispatch(numbers)...)
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	var text bytes.Buffer
	at := 0
	for _, e := range edits {
		text.Write(source[at:e.start])
		text.WriteString(e.text)
		at = e.end
	}
	text.Write(source[at:])
	text.WriteString("\n")
	var ranges []lineRange
	line := bytes.Count(text.Bytes(), []byte("\n")) + 1
	for _, number := range copied {
		m := changes[number-1]
		c := m.function.copyOf(source, number, m)
		text.WriteString(c + "\n")
		last := line + strings.Count(c, "\n")
		ranges = append(ranges, lineRange{line, last, number})
		line = last + 1
	}
	return text.Bytes(), ranges
}
