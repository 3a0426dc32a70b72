package archive

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// lossFinding describes the loss of files of a day.
func lossFinding(day string, files []ledger.File, reasons map[string]string, token string) Finding {
	keys := make([]string, len(files))
	for i, f := range files {
		keys[i] = f.Path
	}
	slices.Sort(keys)
	of := " of " + day
	switch day {
	case "ledger":
		of = " of the ledger"
	case "records":
		of = " of the records"
	}
	count := map[string]int{}
	for _, key := range keys {
		if reason := reasons[key]; reason != "" {
			count[reason]++
		}
	}
	var why []string
	for _, reason := range sortedKeys(count) {
		why = append(why, fmt.Sprintf("%s (%s)", reason, printable.Count(count[reason], "file")))
	}
	text := printable.Count(len(keys), "archived file") + of
	if len(keys) == 1 {
		text += " is"
	} else {
		text += " are"
	}
	text += " lost: " + names(keys)
	if len(why) > 0 {
		text += "; " + strings.Join(why, "; ")
	}
	return Finding{Kind: FindingLoss, Day: day, Files: keys, Token: token, Message: text}
}

// missedFinding describes packages of a day that failed until EdgeOne dropped them.
func missedFinding(day string, keys []string, token string) Finding {
	verb, is := "were", "are"
	if len(keys) == 1 {
		verb, is = "was", "is"
	}
	return Finding{
		Kind: FindingMissed, Day: day, Files: keys, Token: token,
		Message: fmt.Sprintf("%s of %s %s listed, could not be archived, and %s not listed any more: %s",
			printable.Count(len(keys), "package"), day, verb, is, names(keys)),
	}
}
