package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// colour matches what a terminal shows as colours.
var colour = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// random matches what differs between two runs of the exercise: IDs, hashes and
// tokens.
var random = regexp.MustCompile(`\b[0-9a-f]{8,}\b`)

// shown is a text as the pages show it: without line breaks, frames, and what
// differs between two runs.
func shown(text string) string {
	return random.ReplaceAllString(plain(colour.ReplaceAllString(text, "")), "…")
}

// The exercise of the guide works as it is written, and each screen of it is one
// that the commands before it have printed. Where a screen leaves something out, it
// has a line with "…".
func TestTheExerciseWorksAsItIsWritten(t *testing.T) {
	t.Parallel()
	needs(t, "sh", "curl", "sha256sum")
	sim := simtest.Start(t, teosim.Options{
		Lifecycle: teosim.DocumentedLifecycle(), ServiceTime: time.Date(2022, 5, 6, 12, 0, 0, 0, time.UTC), PageBase: 1,
	})
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("..", "templates", "guides", "compliance-archive.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ := strings.Cut(string(text), "## An exercise")
	page, _, _ = strings.Cut(page, "\n## ")
	in := newBox(t, "exercise", append(simtest.Environment(sim), "CHECKOUT="+checkout, "TF_CLI_ARGS_apply=-auto-approve", "TF_INPUT=0")...)
	out, screens := "", 0
	for _, match := range fence.FindAllStringSubmatch(page, -1) {
		switch language, content := match[3], match[4]; {
		case language == "sh" && strings.HasPrefix(content, "make sim "): // above
		case language == "sh":
			out = shown(in.script(content))
		case language == "text":
			for part := range strings.SplitSeq(content, "\n…\n") {
				screens++
				if !strings.Contains(out, shown(part)) {
					t.Errorf("the page shows\n%s\n\nand the commands printed\n%s", shown(part), out)
				}
			}
		}
	}
	if screens < 8 {
		t.Errorf("only %d screens were found", screens)
	}
}

// The translated exercise has the same commands and screens.
func TestTheTranslatedExerciseHasTheSameCommands(t *testing.T) {
	t.Parallel()
	blocks := map[string][]string{}
	for _, b := range documents(t) {
		name := filepath.Base(b.file)
		if strings.HasPrefix(b.note, "not run here: TestTheExerciseWorksAsItIsWritten") || b.language == "text" {
			blocks[name] = append(blocks[name], b.text)
		}
	}
	english, chinese := blocks["compliance-archive.md.tmpl"], blocks["compliance-archive_zh.md.tmpl"]
	if len(chinese) < 15 || !slices.Equal(english[:len(chinese)], chinese) {
		t.Errorf("the translation has\n%q\nand the original\n%q", chinese, english)
	}
}
