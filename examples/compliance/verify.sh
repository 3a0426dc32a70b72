#!/bin/sh
# Verifies an archive, or a copy of one, offline. It needs POSIX utilities and
# sha256sum or shasum.
#
#   sh verify.sh FOLDER [EXPECTED_HEAD]
#
# FOLDER is the folder that contains .teo-archive and the dt= folders, or a
# single bag. EXPECTED_HEAD is a head that was noted before (the SHA-256 of a
# ledger entry); it must be an entry of the ledger, and the days that later
# entries have added or changed are shown. For a single bag it is the
# SHA-256 of tagmanifest-sha256.txt.
#
# The exit status is 0 only if everything is valid. The last line shows the head.
set -eu
LC_ALL=C
export LC_ALL
unset CDPATH

usage() {
  echo "usage: sh verify.sh FOLDER [EXPECTED_HEAD]" >&2
  exit 2
}
[ $# -eq 1 ] || [ $# -eq 2 ] || usage
[ -n "$1" ] || usage
folder=$1
expected=${2-}

die() {
  printf '%s\n' "$@" "NOT VALID: $folder" >&2
  exit 1
}

if [ $# -eq 2 ]; then
  case $expected in
    *[!0-9a-f]*) die "The expected head is not 64 lower-case hex digits: $expected" ;;
  esac
  [ ${#expected} -eq 64 ] || die "The expected head is not 64 lower-case hex digits: $expected"
fi

for tool in awk comm cut find grep head sed sort tr uniq wc xargs; do
  command -v "$tool" >/dev/null 2>&1 || die "The utility $tool was not found."
done
if command -v sha256sum >/dev/null 2>&1; then
  hash="sha256sum"
elif command -v shasum >/dev/null 2>&1; then
  hash="shasum -a 256"
else
  die "Neither sha256sum nor shasum was found."
fi

cd -- "$folder" 2>/dev/null || die "The folder cannot be opened."
work=${TMPDIR:-/tmp}/verify.$$
(umask 077 && mkdir "$work") || die "A temporary folder cannot be created."
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
: >"$work/problems"

# problems TEXT adds each line of standard input, after a text, to the problems.
problems() { sed "s|^|$1 |" >>"$work/problems"; }

# hashes LIST prints "<hash>  <path>" for each path of a list.
hashes() {
  # shellcheck disable=SC2086 # $hash has arguments
  [ ! -s "$1" ] || xargs $hash <"$1" | sed 's/^\([0-9a-f]*\) [ *]/\1  /'
}

# Only files and folders with plain names: no symbolic links, and nothing that a
# utility could misread.
odd=$(find . ! -type f ! -type d | head -n 1)
[ -z "$odd" ] || die "Neither a file nor a folder (a symbolic link?): $odd"
odd=$(find . ! -name . \( -name '*[!A-Za-z0-9._=~-]*' -o -name '-*' \) | head -n 1)
[ -z "$odd" ] || die "A name contains unsafe characters: $odd"

find . -type f | sed 's|^\./||' | sort >"$work/all"
# Temporary files of a run that was interrupted; a later run removes them.
grep -Ev '(^|/)\.[0-9a-f]+\.tmp$' "$work/all" >"$work/files" || die "The folder is empty."

# What reads the ledger. Its input is a line "<hash>  <path>" for each entry, the
# oldest first. It prints the head and the days with the hashes of their tag
# manifests, or "!" and what is wrong.
cat >"$work/ledger.awk" <<'AWK'
# Old versions of awk have no {64} in regular expressions.
function hex(s) { return length(s) == 64 && s !~ /[^0-9a-f]/ }
function bad(text) { faults++; fault[faults] = file ": " text }

# value returns the text of a field in a line.
function value(line, name) {
  sub("^.*\"" name "\": \"?", "", line)
  sub(/["},].*$/, "", line)
  return line
}

function element(line,   day, text) {
  if (section == "bags") {
    day = substr(line, 6, 10)
    text = substr(line, 19); sub(/,$/, "", text)
    if (line !~ /^    "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]": (null|\{"sequence": [0-9]+, "tagmanifest_sha256": "[0-9a-f]+", "packages": [0-9]+, "bytes": [0-9]+, "listing_sha256": "[0-9a-f]+", "source_sha256": "[0-9a-f]+"\}),?$/)
      return 0
    if (day in listed || (text != "null" && !hex(value(text, "tagmanifest_sha256")))) return 0
    listed[day] = text
    return 1
  }
  if (section == "lost") { day = substr(value(line, "path"), 4, 10); gone[day]++ }
  if (section ~ /^(lost|recovered|unrecovered)$/)
    return line ~ /^    \{"path": "[A-Za-z0-9._=~\/-]+", "sha256": "[0-9a-f]+", "bytes": [0-9]+\},?$/
  if (section == "superseded")
    return line ~ /^    \{"path": "[A-Za-z0-9._=~\/-]+", "old_sha256": "[0-9a-f]+", "old_bytes": [0-9]+, "new_sha256": "[0-9a-f]+", "new_bytes": [0-9]+, "extends": (true|false)\},?$/
  if (section == "accepted") {
    if (line ~ /^    \{"token": "head:/) trusted = 1
    if (line ~ /^    \{"token": "[0-9-]+@/) excused[substr(line, 16, 10)] = 1
    return line ~ /^    \{"token": ".*", "reason": ".*"\},?$/
  }
  return section == "scopes" && line ~ /^    \{"sequence": [0-9]+, "start": "[0-9TZ:-]+", "end": .*, "zones": \[.*\], "zone_ids": \[.*\], "hosts": \[.*\]\},?$/
}

# parse reads an entry, one key on each line and one line for each element.
function parse(   line, n, key, text) {
  split("", field); split("", listed); split("", gone); split("", excused)
  section = ""; ended = 0; trusted = 0
  while ((getline line < file) > 0) {
    n++
    if (line ~ /[^ -~]/ || ended || (n == 1) != (line == "{")) { bad("line " n " has an unknown form"); break }
    if (n == 1) continue
    if (section != "") {
      if (line ~ /^  (\]|\}),?$/) section = ""
      else if (!element(line)) { bad("line " n " has an unknown form"); break }
      continue
    }
    if (line == "}") { ended = 1; continue }
    key = line; sub(/^  "/, "", key); sub(/": .*$/, "", key)
    text = line; sub(/^  "[a-z0-9_]+": /, "", text)
    if (line ~ /^  "(scopes|superseded|lost|recovered|unrecovered|accepted)": \[$/ || line == "  \"bags\": {") section = key
    else if (line !~ /^  "(format|archive|layer|sequence|commit|previous_sha256|written_at|agent|snapshot|joined|destroyed|sealed_through|complete)": (".*"|[0-9]+|true|false),?$/ \
      && line !~ /^  "scope": \{"start": "[0-9TZ:-]+", "end": .*, "zones": \[.*\], "zone_ids": \[.*\], "hosts": \[.*\]\},?$/) { bad("line " n " has an unknown form"); break }
    if (key in field) { bad("line " n " repeats " key); break }
    sub(/,$/, "", text); gsub(/"/, "", text)
    field[key] = text
  }
  close(file)
  if (!ended) bad("the entry is cut short or has an unknown form")
}

{
  number++
  sum = $1; file = $2
  parse()
  # A person has accepted the state of the ledger, whatever was wrong before.
  if (trusted && faults) {
    faults = 0
    if ("snapshot" in field) { split("", bag); archive = field["archive"]; layer = field["layer"] }
  }
  if (number == 1) { archive = field["archive"]; layer = field["layer"] }
  if (field["format"] != "teo-archive/1") bad("the format is not teo-archive/1")
  if (field["sequence"] != number) bad("the entry has the number " field["sequence"])
  if (field["previous_sha256"] != previous) bad("the entry does not contain the hash of the entry before it")
  if (field["archive"] != archive || field["layer"] != layer) bad("the entry belongs to another archive")
  if (number % 50 == 1 && !("snapshot" in field)) bad("the entry must list all days again")
  if (destroyed) bad("the entry follows the one that destroyed the archive")
  snapshot = ("snapshot" in field)
  for (day in listed) {
    if (listed[day] == "null") continue
    at = value(listed[day], "sequence") + 0
    if (at > number || (at < number && (!snapshot || (number > 1 && !trusted && listed[day] != bag[day]))))
      bad("the bag of " day " is not the one that an entry before it names")
  }
  for (day in listed) {
    if (trusted || !(day in bag) || bag[day] == "") continue
    # A loss together with the tag files is accepted without the names of packages.
    if ((day in excused) && !gone[day]) continue
    left = (listed[day] == "null" ? 0 : value(listed[day], "packages"))
    if (left + gone[day] < value(bag[day], "packages") + 0)
      bad("packages of " day " are dropped, and the entry does not say that they are lost")
  }
  if (snapshot) for (day in bag) {
    if (bag[day] != "" && !(day in listed)) bad("the bag of " day " is left out")
    if (!(day in listed)) delete bag[day]
  }
  for (day in listed) bag[day] = (listed[day] == "null" ? "" : listed[day])
  previous = sum
  destroyed = ("destroyed" in field)
}

END {
  if (destroyed) bad("the archive was destroyed")
  for (i = 1; i <= faults; i++) print "!" fault[i]
  print "head", sum, number
  for (day in bag) if (bag[day] != "") print "day", day, value(bag[day], "tagmanifest_sha256"), value(bag[day], "packages"), value(bag[day], "sequence")
}
AWK

# What reads manifests: it prints "<hash>  <path>" with the path from the top
# folder on, or "!" and what is wrong.
cat >"$work/manifest.awk" <<'AWK'
function hex(s) { return length(s) == 64 && s !~ /[^0-9a-f]/ }
FNR == 1 { top = FILENAME; sub(/^\.\//, "", top); sub(/[^\/]*$/, "", top) }
{
  path = substr($0, 67)
  if (!hex(substr($0, 1, 64)) || substr($0, 65, 2) != "  " || path !~ /^[A-Za-z0-9._=~\/-]+$/ || path ~ /^\/|\/$|\/\/|(^|\/)\.\.?(\/|$)/)
    print "!" FILENAME ": line " FNR " is not a hash and a path"
  else if (FILENAME ~ /tagmanifest-sha256\.txt$/ ? path !~ /^(bag-info\.txt|bagit\.txt|manifest-sha256\.txt|packages\.jsonl)$/ : path !~ /^data\/./)
    print "!" FILENAME ": line " FNR " names a file that does not belong there: " path
  else
    print substr($0, 1, 66) top path
}
AWK

sequence=
since=
if grep -q '^\.teo-archive/' "$work/files"; then
  # An archive: the newest entry of the ledger vouches for the entries before it,
  # and the newest entry that names a day vouches for that day.
  grep '^\.teo-archive/ledger/' "$work/files" >"$work/entries" || die "There is no ledger in .teo-archive."
  gap=$(awk '$0 != sprintf(".teo-archive/ledger/%010d.json", NR) { print; exit }' "$work/entries")
  [ -z "$gap" ] || die "An entry of the ledger is missing, or there is a file that is not an entry, at $gap"
  hashes "$work/entries" >"$work/entry-hashes"
  awk -f "$work/ledger.awk" "$work/entry-hashes" >"$work/ledger"
  wrong=$(sed -n 's/^!//p' "$work/ledger" | head -n 20)
  [ -z "$wrong" ] || die "The ledger is not valid:" "$wrong"
  head=$(sed -n 's/^head \([0-9a-f]*\) .*/\1/p' "$work/ledger")
  sequence=$(sed -n 's/^head [0-9a-f]* //p' "$work/ledger")
  if [ -n "$expected" ] && ! grep -q "^$expected " "$work/entry-hashes"; then
    die "The expected head $expected is not an entry of the ledger. Its newest entry is $sequence with SHA-256 $head. The archive was rolled back, or it is another one."
  fi
  if [ -n "$expected" ] && [ "$expected" != "$head" ]; then
    trusted=$(awk -v head="$expected" '$1 == head { print NR }' "$work/entry-hashes")
    # They are as good as who could write to the archive since then.
    changed=$(awk -v trusted="$trusted" '$1 == "day" && $5 > trusted + 0 { print "dt=" $2 }' "$work/ledger" | sort | tr '\n' ' ')
    [ -z "$changed" ] || since="After the expected head (entry $trusted), entries have added or changed: ${changed% }"
  fi
  sed -n 's|^day \([^ ]*\) \([^ ]*\) .*|\2  dt=\1/tagmanifest-sha256.txt|p' "$work/ledger" >"$work/tagmanifests"
  sed -n 's|^day \([^ ]*\) [^ ]* \([0-9]*\) .*|dt=\1 \2|p' "$work/ledger" | sort >"$work/counts"
  sed -n 's|^day \([^ ]*\) \([^ ]*\) .*|.teo-archive/tags/\1/\2.tar|p' "$work/ledger" | sort | comm -13 "$work/files" - | problems "Missing:"
  # Superseded content is named by its hash.
  sed -n 's|^\.teo-archive/superseded/\([0-9a-f]\{64\}\)$|\1  &|p' "$work/files" >"$work/superseded"
  grep -Ev '^\.teo-archive/(ledger/[0-9]+\.json|tags/[0-9-]+/[0-9a-f]+\.tar|checkpoint/[0-9a-f]+-[0-9]+\.jsonl|incoming/[0-9a-f]+-[0-9]+|superseded/[0-9a-f]{64})$' "$work/files" >"$work/rest" || :
else
  # A single bag: only the expected head vouches for it.
  grep -qx 'tagmanifest-sha256\.txt' "$work/files" || die "The folder is neither an archive (it has no .teo-archive) nor a bag (it has no tagmanifest-sha256.txt)."
  head=$($hash tagmanifest-sha256.txt | cut -c1-64)
  if [ -n "$expected" ] && [ "$expected" != "$head" ]; then
    die "tagmanifest-sha256.txt has SHA-256 $head instead of the expected $expected."
  fi
  echo "$head  tagmanifest-sha256.txt" >"$work/tagmanifests"
  : >"$work/superseded"
  cp "$work/files" "$work/rest"
fi

# compare LIST compares the files of a list ("<hash>  <path>") with their hashes.
compare() {
  cut -c67- "$1" | sort >"$work/named"
  uniq -d "$work/named" | problems "Named twice:"
  sort -u "$work/named" | comm -23 - "$work/files" | problems "Missing:"
  sort -u "$work/named" | comm -12 - "$work/files" >"$work/present"
  hashes "$work/present" | sort >"$work/actual"
  sort "$1" | comm -13 - "$work/actual" | cut -c67- | problems "Changed (its SHA-256 differs):"
}

# bags FILE prints the paths of a tag file in all bags, for awk, which takes
# "dt=…" for an assignment but not "./dt=…".
bags() { sed -n "s|^\([^/]*/\)\{0,1\}$1\$|./&|p" "$work/rest"; }

# manifests FILE prints the lines of the manifests of a name.
manifests() {
  bags "$1" >"$work/list"
  : >"$work/lines"
  [ ! -s "$work/list" ] || xargs awk -f "$work/manifest.awk" <"$work/list" >"$work/lines"
  sed -n 's/^!//p' "$work/lines" >>"$work/problems"
  grep -v '^!' "$work/lines" || :
}

# The tag manifests are those that the ledger names, the tag files those that the
# tag manifests name, and the packages those that the manifests name.
compare "$work/tagmanifests"
manifests 'tagmanifest-sha256\.txt' >"$work/tags"
compare "$work/tags"
manifests 'manifest-sha256\.txt' >"$work/packages"
compare "$work/packages"
compare "$work/superseded"

# Each bag has all of its tag files.
cut -c67- "$work/tagmanifests" | while read -r path; do
  for name in bagit.txt bag-info.txt manifest-sha256.txt packages.jsonl; do
    echo "${path%tagmanifest-sha256.txt}$name"
  done
done | sort >"$work/wanted"
cut -c67- "$work/tags" | sort | comm -13 - "$work/wanted" | problems "Not named by a tag manifest:"

# There are no other files.
cat "$work/tagmanifests" "$work/tags" "$work/packages" | cut -c67- | sort -u >"$work/named"
comm -23 "$work/rest" "$work/named" | problems "Not named by a manifest:"

# Each package has a record with the same hash, and the ledger has the number of
# packages of each day.
bags 'packages\.jsonl' >"$work/list"
: >"$work/records"
# shellcheck disable=SC2016 # awk's $0
[ ! -s "$work/list" ] || xargs awk '
  FNR == 1 { top = FILENAME; sub(/^\.\//, "", top); sub(/[^\/]*$/, "", top) }
  {
    path = $0; sub(/^.*"path":"/, "", path); sub(/".*$/, "", path)
    sum = $0; sub(/^.*"sha256":"/, "", sum); sub(/".*$/, "", sum)
    print sum "  " top path
  }' <"$work/list" | sort >"$work/records"
sort "$work/packages" | comm -23 - "$work/records" | cut -c67- | problems "Without a record in packages.jsonl:"
sort "$work/packages" | comm -13 - "$work/records" | cut -c67- | problems "A record without a package:"
if [ -n "$sequence" ]; then
  cut -c67- "$work/packages" | awk -F/ '{ n[$1]++ } END { for (day in n) print day, n[day] }' | sort >"$work/counted"
  comm -23 "$work/counts" "$work/counted" | problems "The ledger has another number of packages:"
fi

if [ -s "$work/problems" ]; then
  die "$(head -n 100 "$work/problems")" "Problems: $(wc -l <"$work/problems" | tr -d ' ')"
fi
echo "valid: $(wc -l <"$work/packages" | tr -d ' ') packages in $(wc -l <"$work/tagmanifests" | tr -d ' ') bags"
[ -z "$since" ] || echo "$since"
if [ -n "$sequence" ]; then
  echo "head: $head (entry $sequence)"
else
  echo "tagmanifest: $head"
fi
