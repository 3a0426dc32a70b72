package examples_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/examples"
)

// block is a fenced block of a document, with the note on the line above it.
type block struct {
	file, language, text string

	// note is "run: FOLDER" (an example in which the commands work), "run: FOLDER,
	// continued" (after the commands of the blocks before it), "not run here:
	// REASON", or "".
	note string
}

// fence matches a block between lines of three backticks, with a note in a
// comment of Markdown or, in a template, of the template.
var fence = regexp.MustCompile("(?m)(?:^(?:<!-- (.*) -->|\\{\\{/\\* (.*) \\*/ -\\}\\})\n)?^```([a-z]*)\n((?s:.*?))^```$")

// documents returns the blocks of the README and of the templates of docs/.
func documents(t *testing.T) []block {
	t.Helper()
	files := []string{filepath.Join("..", "README.md")}
	err := filepath.WalkDir(filepath.Join("..", "templates"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range fence.FindAllStringSubmatch(string(text), -1) {
			blocks = append(blocks, block{file: file, note: match[1] + match[2], language: match[3], text: match[4]})
		}
	}
	if len(blocks) < 5 {
		t.Fatalf("only %d blocks were found", len(blocks))
	}
	return blocks
}

// A configuration in a document is a file of an example, which TestEveryExampleApplies runs.
// Templates include theirs.
func TestDocumentsShowTheExamplesAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, b := range documents(t) {
		switch b.language {
		case "terraform":
			if !isExample(t, b.text) {
				t.Errorf("%s: this is not a file of an example:\n%s", b.file, b.text)
			}
		case "json":
			if !json.Valid([]byte(b.text)) {
				t.Errorf("%s: this is not JSON:\n%s", b.file, b.text)
			}
		}
	}
}

func isExample(t *testing.T, text string) bool {
	t.Helper()
	found := false
	err := fs.WalkDir(examples.FS, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || found {
			return err
		}
		content, err := fs.ReadFile(examples.FS, path)
		found = string(content) == text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Every documented command works as it is, in an example on the simulator.
// Exceptions say where else they are run, or why not.
func TestEveryDocumentedCommandWorks(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	for _, b := range scripts(t) {
		first, _, _ := strings.Cut(b.text, "\n")
		t.Run(filepath.Base(b.file)+" "+first, func(t *testing.T) {
			t.Parallel()
			if reason, ok := strings.CutPrefix(b.note, "not run here: "); ok {
				t.Log(reason)
				return
			}
			folder, ok := strings.CutPrefix(b.note, "run: ")
			if !ok {
				t.Fatalf("no note says where this works:\n%s", b.text)
			}
			for _, tool := range []string{"jq", "curl"} {
				if strings.Contains(b.text, tool+" ") {
					needs(t, tool)
				}
			}
			_, env := simulator(t)
			env = append(env, "TF_CLI_ARGS_apply=-auto-approve", "TF_INPUT=0",
				"MIRROR="+shared.get(t).mirror.Dir, "PLATFORM="+runtime.GOOS+"_"+runtime.GOARCH)
			if folder == "compliance" {
				env = append(env, archiveIn(t.TempDir())...)
			}
			if folder == "evidence" {
				env = append(env, evidenceIn(t)...)
			}
			in := newBox(t, folder, env...)
			if folder == "evidence" {
				script, err := examples.FS.ReadFile("compliance/verify.sh")
				if err != nil {
					t.Fatal(err)
				}
				in.write("verify.sh", string(script))
			}
			in.script(b.text)
		})
	}
}

// scripts returns the blocks of shell commands. A block that continues another one
// is appended to it.
func scripts(t *testing.T) []block {
	t.Helper()
	var all []block
	for _, b := range documents(t) {
		if b.language != "sh" {
			continue
		}
		before, continues := strings.CutSuffix(b.note, ", continued")
		if !continues {
			all = append(all, b)
			continue
		}
		if last := len(all) - 1; last >= 0 && all[last].file == b.file && all[last].note == before {
			all[last].text += b.text
		} else {
			t.Errorf("%s: no block before this one has the note %q:\n%s", b.file, before, b.text)
		}
	}
	return all
}

// link matches a link of Markdown to a file.
var link = regexp.MustCompile(`\]\(([^)#:]+\.[a-z]+|[^)#:]+/[^)#:]*)(?:#[^)]*)?\)`)

// Every link of the README and of the pages leads to a file that exists.
func TestEveryLinkLeadsToAFile(t *testing.T) {
	t.Parallel()
	files := []string{filepath.Join("..", "README.md"), filepath.Join("..", "CONTRIBUTING.md"), filepath.Join("..", "SECURITY.md")}
	for _, pattern := range []string{"*.md", filepath.Join("*", "*.md")} {
		found, err := filepath.Glob(filepath.Join("..", "docs", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	links := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range link.FindAllStringSubmatch(fence.ReplaceAllString(string(text), ""), -1) {
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), filepath.FromSlash(match[1]))); err != nil {
				t.Errorf("%s links to %s, which does not exist", file, match[1])
			}
		}
	}
	if links < 30 {
		t.Errorf("only %d links were found", links)
	}
}

// uses matches an action of a workflow with its commit and the comment after it.
var uses = regexp.MustCompile(`(?m)uses: ([^@\s]+)@(.*)$`)

// The workflows of examples use the commits of actions that the project itself uses,
// which are kept up to date.
func TestExamplesPinTheActionsOfTheWorkflows(t *testing.T) {
	t.Parallel()
	own := map[string]string{}
	workflows, err := filepath.Glob(filepath.Join("..", ".github", "workflows", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range workflows {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range uses.FindAllStringSubmatch(string(text), -1) {
			own[match[1]] = match[2]
		}
	}
	found := 0
	err = fs.WalkDir(examples.FS, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yml" {
			return err
		}
		text, err := fs.ReadFile(examples.FS, path)
		for _, match := range uses.FindAllStringSubmatch(string(text), -1) {
			found++
			if own[match[1]] != match[2] {
				t.Errorf("%s uses %s@%s, and .github/workflows %q", path, match[1], match[2], own[match[1]])
			}
		}
		return err
	})
	if err != nil || found == 0 {
		t.Errorf("%d actions were found, %v", found, err)
	}
}

// The README links every page of docs, so that it is an index of everything that
// there is.
func TestREADMELinksEveryPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join("..", "docs", "*", "*.md"))
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		target := strings.TrimPrefix(filepath.ToSlash(page), "../")
		if !strings.Contains(string(text), "]("+target+")") {
			t.Errorf("README.md does not link %s", target)
		}
	}
}
