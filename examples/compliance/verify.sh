#!/bin/sh
# Verifies an archive, or a copy of one, offline. It needs POSIX utilities and
# sha256sum or shasum.
#
#   sh verify.sh FOLDER [EXPECTED_HEAD]
#
# FOLDER is the folder that contains .teo-archive and the dt= folders, or a
# single bag. EXPECTED_HEAD is a head that was noted before (the SHA-256 of a
# ledger entry); it must be an entry of the ledger. For a single bag it is the
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

if command -v sha256sum >/dev/null 2>&1; then
  hash="sha256sum"
elif command -v shasum >/dev/null 2>&1; then
  hash="shasum -a 256"
else
  die "Neither sha256sum nor shasum was found."
fi

cd -- "$folder" 2>/dev/null || die "The folder cannot be opened."
work=$(mktemp -d "${TMPDIR:-/tmp}/verify.XXXXXX") || die "A temporary folder cannot be made."
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
: >"$work/problems"

# problem adds a line to the problems; problems adds each line of standard input,
# after a text.
problem() { printf '%s\n' "$*" >>"$work/problems"; }
problems() { sed "s|^|$1 |" >>"$work/problems"; }

# hashes prints "<hash>  <path>" for each path of a list, in its order. The names
# contain nothing that xargs would interpret.
hashes() {
  # shellcheck disable=SC2086 # the command has arguments
  [ ! -s "$1" ] || xargs $hash <"$1" | sed 's/^\(................................................................\) [ *]/\1  /'
}

# Only files and folders with plain names: no symbolic links, nothing that a
# utility could misread.
odd=$(find . ! -type f ! -type d | head -n 1)
[ -z "$odd" ] || die "Neither a file nor a folder (a symbolic link?): $odd"
odd=$(find . ! -name . \( -name '*[!A-Za-z0-9._=~-]*' -o -name '-*' \) | head -n 1)
[ -z "$odd" ] || die "A name contains unsafe characters: $odd"

find . -type f | sed 's|^\./||' | sort >"$work/files"
[ -s "$work/files" ] || die "The folder is empty."

# Readers of the two formats, for awk. Both print what a file says, or "!" and
# what is wrong with it. Old versions of awk have no {64} in regular expressions.
cat >"$work/manifest.awk" <<'AWK'
# Reads manifests: "<hash>  <path>" becomes the same with the path from the
# top folder on.
function hex(s) { return length(s) == 64 && s !~ /[^0-9a-f]/ }
FNR == 1 { top = FILENAME; sub(/[^\/]*$/, "", top); last = "" }
{
  path = substr($0, 67)
  if (!hex(substr($0, 1, 64)) || substr($0, 65, 2) != "  " || path !~ /^[A-Za-z0-9._=~\/-]+$/ || path ~ /^\/|\/$|\/\/|(^|\/)\.\.?(\/|$)/)
    print "!" FILENAME " has an invalid line " FNR
  else if (FILENAME ~ /tagmanifest-sha256.txt$/ ? path !~ /^(bag-info|bagit|manifest-sha256)\.txt$|^packages\.jsonl$/ : path !~ /^data\/./)
    print "!" FILENAME " names a file that does not belong there: " path
  else
    print substr($0, 1, 66) top path
}
AWK

cat >"$work/ledger.awk" <<'AWK'
# Reads the entries of a ledger, oldest first, after a list of their hashes.
# Prints the head, and the days with the hashes of their tagmanifests.
function hex(s) { return length(s) == 64 && s !~ /[^0-9a-f]/ }
function bad(text) { print "!" FILENAME ": " text; failed = 1 }
function finish() {
  if (!open) return
  open = 0
  if (section != "end") bad("the entry is cut short")
  if (field["sequence"] != number) bad("the entry has number " field["sequence"])
  if (field["previous_sha256"] != (number == 1 ? "" : hash[number - 1])) bad("the entry does not contain the hash of the entry before it")
  if (number == 1) { archive = field["archive"]; layer = field["layer"] }
  if (field["archive"] != archive || field["layer"] != layer) bad("the entry belongs to another archive")
  # Every 50th entry lists all days again.
  if (number % 50 == 1) for (day in tag) if (!(day in listed)) bad("the entry leaves out the day " day)
  for (day in listed) tag[day] = listed[day]
}
NR == FNR { name = $2; sub(/.*\//, "", name); sub(/\.json$/, "", name); hash[name + 0] = $1; next }
FNR == 1 {
  finish()
  number++; open = 1; section = ""
  split("", field); split("", listed)
  if ($0 != "{") { bad("line 1 has an unknown form"); }
  next
}
section == "end" { bad("line " FNR " stands after the end"); next }
section == "" && $0 == "}" { section = "end"; next }
section == "" && /^  "[a-z0-9_]+": [\[{]$/ { section = $1; gsub(/[":]/, "", section); next }
section != "" && /^  [\]}],?$/ { section = ""; next }
section == "" && /^  "[a-z0-9_]+": ("[^"\\]*"|[0-9]+|true|false|null|\{\}|\[\]),?$/ {
  key = $1; gsub(/[":]/, "", key)
  value = $0; sub(/^  "[a-z0-9_]+": /, "", value); sub(/,$/, "", value); gsub(/"/, "", value)
  if (key in field) bad("line " FNR " repeats " key)
  field[key] = value
  next
}
section == "bags" {
  day = substr($1, 2, 10)
  value = $3; gsub(/[",]/, "", value)
  if (!/^    "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]": \{"tagmanifest_sha256": "[0-9a-f]+", "packages": [0-9]+, "bytes": [0-9]+, "listing_sha256": "[0-9a-f]+"\},?$/ || !hex(value) || day in listed)
    bad("line " FNR " has an unknown form")
  listed[day] = value
  next
}
section ~ /^(scope|superseded|lost|recovered|accepted)$/ && /^    [^ ]/ { next }
{ bad("line " FNR " has an unknown form") }
END {
  finish()
  if (failed) exit
  if ("destroyed" in field) bad("the archive was destroyed")
  print "head", hash[number], number
  for (day in tag) print "day", day, tag[day]
}
AWK

if grep -q '^\.teo-archive/' "$work/files"; then
  # An archive: the newest entry of the ledger vouches for all others, and the
  # newest entry that names a day vouches for that day.
  grep '^\.teo-archive/ledger/' "$work/files" >"$work/entries" || die "There is no ledger in .teo-archive."
  awk '{ if ($0 != sprintf(".teo-archive/ledger/%010d.json", NR)) { print; exit } }' "$work/entries" >"$work/gap"
  [ ! -s "$work/gap" ] || die "The ledger has a gap, or a file that is not an entry, at $(cat "$work/gap")"
  hashes "$work/entries" >"$work/entry-hashes"
  { echo "$work/entry-hashes"; cat "$work/entries"; } >"$work/inputs"
  [ "$(tail -n 1 "$work/entries" | cut -c22-31)" -le 20000 ] || die "The ledger has more entries than this script can read."
  # shellcheck disable=SC2046 # the names are plain
  awk -f "$work/ledger.awk" $(cat "$work/inputs") >"$work/ledger"
  if grep '^!' "$work/ledger" >"$work/wrong"; then
    die "$(sed 's/^!//' "$work/wrong" | head -n 20)"
  fi
  head=$(sed -n 's/^head \([0-9a-f]*\) .*/\1/p' "$work/ledger")
  sequence=$(sed -n 's/^head [0-9a-f]* //p' "$work/ledger")
  if [ -n "$expected" ] && ! grep -q "^$expected " "$work/entry-hashes"; then
    die "The expected head $expected is not an entry of the ledger, whose newest entry $sequence has SHA-256 $head. The archive was rolled back, or it is another one."
  fi
  sed -n 's|^day \([^ ]*\) \(.*\)|\2  dt=\1/tagmanifest-sha256.txt|p' "$work/ledger" | sort -k 2 >"$work/tagmanifests"
  sed -n 's|^day \([^ ]*\) \(.*\)|.teo-archive/tags/\1/\2.tar|p' "$work/ledger" | sort >"$work/tars"
  comm -13 "$work/files" "$work/tars" | problems "Missing:"
  # Replaced content is named by its hash.
  sed -n 's|^\.teo-archive/superseded/\([0-9a-f]*\)$|\1  &|p' "$work/files" >"$work/superseded"
  grep -v '^\.teo-archive/\(ledger/\|tags/....-..-../[0-9a-f]*\.tar$\|checkpoint/[0-9a-z-]*\.jsonl$\|incoming/[0-9a-z-]*$\|superseded/[0-9a-f]*$\)' "$work/files" >"$work/payload" || :
else
  # A single bag: nothing vouches for it but the expected head.
  grep -qx 'tagmanifest-sha256.txt' "$work/files" || die "There is neither an archive (.teo-archive) nor a bag (tagmanifest-sha256.txt)."
  head=$($hash tagmanifest-sha256.txt | cut -c1-64)
  if [ -n "$expected" ] && [ "$expected" != "$head" ]; then
    die "tagmanifest-sha256.txt has SHA-256 $head, not the expected $expected."
  fi
  echo "$head  tagmanifest-sha256.txt" >"$work/tagmanifests"
  : >"$work/superseded"
  cp "$work/files" "$work/payload"
fi

# compare LIST compares the files of a list ("<hash>  <path>") with their hashes.
compare() {
  cut -c67- "$1" | sort >"$work/named"
  uniq -d "$work/named" | problems "Named twice:"
  sort -u "$work/named" | comm -23 - "$work/files" | problems "Missing:"
  sort -u "$work/named" | comm -12 - "$work/files" >"$work/present"
  hashes "$work/present" | sort >"$work/actual"
  sort "$1" | comm -13 - "$work/actual" | cut -c67- | problems "Changed:"
}

# bags FILE prints the paths of a tag file in all bags.
bags() { grep -x "\([^/]*/\)\{0,1\}$1" "$work/payload" || :; }

# manifests FILE prints the lines of the manifests of a name.
manifests() {
  bags "$1" >"$work/list"
  : >"$work/lines"
  [ ! -s "$work/list" ] || xargs awk -f "$work/manifest.awk" <"$work/list" >"$work/lines"
  sed -n 's/^!//p' "$work/lines" >>"$work/problems"
  grep -v '^!' "$work/lines" || :
}

# The tag manifests are what the ledger names, the tag files are what the tag
# manifests name, and the packages are what the manifests name.
compare "$work/tagmanifests"
manifests tagmanifest-sha256.txt >"$work/tags"
compare "$work/tags"
manifests manifest-sha256.txt >"$work/packages"
compare "$work/packages"
compare "$work/superseded"

# Each bag has all its tag files.
cut -c67- "$work/tagmanifests" | while read -r path; do
  for name in bagit.txt bag-info.txt manifest-sha256.txt packages.jsonl; do
    echo "${path%tagmanifest-sha256.txt}$name"
  done
done | sort >"$work/wanted"
cut -c67- "$work/tags" | sort | comm -13 - "$work/wanted" | problems "Not named by a tag manifest:"

# There is nothing else.
cat "$work/tagmanifests" "$work/tags" "$work/packages" | cut -c67- | sort -u >"$work/named"
comm -23 "$work/payload" "$work/named" | problems "Not named by a manifest:"

# Each package has one record, with the same hash.
bags packages.jsonl >"$work/list"
: >"$work/records"
[ ! -s "$work/list" ] || xargs awk '
  FNR == 1 { top = FILENAME; sub(/[^\/]*$/, "", top) }
  {
    path = $0; sub(/^.*"path":"/, "", path); sub(/".*$/, "", path)
    sum = $0; sub(/^.*"sha256":"/, "", sum); sub(/".*$/, "", sum)
    print sum "  " top path
  }' <"$work/list" | sort >"$work/records"
sort "$work/packages" | comm -23 - "$work/records" | cut -c67- | problems "Without a record in packages.jsonl:"
sort "$work/packages" | comm -13 - "$work/records" | cut -c67- | problems "A record without a package:"

if [ -s "$work/problems" ]; then
  die "$(head -n 100 "$work/problems")" "$(wc -l <"$work/problems" | tr -d ' ') problems."
fi
echo "valid: $(wc -l <"$work/packages" | tr -d ' ') packages in $(wc -l <"$work/tagmanifests" | tr -d ' ') bags"
if [ -n "${sequence-}" ]; then
  echo "head: $sequence $head"
else
  echo "tagmanifest: $head"
fi
