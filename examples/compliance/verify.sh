#!/bin/sh
# Verifies an archive, or a copy of one, offline. It needs POSIX utilities and
# sha256sum or shasum; with --key also openssl (1.1.1 or later).
#
#   sh verify.sh [--list] [--key FILE] FOLDER [EXPECTED_HEAD]
#
# FOLDER contains .teo-archive and the dt= folders, or is a single bag.
# EXPECTED_HEAD is a head that was noted before: the SHA-256 of a ledger entry. It
# must be an entry of the ledger, and everything that later entries changed is
# shown. For a single bag it is the SHA-256 of tagmanifest-sha256.txt.
# --key checks that the newest signed head was signed with a key and matches the
# ledger. FILE is the public key in PEM.
# --list prints the files of the current versions and nothing else.
#
# The exit status is 0 if everything is valid, 1 if something is not, and 2 if the
# command line is wrong. Lost, missed, erased and expired packages that the ledger
# names, and uncommitted bags, are valid; they are counted.
#
# The archive-format guide describes what is checked.
set -u
LC_ALL=C
export LC_ALL
unset CDPATH

usage() {
  echo "usage: sh verify.sh [--list] [--key FILE] FOLDER [EXPECTED_HEAD]" >&2
  exit 2
}
print_list=
key=
while [ $# -gt 0 ]; do
  case $1 in
    --list) print_list=yes ;;
    --key)
      [ $# -gt 1 ] && [ -f "$2" ] || usage
      case $2 in /*) key=$2 ;; *) key=$PWD/$2 ;; esac
      shift
      ;;
    --) shift; break ;;
    -*) usage ;;
    *) break ;;
  esac
  shift
done
[ $# -eq 1 ] || [ $# -eq 2 ] || usage
[ -n "$1" ] || usage
folder=$1
expected=${2-}
if [ $# -eq 2 ]; then
  case $expected in *[!0-9a-f]*) usage ;; esac
  [ ${#expected} -eq 64 ] || usage
fi

# printable shows text that others wrote without what a terminal would obey.
printable() { tr -c ' -~\n' '?'; }

die() {
  printf '%s\n' "$@" "NOT VALID: $folder" | printable >&2
  exit 1
}

for tool in awk comm cut date find grep head sed sort tr wc xargs; do
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
temporary=${TMPDIR:-/tmp}/verify.$$
(umask 077 && mkdir "$temporary") || die "A temporary folder cannot be created."
trap 'rm -rf "$temporary"' EXIT
trap 'exit 1' HUP INT TERM

# hashes prints "<hash>  <path>" for each path of a list on standard input. PREFIX is
# at the beginning of the paths, but not of the files' names.
hashes() { # [PREFIX]
  # shellcheck disable=SC2086 # $hash has arguments
  sed "s|^${1-}||" | xargs $hash /dev/null | sed -e '/ [ *]\/dev\/null$/d' -e "s|^\([0-9a-f]*\) [ *]|\1  ${1-}|"
}

# sizes prints "<bytes> <path>" for each path of a list on standard input.
sizes() { xargs wc -c /dev/null | awk '$2 != "total" && $2 != "/dev/null" { print $1, $2 }'; }

# problems TEXT adds each line of standard input, after a text, to the problems, and
# warnings TEXT to the warnings.
problems() { sed "s|^|$1|" >>"$work/problems"; }
warnings() { sed "s|^|$1|" >>"$work/warnings"; }

# ---------------------------------------------------------------------------
# common.awk is what the other programs share.
cat >"$temporary/common.awk" <<'AWK'
# Old versions of awk have no {64} in regular expressions.
function isHex(s, digits) { return length(s) == digits && s !~ /[^0-9a-f]/ }

# get returns the value of a key in a JSON object on one line. In a string a
# quotation mark has a backslash before it, so no string contains "key":.
function get(object, key,   at, s) {
  at = index(object, "\"" key "\":")
  if (!at) return ""
  s = substr(object, at + length(key) + 3)
  if (s ~ /^"/) { match(s, /^"([^"\\]|\\.)*"/); return substr(s, 2, RLENGTH - 2) }
  sub(/[,}].*$/, "", s)
  return s
}

# unescaped removes the escapes of JSON that are needed: any backslash that is left is
# not in the canonical form.
function unescaped(s) {
  if (s ~ /\\/) gsub(/\\(["\\bfnrt]|u00(0[0-7be-f]|1[0-9a-f]|7f|[89a-f][0-9a-f])|u(0[1-9a-f]|[1-9a-ce-f][0-9a-f]|d[0-7])[0-9a-f][0-9a-f]|ud[89ab][0-9a-f][0-9a-f]\\ud[c-f][0-9a-f][0-9a-f])/, "", s)
  return s
}
# isText reports whether s is a string in the canonical form.
function isText(s) { return length(s) > 1 && s ~ /^".*"$/ && unescaped(unquote(s)) !~ /[\\"]/ }
function unquote(s) { return substr(s, 2, length(s) - 2) }
function plural(n, word) { return n + 0 " " word (n == 1 ? "" : "s") }
AWK

# replay.awk applies the entries of the ledger one after the other. Its input is a
# line "<number> <hash> <bytes> <path>" for each, the oldest first. Its output are
# lines whose first field says what they are; the fields are separated by tabs:
#
#   problem TEXT, warning TEXT, change TEXT
#   tree NUMBER HASHES               what an entry says about those before it
#   token ID NUMBER DAY SEQUENCE     a token that an entry needs, and
#   line ID HASH  KEY                a line of what the token is a hash of
#   accepted NUMBER TOKEN            the tokens that an entry has
#   event …                          see counts.awk
#   head NUMBER HASH                 and after it the state: bag, records, gone,
#                                    missed, expired
cat >"$temporary/replay.awk" <<'AWK'
BEGIN {
  FS = " "
  # The fields in their order. A colon marks lists, a semicolon maps.
  n = split("format archive layer sequence commit previous_sha256 tree: written_at agent actor joined: left: scope records bags; relisted; failing: missed: lost: recovered: erased: accepted: given_up: abandoned expired_through sealed_through destroyed snapshot snapshot.scope snapshot.scope_sequence snapshot.resources: snapshot.expired_through snapshot.sealed_through snapshot.bags; snapshot.current; snapshot.records; snapshot.relisted; snapshot.failing; snapshot.missed; snapshot.lost; snapshot.erased; snapshot.accepted; snapshot.abandoned: snapshot.given_up:", names, " ")
  for (i = 1; i <= n; i++) {
    name = names[i]
    end = name ~ /:$/ ? "]" : name ~ /;$/ ? "}" : ""
    if (end != "") name = substr(name, 1, length(name) - 1)
    order[name] = i; closing[name] = end; names[i] = name
  }
  fields = n
  hash = "\"[0-9a-f]+\""; count = "[1-9][0-9]*"; number = "(0|[1-9][0-9]*)"; path = "\"[a-z0-9./=_~-]+\""
  text = "\"([^\"\\\\]|\\\\.)*\""; set = "\\[" text "(," text ")*\\]"; time = "\"[0-9T:Z-]+\""
  bagForm = "^[{]\"packages\":" count "(,\"superseding\":" count ")?,\"bytes\":" count ",\"tagmanifest_sha256\":" hash ",\"listing_sha256\":" hash "[}]$"
  fileForm = "^[{]\"path\":" path "(,\"sha256\":" hash ")?(,\"bytes\":" count ")?(,\"packages\":" count ")?(,\"current\":" count ")?(,\"replaced_by\":" path ")?(,\"reason\":" text ")?[}]$"
  acceptedForm = "^[{]\"token\":" text ",\"reason\":" text "[}]$"
  recordsForm = "^[{]\"sha256\":" hash ",\"bytes\":" count "[}]$"
  abandonedForm = "^[{]\"sequence\":" count ",\"sha256\":" hash "[}]$"
  scopeForm = "^[{]\"start\":" time "(,\"end\":" time ")?(,\"zones\":" set ")?(,\"zone_ids\":" set ")?(,\"hosts\":" set ")?(,\"resolved_zone_ids\":" set ")?,\"stable_after_seconds\":" number ",\"recheck_days\":" number "(,\"retention\":[{]\"mode\":\"(GOVERNANCE|COMPLIANCE)\",\"days\":" count "[}])?(,\"expire_after_days\":" count ")?[}]$"
  clock = seconds(now) + 3600 # a writer's clock may be ahead
  OFS = "\t"
}

# --- values -----------------------------------------------------------------

function isNumber(s) { return s ~ /^(0|[1-9][0-9]*)$/ && length(s) <= 15 }
function decimal(n) { return sprintf("%.0f", n) }

function monthDays(y, m) { return m == 2 ? 28 + (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)) : m == 4 || m == 6 || m == 9 || m == 11 ? 30 : 31 }
function isDay(s,   m, d) {
  if (s !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$/) return 0
  m = substr(s, 6, 2) + 0; d = substr(s, 9, 2) + 0
  return m >= 1 && m <= 12 && d >= 1 && d <= monthDays(substr(s, 1, 4) + 0, m)
}
function isTime(s) {
  return s ~ /^....-..-..T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$/ && isDay(substr(s, 1, 10)) && s != "0001-01-01T00:00:00Z"
}
# dayNumber counts the days since the beginning of the calendar.
function dayNumber(s,   y, m, d) {
  y = substr(s, 1, 4) + 0; m = substr(s, 6, 2) + 0; d = substr(s, 9, 2) + 0
  if (m < 3) { y--; m += 12 }
  return 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * m - 457) / 5) + d
}
function seconds(s) {
  return dayNumber(s) * 86400 + substr(s, 12, 2) * 3600 + substr(s, 15, 2) * 60 + substr(s, 18, 2)
}

# --- names ------------------------------------------------------------------

function isBag(s) { return length(s) == 26 && s ~ /^dt=..........\/bag=[0-9a-f]+$/ && isDay(substr(s, 4, 10)) }
function isPath(s) {
  return length(s) <= 1024 && s ~ /^data\/(domain|proxy)=[a-z0-9._=~-]+\/area=[a-z0-9._=~-]+\/hour=[0-9][0-9]\/[a-z0-9_=~][a-z0-9._=~-]*\.log\.gz$/
}
function isPayload(s) { return isBag(substr(s, 1, 26)) && substr(s, 27, 1) == "/" && isPath(substr(s, 28)) }
function isPackage(s) { return s ~ /^dt=/ && isDay(substr(s, 4, 10)) && substr(s, 14, 1) == "/" && isPath(substr(s, 15)) }
function isRecords(s) { return s ~ /^\.teo-archive\/records\/[0-9a-f]+\.jsonl$/ && length(s) == 59 }
function isEntry(s) { return s ~ /^\.teo-archive\/ledger\/[0-9]+\.json$/ && length(s) == 35 && numberOf(s) > 0 }
# numberOf is the number of an entry's name. Some awks take leading zeros for octal.
function numberOf(s) { s = substr(s, 21, 10); sub(/^0+/, "", s); return s + 0 }
function dayOf(s) { return isRecords(s) ? "records" : isEntry(s) ? "ledger" : substr(s, 4, 10) }
function bagOf(s) { return isBag(substr(s, 1, 26)) && substr(s, 27, 1) == "/" ? substr(s, 1, 26) : "" }

# --- the form of an entry -----------------------------------------------------

function bad(reason) { if (fault == "") fault = reason }

# parse reads an entry: one key a line, and one element of a list or map a line.
function parse(   line, n, read, pad, prefix, section, previous, comma, body, name, at, last, done) {
  split("", value); split("", size); split("", item)
  fault = ""; pad = "  "; previous = "first"
  while (fault == "" && (getline line < file) > 0) {
    n++; read += length(line) + 1
    if (line ~ /[^ -~]/ || done) { bad("line " n " has an unknown form"); break }
    if (n == 1) { if (line != "{") bad("it is not a ledger entry in JSON"); continue }
    comma = substr(line, length(line)) == ","
    body = comma ? substr(line, 1, length(line) - 1) : line
    if (section != "" && body == pad closing[section]) {
      if (previous != "last") bad("line " n " has an unknown form")
      section = ""
    } else if (section != "") {
      if (previous == "last" || substr(body, 1, length(pad) + 2) != pad "  ") bad("line " n " has an unknown form")
      item[section, ++size[section]] = substr(body, length(pad) + 3)
    } else if (body == "  }" && prefix != "") {
      if (previous != "last") bad("line " n " has an unknown form")
      prefix = ""; pad = "  "
    } else if (line == "}" && prefix == "") {
      if (previous != "last") bad("line " n " has an unknown form")
      done = 1
    } else {
      at = index(body, "\": ")
      name = prefix substr(body, length(pad) + 2, at - length(pad) - 2)
      if (previous == "last" || substr(body, 1, length(pad) + 1) != pad "\"" || !(name in order) || order[name] <= last) {
        bad("line " n " has an unknown form")
        break
      }
      last = order[name]
      body = substr(body, at + 3)
      value[name] = body
      if (closing[name] != "" && !(name == "failing" && body == "[]")) {
        if (comma || body != (closing[name] == "]" ? "[" : "{")) bad("line " n " has an unknown form")
        section = name; previous = "first"
        continue
      }
      if (name == "snapshot") {
        if (comma || body != "{") bad("line " n " has an unknown form")
        prefix = "snapshot."; pad = "    "; previous = "first"
        continue
      }
    }
    previous = comma ? "more" : "last"
  }
  close(file)
  if (fault == "" && (!done || read != bytes)) bad("it is cut short, or contains other bytes than text")
}

# string returns the text of a field that is a string, and reports one that is not.
function string(name) {
  if (!(name in value)) return ""
  if (!isText(value[name]) || value[name] == "\"\"" && name != "sealed_through") bad(name " is not in the canonical form")
  return unquote(value[name])
}

# checkSet checks a list of strings: sorted, each once.
function checkSet(name,   i, s, before) {
  for (i = 1; i <= size[name]; i++) {
    s = item[name, i]
    if (!isText(s)) bad(name " is not in the canonical form")
    s = unquote(s)
    if (i > 1 && !(before "" < s "")) bad(name " is not a sorted set")
    if (name == "joined" || name == "left" ? !isHex(s, 32) : name == "given_up" ? !isBag(s) : !isPackage(s)) bad(name " contains " s)
    item[name, i] = before = s
  }
}

# checkMap splits the elements of a map into key and value: name[i] and value[i].
function checkMap(name,   i, s, at, before) {
  for (i = 1; i <= size[name]; i++) {
    s = item[name, i]
    at = index(s, "\": ")
    if (index(s, "\\") && match(s, /^"([^"\\]|\\.)*": /)) at = RLENGTH - 2
    if (substr(s, 1, 1) != "\"" || at < 2) { bad(name " is not in the canonical form"); return }
    key[name, i] = substr(s, 2, at - 2)
    item[name, i] = substr(s, at + 3)
    # Text with escapes has another order than what it stands for.
    if (i > 1 && !(before "" < key[name, i] "") && before key[name, i] !~ /\\/) bad(name " is not sorted")
    before = key[name, i]
  }
}

# checkFiles checks the elements of lost, recovered and erased.
function checkFiles(name,   i, f, p, sum, length_, packages, current, reason, before, ok) {
  for (i = 1; i <= size[name]; i++) {
    f = item[name, i]
    if (f !~ fileForm) { bad(name " is not in the canonical form"); return }
    p = get(f, "path"); sum = get(f, "sha256"); length_ = get(f, "bytes")
    packages = get(f, "packages"); current = get(f, "current"); reason = index(f, ",\"reason\":\"")
    if (i > 1 && !(before "" < p "")) bad(name " is not sorted by path")
    before = p
    if (length_ != "" && !isNumber(length_) || packages != "" && !isNumber(packages) || current != "" && !isNumber(current)) bad(name " has impossible counts")
    if ((reason > 0) != (name == "erased") || reason && (f ~ /,"reason":""[}]$/ || !isText(unquoteless(f)))) bad(name " has a reason that does not belong there, or none")
    if (f ~ /,"replaced_by":/ && (name != "lost" || !isPayload(get(f, "replaced_by")) || !isPayload(p))) bad(name " has an impossible replacement")
    ok = 0
    if (p ~ /\/$/ && isBag(unslash(p))) ok = isHex(sum, 64) && current + 0 <= packages + 0
    else if (isPayload(p)) ok = isHex(sum, 64) && length_ > 0 && packages == "" && current + 0 <= 1
    else if (name == "erased") ok = 0
    else if (isPackage(p)) ok = name == "recovered" && f == "{\"path\":\"" p "\"}"
    else if (isRecords(p)) ok = isHex(sum, 64) && f == "{\"path\":\"" p "\",\"sha256\":\"" sum "\"" (length_ == "" ? "" : ",\"bytes\":" length_) "}"
    else if (isEntry(p)) ok = (sum == "" || isHex(sum, 64)) && f == "{\"path\":\"" p "\"" (sum == "" ? "" : ",\"sha256\":\"" sum "\"") "}"
    if (!ok) bad(name " contains " p)
  }
}
function unslash(s) { return substr(s, 1, length(s) - 1) }
# unquoteless returns the reason of an element with its quotation marks.
function unquoteless(f) { sub(/^.*,"reason":/, "", f); return unslash(f) }

function checkScope(s,   t, part, n, i, j, list, names_, retention) {
  if (s !~ scopeForm) { bad("its scope is not in the canonical form"); return }
  t = get(s, "start")
  if (!isTime(t)) bad("its scope has no start")
  if (s ~ /,"end":"/ && (!isTime(get(s, "end")) || !(t < get(s, "end")))) bad("its scope does not end after it starts")
  if (get(s, "stable_after_seconds") + 0 > 604800 || get(s, "recheck_days") + 0 > 366 || get(s, "expire_after_days") + 0 > 36500) bad("the policy of its scope is out of range")
  if (match(s, /"mode":"[A-Z]+","days":[0-9]+/) && get(substr(s, RSTART, RLENGTH + 1), "days") + 0 > 36500) bad("the retention of its scope is out of range")
  n = split("zones zone_ids hosts resolved_zone_ids", names_, " ")
  for (i = 1; i <= n; i++) {
    list = listOf(s, names_[i])
    if (list ~ /\\/) continue
    t = split(list, part, "\",\"")
    for (j = 2; j <= t; j++) if (!(part[j - 1] "" < part[j] "")) bad("a filter of its scope is not a sorted set")
  }
}
# listOf returns the elements of a list in a scope: first","second.
function listOf(s, name) {
  if (!match(s, "\"" name "\":" set)) return ""
  return substr(s, RSTART + length(name) + 5, RLENGTH - length(name) - 7)
}

# check checks an entry by itself.
function check(   i, f, k, b) {
  if (bytes > ("snapshot" in value ? 1073741824 : 67108864)) bad("it is too large")
  for (i in value) if (index(" format archive layer commit previous_sha256 written_at agent actor expired_through sealed_through ", " " i " ")) string(i)
  if (string("format") != "teo-archive/2") bad("its format is not teo-archive/2")
  if (string("layer") != "l7" && string("layer") != "l4") bad("its layer is unknown")
  if (value["sequence"] != decimal(entry)) bad("it contains the sequence " value["sequence"])
  if (!isHex(string("archive"), 32) || !isHex(string("commit"), 32)) bad("its IDs are not 32 hexadecimal digits")
  if (entry == 1 ? "previous_sha256" in value : !isHex(string("previous_sha256"), 64)) bad("previous_sha256 is not a hash")
  if (!isTime(string("written_at"))) bad("written_at is not a time in UTC and whole seconds")
  if ((entry % 25 == 1) != ("snapshot" in value)) bad("a snapshot belongs to entries 1, 26, 51, ... and to no others")
  if (("records" in value) != (size["bags"] > 0)) bad("it has records without bags, or bags without records")
  if ("records" in value && (value["records"] !~ recordsForm || !isHex(get(value["records"], "sha256"), 64) || get(value["records"], "bytes") + 0 > 1073741824)) bad("its records have no hash or length")
  if ("scope" in value && !("sealed_through" in value)) bad("it has a scope without sealed_through")
  if ("scope" in value) checkScope(value["scope"])
  if (string("sealed_through") != "" && !isDay(string("sealed_through"))) bad("sealed_through is not a day")
  if ("expired_through" in value && !isDay(string("expired_through"))) bad("expired_through is not a day")
  if ("abandoned" in value && (entry == 1 || value["abandoned"] !~ abandonedForm || get(value["abandoned"], "sequence") + 0 > 9999999999 || !isHex(get(value["abandoned"], "sha256"), 64))) bad("abandoned is not a head")
  if ("destroyed" in value && (value["destroyed"] != "true" || !size["left"] || size["bags"])) bad("it destroys the archive without leaving it, or adds bags")
  for (i = 1; i <= size["tree"]; i++) {
    if (item["tree", i] !~ /^".*"$/ || !isHex(unquote(item["tree", i]), 64)) bad("tree contains something else than hashes")
    item["tree", i] = unquote(item["tree", i])
  }
  checkSet("joined"); checkSet("left"); checkSet("failing"); checkSet("missed"); checkSet("given_up")
  checkMap("bags")
  for (i = 1; i <= size["bags"]; i++) {
    b = item["bags", i]; k = key["bags", i]
    if (!isBag(k)) bad(k " is not the folder of a bag")
    if (b !~ bagForm || !isHex(get(b, "tagmanifest_sha256"), 64) || !isHex(get(b, "listing_sha256"), 64)) bad(k " has no hashes")
    if (get(b, "superseding") + 0 > get(b, "packages") + 0 || !isNumber(get(b, "packages")) || !isNumber(get(b, "bytes"))) bad(k " has impossible counts")
  }
  checkMap("relisted")
  for (i = 1; i <= size["relisted"]; i++)
    if (!isPayload(key["relisted", i]) || item["relisted", i] != "-1" && !isNumber(item["relisted", i])) bad("relisted contains " key["relisted", i])
  checkFiles("lost"); checkFiles("recovered"); checkFiles("erased")
  for (i = 1; i <= size["accepted"]; i++) {
    f = item["accepted", i]
    if (f !~ acceptedForm || !isText("\"" get(f, "token") "\"") || !isText("\"" get(f, "reason") "\"")) { bad("accepted is not in the canonical form"); break }
    if (get(f, "token") == "" || get(f, "reason") == "" || i > 1 && !(k "" < get(f, "token") "") && k get(f, "token") !~ /\\/) bad("accepted is not sorted, or has no token or reason")
    k = get(f, "token")
  }
  for (i = order["snapshot"] + 1; i <= fields; i++) if (closing[names[i]] == "}") checkMap(names[i])
}

# --- the state -----------------------------------------------------------------

# The state has the sections of a snapshot: S[section, key] is the value as a
# snapshot contains it, and N[section] the number of keys.
function put(section, k, v) { if (!((section, k) in S)) N[section]++; S[section, k] = v }
function drop(section, k) { if ((section, k) in S) { N[section]--; delete S[section, k] } }
function has(section, k) { return (section, k) in S }
function add(section, k, n) { put(section, k, decimal((has(section, k) ? S[section, k] : 0) + n)) }
function touch(folder) { if (has("bags", folder)) sub(/"sequence":[0-9]+[}]$/, "\"sequence\":" entry "}", S["bags", folder]) }

function isExpired(day) { return expiredThrough != "" && day "" <= expiredThrough "" }
function isGone(p,   folder) {
  folder = bagOf(p)
  return has("lost", p) || has("erased", p) || folder != "" && (has("lost", folder "/") || has("erased", folder "/"))
}
# goneFrom sums a field of the files of a bag that are lost or erased one by one.
function goneFrom(folder, name,   k, part, n) {
  for (k in S) {
    split(k, part, SUBSEP)
    if ((part[1] == "lost" || part[1] == "erased") && substr(part[2], 1, 27) == folder "/" && length(part[2]) > 27) n += name == "" ? 1 : get(S[k], name)
  }
  return n + 0
}
# leave removes from a section the keys of days that have expired, or outside of the
# window, or before a day.
function leave(section, why, day,   k, part, d) {
  for (k in S) {
    split(k, part, SUBSEP)
    if (part[1] != section) continue
    d = section == "current" ? part[2] : dayOf(part[2])
    if (d !~ /^[0-9]/) continue
    if (why == "expired" && isExpired(d) || why == "scope" && !inWindow(d) || why == "before" && d "" < day "") drop(section, part[2])
  }
}
function inWindow(day) {
  return (dayNumber(day) + 1) * 86400 > seconds(get(scope, "start")) && (get(scope, "end") == "" || dayNumber(day) * 86400 < seconds(get(scope, "end")))
}

function broken(reason) { faults++; print "problem", file ": " reason }
function event(kind, p, f) {
  print "event", kind, entry, p, get(f, "packages") + 0, get(f, "superseding") + 0, get(f, "current") + 0, get(f, "sha256"), get(f, "bytes") + 0, get(f, "replaced_by")
}

# need begins a token that the entry needs for a day, or goes on with it.
function need(group, day, sequence, sum, k) {
  if (!((group, day) in tokenID)) { tokenID[group, day] = ++tokens; tokenDay[tokens] = day }
  print "line", sprintf("%09d", tokenID[group, day]), (sum == "" ? "-" : sum) "  " k
  if (sequence + 0 > tokenSequence[tokenID[group, day]]) tokenSequence[tokenID[group, day]] = sequence + 0
}
function reasonFor(day, sequence,   i, t, start) {
  start = day "@" decimal(sequence) ":"
  for (i = 1; i <= size["accepted"]; i++) {
    t = item["accepted", i]
    if (index(get(t, "token"), start) == 1) return get(t, "reason")
  }
  return ""
}
function lossSequence(p) {
  if (isRecords(p)) return has("records", substr(p, 22, 32)) ? get(S["records", substr(p, 22, 32)], "sequence") : 0
  if (isEntry(p)) return numberOf(p)
  return has("bags", bagOf(p)) ? get(S["bags", bagOf(p)], "sequence") : 0
}

# apply goes on to the entry. The fields are applied in their order.
function apply(   i, j, k, f, p, b, day, folder, n, sum, first, oldest, at, list, part, failed) {
  if (entry == 1 && (!("scope" in value) || !size["joined"])) broken("it is the first entry and has no scope, or no resource has joined")
  split("", tokenID); j = tokens
  for (i = 1; i <= size["lost"]; i++) {
    f = item["lost", i]; p = get(f, "path")
    if (get(f, "replaced_by") == "") need("lost", dayOf(p), lossSequence(p), get(f, "sha256"), p)
  }
  for (i = 1; i <= size["missed"]; i++) need("missed", dayOf(item["missed", i]), has("failing", item["missed", i]) ? S["failing", item["missed", i]] : 0, "", item["missed", i])
  for (j++; j <= tokens; j++) {
    print "token", sprintf("%09d", j), entry, tokenDay[j], tokenSequence[j] + 0
    reasonOf[tokenDay[j], tokenSequence[j] + 0] = reasonFor(tokenDay[j], tokenSequence[j] + 0)
  }
  for (i = 1; i <= size["accepted"]; i++) print "accepted", entry, get(item["accepted", i], "token")

  for (i = 1; i <= size["joined"]; i++) put("resources", item["joined", i], "")
  for (i = 1; i <= size["left"]; i++) drop("resources", item["left", i])

  if ("scope" in value) {
    scope = value["scope"]; scopeSequence = entry
    if (N["failing"]) leave("failing", "scope")
    if (N["missed"]) leave("missed", "scope")
  }

  for (i = 1; i <= size["lost"]; i++) if (get(item["lost", i], "replaced_by") != "") event("replace", get(item["lost", i], "path"), item["lost", i])
  for (i = 1; i <= size["bags"]; i++) {
    folder = key["bags", i]; b = item["bags", i]; day = dayOf(folder)
    if (has("bags", folder) || has("given_up", folder)) broken("it uses the folder " folder " again")
    if (isExpired(day)) { broken("it adds " folder ", whose day has expired"); continue }
    if (get(b, "superseding") + 0 > (has("current", day) ? S["current", day] : 0)) broken(folder " replaces more current versions than the day has")
    put("bags", folder, unslash(b) ",\"commit\":\"" string("commit") "\",\"sequence\":" entry "}")
    add("current", day, get(b, "packages") - get(b, "superseding"))
    event("add", folder, b)
  }
  if ("records" in value) {
    if (has("records", string("commit"))) broken("it uses its commit ID again")
    put("records", string("commit"), unslash(value["records"]) ",\"sequence\":" entry "}")
  }

  for (i = 1; i <= size["relisted"]; i++) put("relisted", key["relisted", i], item["relisted", i])
  for (i = 1; i <= size["relisted"]; i++) {
    k = key["relisted", i]
    if (!has("bags", bagOf(k)) || isGone(k)) broken("it lists " k " again, which is not in the archive")
  }

  split("", failed)
  if ("failing" in value || size["missed"])
    for (k in S) { split(k, part, SUBSEP); if (part[1] == "failing") failed[part[2]] = S[k] }
  if ("failing" in value) {
    for (k in failed) drop("failing", k)
    for (i = 1; i <= size["failing"]; i++) {
      k = item["failing", i]
      if (isExpired(dayOf(k))) broken(k " fails, whose day has expired")
      put("failing", k, k in failed ? failed[k] : entry)
    }
  }
  for (i = 1; i <= size["missed"]; i++) {
    k = item["missed", i]
    if (!(k in failed)) broken("it misses " k ", which did not fail before")
    drop("failing", k)
    put("missed", k, k in failed ? failed[k] : entry)
    why[k] = reasonOf[dayOf(k), (k in failed ? failed[k] : 0) + 0]
  }

  for (i = 1; i <= size["lost"]; i++) {
    f = item["lost", i]; p = get(f, "path"); folder = bagOf(p); sum = get(f, "sha256")
    b = has("bags", folder) ? S["bags", folder] : ""
    if (isGone(p)) broken("it loses " p ", which is lost or erased already")
    else if (folder != "" && b == "") broken("it loses " p ", which no bag has")
    else if (p == folder "/") {
      if (sum != get(b, "tagmanifest_sha256") || get(f, "packages") + 0 != get(b, "packages") - goneFrom(folder)) broken("it loses the bag " p " with other numbers than it has")
    } else if (folder != "") {
      k = get(f, "replaced_by")
      if (k != "") {
        for (j = 1; j <= size["bags"] && key["bags", j] != bagOf(k); j++) ;
        if (j > size["bags"]) broken("it replaces " p " by a file that it does not add")
      }
    } else if (isRecords(p)) {
      k = substr(p, 22, 32)
      if (!has("records", k) || get(S["records", k], "sha256") != sum || get(S["records", k], "bytes") != get(f, "bytes")) broken("it loses " p ", which no commit has written")
    } else if (numberOf(p) >= entry) broken("it loses " p ", which does not exist yet")
    if (b != "") {
      touch(folder)
      add("current", dayOf(folder), -get(f, "current"))
    }
    put("lost", p, pathless(f))
    if (get(f, "replaced_by") != "") why[p] = "its bytes are in " get(f, "replaced_by")
    else for (k in tokenID) if (k == "lost" SUBSEP dayOf(p)) why[p] = reasonOf[dayOf(p), tokenSequence[tokenID[k]] + 0]
    event("lose", p, f)
  }

  for (i = 1; i <= size["recovered"]; i++) {
    f = item["recovered", i]; p = get(f, "path"); folder = bagOf(p)
    if (has("missed", p)) { drop("missed", p); continue }
    b = has("lost", p) ? S["lost", p] : ""
    n = get(b, "packages") + 0
    if (b == "" || get(b, "sha256") != get(f, "sha256") || get(b, "bytes") != get(f, "bytes") || n != get(f, "packages") + 0 || get(f, "current") + 0 > (n > 1 ? n : 1)) broken("it recovers " p ", which was not lost or missed")
    drop("lost", p)
    if (has("bags", folder)) {
      touch(folder)
      add("current", dayOf(folder), get(f, "current"))
    }
    event("recover", p, f)
  }

  for (i = 1; i <= size["erased"]; i++) {
    f = item["erased", i]; p = get(f, "path"); folder = bagOf(p)
    if (has("erased", p) || !has("bags", folder) || !has("lost", p) && isGone(p)) broken("it erases " p ", which is erased already or in no bag")
    else if (p == folder "/" && !has("lost", p) && (get(f, "sha256") != get(S["bags", folder], "tagmanifest_sha256") || get(f, "packages") + 0 != get(S["bags", folder], "packages") - goneFrom(folder))) broken("it erases the bag " p " with other numbers than it has")
    if (has("lost", p)) {
      if (get(S["lost", p], "sha256") != get(f, "sha256") || get(S["lost", p], "bytes") != get(f, "bytes") || get(S["lost", p], "packages") != get(f, "packages") || get(f, "current") != "") broken("it erases " p " with other values than it was lost with")
      drop("lost", p)
    }
    if (has("bags", folder)) add("current", dayOf(folder), -get(f, "current"))
    put("erased", p, pathless(f))
    why[p] = get(f, "reason")
    event("erase", p, f)
  }

  for (i = 1; i <= size["accepted"]; i++) put("accepted", get(item["accepted", i], "token"), "\"" get(item["accepted", i], "reason") "\"")

  for (i = 1; i <= size["given_up"]; i++) {
    folder = item["given_up", i]
    if (has("bags", folder) || isExpired(dayOf(folder))) broken("it gives up " folder ", which is committed or expired")
    put("given_up", folder, "")
  }

  if ("abandoned" in value) {
    f = value["abandoned"]
    k = "rollback:" substr(before, 1, 16) "/" substr(get(f, "sha256"), 1, 16)
    if (!has("accepted", k)) broken("it abandons a head without the token " k)
    put("abandoned", N["abandoned"] + 1, unslash(f) ",\"token\":\"" k "\"}")
    abandoned[get(f, "sha256")] = entry
  }

  for (i = 1; i <= size["lost"]; i++) counted(dayOf(get(item["lost", i], "path")))
  for (i = 1; i <= size["erased"]; i++) counted(dayOf(get(item["erased", i], "path")))
  if ("expired_through" in value) expire(string("expired_through"))

  if ("sealed_through" in value) {
    day = string("sealed_through")
    if (!("scope" in value) && day "" <= sealedThrough "") broken("it lowers or repeats sealed_through without a new scope")
    if (day "" > sealedThrough "" && scope != "") {
      at = (dayNumber(day) + 1) * 86400
      if (get(scope, "end") != "" && seconds(get(scope, "end")) < at) at = seconds(get(scope, "end"))
      at += get(scope, "stable_after_seconds")
      if (at > seconds(string("written_at")) || at > clock) broken("it seals " day " before the day was stable")
    }
    sealedThrough = day
    if (day != "" && N["relisted"]) {
      for (k in S) {
        split(k, part, SUBSEP)
        if (part[1] == "relisted" && dayNumber(dayOf(part[2])) < dayNumber(day) - 31) drop("relisted", part[2])
      }
    }
  }
  if ("destroyed" in value) destroyed = 1
  if ("snapshot" in value) compareSnapshot()
}
function counted(day) { if (has("current", day) && S["current", day] < 0) broken("less than no package of " day " is current after it") }
# pathless is an element without its path: what the state keeps of it.
function pathless(f) { sub(/^[{]"path":"[^"]*",?/, "{", f); return f }

function expire(day,   k, part, at, days, keep) {
  days = get(scope, "expire_after_days")
  at = (dayNumber(day) + 1 + days) * 86400
  if (day "" <= expiredThrough "" || days == "" || at > seconds(string("written_at")) || at > clock) broken("it expires the days up to " day ", which the policy does not allow")
  expiredThrough = day
  for (k in S) {
    split(k, part, SUBSEP)
    if (part[1] != "bags") continue
    if (isExpired(dayOf(part[2]))) {
      expired += get(S[k], "packages")
      drop("bags", part[2])
    } else keep[get(S[k], "commit")] = 1
  }
  for (k in S) {
    split(k, part, SUBSEP)
    if (part[1] == "records" && !(part[2] in keep)) { drop("records", part[2]); drop("lost", ".teo-archive/records/" part[2] ".jsonl") }
  }
  leave("current", "expired"); leave("relisted", "expired"); leave("failing", "expired"); leave("missed", "expired")
  leave("lost", "expired"); leave("erased", "expired"); leave("given_up", "expired")
}

# compareSnapshot compares the snapshot of the entry with the state.
function compareSnapshot(   i, j, name, section, n, ok, s) {
  ok = text_("scope") == scope && text_("scope_sequence") == decimal(scopeSequence) && text_("expired_through") == quoted(expiredThrough) && text_("sealed_through") == quoted(sealedThrough)
  for (i = order["snapshot"] + 1; i <= fields; i++) {
    name = names[i]; section = substr(name, 10)
    if (closing[name] == "") continue
    n = size[name] + 0
    if (n != N[section] + 0) ok = 0
    for (j = 1; j <= n; j++) {
      s = item[name, j]
      if (closing[name] == "}") { if (!has(section, key[name, j]) || S[section, key[name, j]] != s) ok = 0 }
      else if (section == "abandoned") { if (S[section, j] != s) ok = 0 }
      else if (!has(section, unquote(s)) || j > 1 && !(item[name, j - 1] "" < s "")) ok = 0
    }
  }
  if (!ok) broken("its snapshot differs from the entries")
}
function text_(name) { return ("snapshot." name) in value ? value["snapshot." name] : "" }
function quoted(s) { return s == "" ? "" : "\"" s "\"" }

# resume takes the state from the snapshot of the entry, after a gap.
function resume(   i, j, name, section, s) {
  split("", S); split("", N)
  scope = text_("scope"); scopeSequence = text_("scope_sequence") + 0
  expiredThrough = unquote(text_("expired_through")); sealedThrough = unquote(text_("sealed_through"))
  destroyed = "destroyed" in value
  for (i = order["snapshot"] + 1; i <= fields; i++) {
    name = names[i]; section = substr(name, 10)
    for (j = 1; j <= size[name]; j++) {
      s = item[name, j]
      if (closing[name] == "}") put(section, key[name, j], s)
      else put(section, section == "abandoned" ? j : unquote(s), section == "abandoned" ? s : "")
    }
  }
  print "event", "resume", entry
}

# --- what an entry changes ------------------------------------------------------

function change(kind, detail) { print "change", "entry " entry ": " kind ": " detail }
function files(name,   i, f, s) {
  for (i = 1; i <= size[name]; i++) {
    f = item[name, i]; s = get(f, "path")
    if (get(f, "packages") != "") s = s " (" plural(get(f, "packages"), "package") ")"
    if (get(f, "replaced_by") != "") s = s ", whose bytes are in " get(f, "replaced_by")
    if (get(f, "reason") != "") s = s ": " get(f, "reason")
    change(name, s)
  }
}
function duration(s,   h, m) {
  h = int(s / 3600); m = int(s % 3600 / 60)
  return (h ? h "h" : "") (h || m ? m "m" : "") (s % 60) "s"
}
function describeScope(s,   t, list, i, n, part, window) {
  window = s; sub(/,"stable_after_seconds":.*$/, "", window)
  t = scope; sub(/,"stable_after_seconds":.*$/, "", t)
  if (t == window) t = "unchanged"
  else {
    t = "from " get(s, "start") ", " (get(s, "end") == "" ? "no end" : "until " get(s, "end"))
    n = split("zones zone_ids hosts resolved_zone_ids", part, " ")
    for (i = 1; i <= n; i++) {
      list = listOf(s, part[i]); gsub(/","/, " ", list)
      if (list != "") t = t ", " part[i] " " list
    }
  }
  t = t "; stable_after " duration(get(s, "stable_after_seconds")) ", recheck_days " get(s, "recheck_days") ", expire_after_days " (get(s, "expire_after_days") + 0)
  if (match(s, /"mode":"[A-Z]+","days":[0-9]+/)) {
    n = substr(s, RSTART, RLENGTH) "}"
    t = t ", retention " get(n, "mode") " for " get(n, "days") " days"
  }
  return t
}
# changes lists what the entry changes, compared with the state before it.
function changes(   i, k, b, part, now_) {
  if ("actor" in value) change("actor", string("actor"))
  for (i = 1; i <= size["joined"]; i++) change("joined", "resource " item["joined", i])
  for (i = 1; i <= size["left"]; i++) change("left", "resource " item["left", i])
  if ("scope" in value) change("scope", describeScope(value["scope"]))
  if ("records" in value) change("records", plural(get(value["records"], "bytes"), "byte") ", SHA-256 " get(value["records"], "sha256"))
  for (i = 1; i <= size["bags"]; i++) {
    b = item["bags", i]
    change("bags", key["bags", i] ": " plural(get(b, "packages"), "package") ", superseding " (get(b, "superseding") + 0) ", " plural(get(b, "bytes"), "byte"))
  }
  for (i = 1; i <= size["relisted"]; i++) change("relisted", key["relisted", i] ": " plural(item["relisted", i], "byte"))
  if ("failing" in value) {
    for (i = 1; i <= size["failing"]; i++) {
      now_[item["failing", i]] = 1
      if (!has("failing", item["failing", i])) change("failing", item["failing", i])
    }
    for (k in S) { split(k, part, SUBSEP); if (part[1] == "failing" && !(part[2] in now_)) change("failing", part[2] ": no longer") }
  }
  for (i = 1; i <= size["missed"]; i++) change("missed", item["missed", i])
  files("lost"); files("recovered"); files("erased")
  for (i = 1; i <= size["accepted"]; i++) change("accepted", get(item["accepted", i], "token") ": " get(item["accepted", i], "reason"))
  for (i = 1; i <= size["given_up"]; i++) change("given_up", item["given_up", i])
  if ("abandoned" in value) change("abandoned", "entry " get(value["abandoned"], "sequence") " (" get(value["abandoned"], "sha256") ")")
  if ("expired_through" in value) change("expired_through", "days up to " string("expired_through"))
  if ("sealed_through" in value && string("sealed_through") != sealedThrough) change("sealed_through", string("sealed_through") == "" ? "no day is sealed any more" : "days up to " string("sealed_through"))
  if ("destroyed" in value) change("destroyed", "the archive was destroyed")
}

# keepState keeps the state before a gap, and differences lists what differs after it. The
# entries between cannot be compared one by one.
function keepState(   k) {
  split("", O)
  for (k in S) O[k] = S[k]
  oldScope = scope; oldExpired = expiredThrough; oldSealed = sealedThrough
}
function compared(section, s) {
  if (section == "bags") sub(/,"sequence":[0-9]+[}]$/, "", s) # of the last entry that lost files of it
  return s
}
function named(section, k, s) { return section == "abandoned" ? get(s, "sequence") " (" get(s, "sha256") ")" : k }
function differences(   k, part, section, day, before_) {
  change("ledger", "entries " gapStart " to " entry " are compared together, because one of them is missing or invalid")
  for (k in S) {
    split(k, part, SUBSEP); section = part[1]
    if (!(k in O)) change(section, named(section, part[2], S[k]))
    else if (compared(section, O[k]) != compared(section, S[k])) change(section, named(section, part[2], S[k]) ": changed")
  }
  for (k in O) {
    split(k, part, SUBSEP); section = part[1]
    day = section == "current" ? part[2] : dayOf(part[2])
    if ((k in S) || section == "relisted" || section == "records" || isDay(day) && section != "accepted" && isExpired(day)) continue
    change(section, named(section, part[2], O[k]) ": no longer")
  }
  before_ = scope; scope = oldScope
  if (before_ != oldScope) change("scope", describeScope(before_))
  scope = before_
  if (expiredThrough != oldExpired) change("expired_through", "\"" expiredThrough "\"")
  if (sealedThrough != oldSealed) change("sealed_through", "\"" sealedThrough "\"")
}

# --- the log --------------------------------------------------------------------

# An object that is no entry of this archive is foreign, unless an entry follows it.
function refuse(reason) { pending = pending (pending == "" ? "" : "\n") file "\t" reason }

{
  entry = $1 + 0; sum = $2; bytes = $3 + 0; file = $4
  if (bytes > (entry % 25 == 1 ? 1073741824 : 67108864)) { refuse("it is too large"); next }
  parse(); if (fault == "") check()
  if (fault == "" && archive == "") { archive = string("archive"); layer = string("layer") }
  if (fault == "" && string("archive") != archive) fault = "it belongs to another archive"
  if (fault != "") { refuse(fault); next }
  if (entry != top + 1) {
    n = split(pending, list, "\n")
    for (i = 1; i <= n; i++) { split(list[i], part, "\t"); print "problem", part[1] ": " part[2] }
    gaps++; gapFrom[gaps] = top + 1; gapTo[gaps] = entry - 1; gapFiles[gaps] = pending; gapHash[gaps] = string("previous_sha256")
    if (!gap) gapStart = top + 1
    gap = 1 # the state is not known until the next snapshot
  } else if (entry > 1 && string("previous_sha256") != before) broken("it does not contain the hash of the entry before it")
  pending = ""
  s = ""
  for (i = 1; i <= size["tree"]; i++) s = s " " item["tree", i]
  print "tree", entry, substr(s, 2)
  if (string("layer") != layer) broken("it belongs to another archive")
  if (destroyed) broken("it follows the entry that destroyed the archive")
  if (!gap && found) changes()
  if (!gap) apply()
  else if ("snapshot" in value) {
    if (found) keepState()
    resume(); gap = 0
    if (found) differences()
  }
  if (sum == expected) found = entry
  top = entry; before = sum
}

END {
  n = split(pending, list, "\n")
  for (i = 1; i <= n; i++) { split(list[i], part, "\t"); print "warning", "Foreign, not an entry of this archive: " part[1] " (" part[2] ")" }
  if (!top) { print "problem", "There is no entry in .teo-archive/ledger."; exit }
  if (gap) print "problem", "No snapshot follows the entries that are missing or not valid."
  if (destroyed) print "problem", "The archive was destroyed by entry " top "."
  for (i = 1; i <= gaps; i++) {
    for (n = gapFrom[i]; n <= gapTo[i]; n++) {
      name = sprintf(".teo-archive/ledger/%010.0f.json", n)
      if (index(gapFiles[i], name "\t")) continue
      if (has("lost", name) && (n < gapTo[i] || get(S["lost", name], "sha256") == gapHash[i])) continue
      print "problem", "Missing: " name (n < gapTo[i] ? " and others up to entry " gapTo[i] : "")
      break
    }
  }
  if (expected != "" && !found) print "problem", "The expected head " expected (expected in abandoned ? " was abandoned by entry " abandoned[expected] "." : " is not an entry of the ledger. The archive was rolled back, or this is a different archive.")
  print "head", top, before, layer
  for (k in S) { # first what is gone, so that a reader knows it when it reads of a bag
    split(k, part, SUBSEP)
    s = S[k]
    if (part[1] == "lost" || part[1] == "erased") print "gone", part[1], part[2], (part[2] ~ /\/$/ ? get(s, "packages") + 0 : 1), (get(s, "replaced_by") == ""), why[part[2]]
    if (part[1] == "missed") print "gone", "missed", part[2], 1, 1, why[part[2]]
  }
  for (k in S) {
    split(k, part, SUBSEP)
    s = S[k]
    if (part[1] == "bags") print "bag", part[2], get(s, "packages"), get(s, "bytes"), get(s, "tagmanifest_sha256"), get(s, "listing_sha256"), get(s, "commit")
    if (part[1] == "records") print "records", part[2], get(s, "sha256"), get(s, "bytes"), get(s, "sequence")
    if (part[1] == "given_up") print "given_up", part[2]
  }
  n = 0
  for (k in S) { split(k, part, SUBSEP); if (part[1] == "current") n += S[k] }
  print "current", n
  print "expired", expired + 0, expiredThrough
}
AWK

# tree.awk checks one level of the RFC 6962 tree of the entries. Its input are the
# nodes of the level, "<index> <hash>", and after "-" what entries say about them,
# "<index> <hash> <entry>". It writes the nodes above as shell commands, since awk
# cannot write every byte everywhere. A node that cannot be computed, because an
# entry is lost, is what the first entry says that contains it.
cat >"$temporary/tree.awk" <<'AWK'
BEGIN {
  for (i = 0; i < 256; i++) byte[sprintf("%02x", i)] = i == 37 ? "%%" : sprintf("\\%03o", i)
}
$1 == "-" { claims = 1; next }
!claims { node[$1] = $2; if ($1 > last) last = $1; next }
!($1 in node) { node[$1] = $2; if ($1 > last) last = $1 }
node[$1] != $2 && !told[$3]++ { print "problem\tEntry " $3 ": its tree is not that of the entries before it" }
END {
  for (i = 0; i < last; i += 2) {
    if (!(i in node) || !((i + 1) in node)) continue
    s = node[i] node[i + 1]; t = "\\001"
    for (j = 1; j < 128; j += 2) t = t byte[substr(s, j, 2)]
    print i / 2 >names
    print "printf '" t "' >" i / 2 >script
  }
}
AWK

# records.awk reads the records of the commits. Its input is a line "<commit>
# <file>" for each; the bags are in the file of the variable state. It compares the
# records of each bag with its packages.jsonl, and prints tab-separated lines:
#
#   problem TEXT
#   file BAG PATH HASH BYTES          one for each record
#   super PATH FORMER HASH            a version that supersedes another one
#   sum BAG PACKAGES BYTES LENGTH DATE   of all records of a bag
#   known BAG                         a bag that is lost, and whose records are there
cat >"$temporary/records.awk" <<'AWK'
function isOpen(folder) { return folder in commitOf && !(folder in gone) }
function where(p) { return single ? substr(p, 28) : p }

# escaped returns the name in a path that text becomes; empty if only a hash tells.
function escaped(text,   i, c, s) {
  if (text == "") return ""
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c ~ /[a-z0-9_=]/ || c == "-" && i > 1 || c == "." && i > 1 && i < length(text)) s = s c
    else s = s sprintf("~x%02x", code[c])
  }
  return length(s) > 150 ? "" : s
}
# fits reports whether a name is the escaped text, with a hash behind it or not.
function fits(name, text,   s) {
  if (text ~ /\\/) return 1 # JSON's escapes would have to be undone
  s = escaped(text)
  if (s == "") return name ~ /~h/
  return name == s || substr(name, 1, length(s) + 2) == s "~h"
}
# plain removes the mark of a package that shares its identity with others.
function plain(p,   mark) {
  mark = substr(p, length(p) - 24)
  return mark ~ /^~h[0-9a-f]*\.log\.gz$/ ? substr(p, 1, length(p) - 25) ".log.gz" : p
}

# check returns what is wrong with a record.
function check(line,   s, day, start, part, area, host, oldBag, oldPath) {
  if (line !~ recordForm || length(line) > 65535) return "it is not in the form that the provider writes"
  if (unescaped(line) ~ /\\/) return "it is not in the form that the provider writes"
  start = get(line, "log_start_time"); day = substr(folder, 4, 10)
  if (get(line, "layer") != layer) return "it belongs to the other layer"
  if (substr(start, 1, 10) != day || length(folder) != 26) return folder " is not a bag of its day"
  host = get(line, "domain") get(line, "proxy_id"); area = get(line, "area")
  split(path, part, "/")
  if (part[1] != "data" || substr(part[2], 1, length(layer == "l4" ? "proxy=" : "domain=")) != (layer == "l4" ? "proxy=" : "domain=") \
    || !fits(substr(part[2], index(part[2], "=") + 1), host) || !fits(substr(part[3], 6), area == "" ? "unknown" : area) || part[3] !~ /^area=/ \
    || part[4] != "hour=" substr(start, 12, 2) || part[5] !~ /\.log\.gz$/ || !fits(substr(part[5], 1, length(part[5]) - 7), get(line, "log_packet_name")))
    return path " is not the path of its package"
  if (!isHex(sum, 64)) return "no SHA-256"
  if (get(line, "lines") + 0 > get(line, "uncompressed_bytes") + 0 || get(line, "tail_bytes") + 0 >= bytes + 0) return "impossible counts"
  if (line ~ /,"unreadable":"/) {
    if (get(line, "uncompressed_bytes") + get(line, "gzip_members") + get(line, "tail_bytes") > 0 || line ~ /"content_sha256":|"extends":/) return "content of a file that cannot be decompressed"
  } else if (get(line, "gzip_members") < 1 || !isHex(get(line, "content_sha256"), 64)) return "no gzip members, or no SHA-256 of the content"
  if (match(line, /,"supersedes":[{]"path":"[^"]*","sha256":"[^"]*"[}]/)) {
    s = substr(line, RSTART, RLENGTH)
    former = get(s, "path"); formerSum = get(s, "sha256")
    oldBag = substr(former, 1, 26); oldPath = substr(former, 28)
    if (substr(oldBag, 1, 14) != substr(folder, 1, 14) || oldBag == folder || plain(oldPath) != plain(path) && oldPath != plain(path) && plain(oldPath) != path) return former " is not another version of it"
    if (!isHex(formerSum, 64)) return "no SHA-256 of the superseded version"
  } else {
    former = ""
    if (line ~ /,"extends":/) return "extends without a superseded version"
  }
  s = start "\001" host "\001" area "\001" get(line, "log_packet_name") "\001" path
  if (s !~ /\\/) {
    if (folder in before && !(before[folder] < s)) return "it is not in order"
    before[folder] = s
  }
  return ""
}

BEGIN {
  OFS = "\t"
  text = "\"([^\"\\\\]|\\\\.)*\""; number = "(0|[1-9][0-9]*)"; count = "[1-9][0-9]*"
  time = "\"[0-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]*[1-9])?Z\""
  recordForm = "^[{]\"layer\":\"l[47]\"(,\"(domain|proxy_id)\":" text ")?,\"area\":" text ",\"log_packet_name\":" text ",\"log_start_time\":" time ",\"log_end_time\":" time ",\"size\":(null|-?" number "),\"path\":\"[a-z0-9./=_~-]+\",\"stored_bytes\":" count ",\"uncompressed_bytes\":" number ",\"lines\":" number ",\"gzip_members\":" number ",\"sha256\":\"[0-9a-f]+\",\"retrieved_at\":" time "(,\"source_scheme\":" text ")?(,\"source_host\":" text ")?(,\"source_path\":" text ")?(,\"request_id\":" text ")?,\"bag\":\"[a-z0-9=/-]+\"(,\"content_sha256\":\"[0-9a-f]+\")?(,\"supersedes\":[{]\"path\":\"[a-z0-9./=_~-]+\",\"sha256\":\"[0-9a-f]+\"[}])?(,\"extends\":(true|false))?(,\"tail_bytes\":" count ")?(,\"unreadable\":" text ")?[}]$"
  for (i = 32; i < 127; i++) code[sprintf("%c", i)] = i
  while ((getline line < state) > 0) {
    split(line, f, "\t")
    if (f[1] == "bag") { commitOf[f[2]] = f[7]; packages[f[2]] = f[3] }
    if (f[1] == "gone" && f[3] ~ /\/$/) gone[substr(f[3], 1, length(f[3]) - 1)] = 1
    if (f[1] == "expired") through = f[3]
  }
}

{
  commit = $1; source = $2; own = source ~ /packages\.jsonl$/ # nothing to compare with
  number_ = 0
  while ((getline line < source) > 0) {
    number_++
    folder = get(line, "bag"); path = get(line, "path"); sum = get(line, "sha256"); bytes = get(line, "stored_bytes")
    if (commitOf[folder] == "" && through != "" && substr(folder, 4, 10) <= through) continue
    reason = commitOf[folder] == commit && commit != "" ? check(line) : folder " is no bag of the commit"
    if (reason != "") { print "problem", source ": line " number_ ": " reason; break }
    n[folder]++; total[folder] += bytes; size[folder] += length(line) + 1
    date = substr(get(line, "retrieved_at"), 1, 10)
    if (date > newest[folder]) newest[folder] = date
    print "file", folder, path, sum, bytes
    if (former != "") print "super", folder "/" path, former, formerSum
    if (own || folder in gone || folder in differs) continue
    packed = where(folder "/packages.jsonl")
    if ((getline other < packed) <= 0 || other != line) { differs[folder] = 1; continue }
    if (n[folder] == packages[folder]) {
      if ((getline other < packed) > 0) differs[folder] = 1
      close(packed)
    }
  }
  close(source)
}

END {
  for (folder in commitOf) {
    if ((folder in gone) && n[folder]) print "known", folder
    if (folder in gone) continue
    if (packages[folder] != "" && n[folder] + 0 != packages[folder]) print "problem", folder ": it has " n[folder] + 0 " records instead of " packages[folder]
    if (folder in differs) print "problem", folder "/packages.jsonl: its lines are not the records of the commit"
    if (n[folder]) print "sum", folder, n[folder], sprintf("%.0f", total[folder]), size[folder], newest[folder]
  }
}
AWK

# derive.awk makes the tag files and the listing that the records of a bag have. Its
# input are the sums of the bags and, after "-", the sorted files.
cat >"$temporary/derive.awk" <<'AWK'
function finish() {
  if (folder == "") return
  name = sprintf("%s/%06d", out, number)
  printf "%s", manifest >(name ".manifest"); close(name ".manifest")
  info = "Bagging-Date: " newest[folder] "\nExternal-Identifier: " folder "\nExternal-Description: Layer-" substr(layer, 2) " offline logs of Tencent Cloud EdgeOne for " substr(folder, 4, 10) " (UTC), as served\nPayload-Oxum: " total[folder] "." n[folder] "\n"
  printf "%s", info >(name ".info"); close(name ".info")
  printf "%d bag-info.txt\n54 bagit.txt\n%s%d manifest-sha256.txt\n%s packages.jsonl\n322 tagmanifest-sha256.txt\n", length(info), listing, length(manifest), size[folder] >(name ".listing"); close(name ".listing")
  print folder "\t" sprintf("%06d", number)
}
BEGIN { FS = "\t" }
$1 == "-" { files = 1; next }
!files { n[$2] = $3; total[$2] = $4; size[$2] = $5; newest[$2] = $6; next }
$2 != folder { finish(); folder = $2; number++; manifest = listing = before = "" }
$3 == before { print "problem\t" folder ": two packages have the path " $3 }
{ before = $3; manifest = manifest $4 "  " $3 "\n"; listing = listing $5 " " $3 "\n" }
END { finish() }
AWK

# counts.awk compares what the entries say about versions with the records: which one
# was current when. Its input are the bags, the lines "super" of records.awk, the
# lines "file" of the packages with several versions, of those that an entry loses,
# recovers or erases, and of days that lose whole bags, and after "-" the events of the
# replay in their order.
cat >"$temporary/counts.awk" <<'AWK'
function problem(text) { print "problem\tEntry " entry ": " text }
function bagOf(p) { return substr(p, 1, 26) }
function package(p) { return substr(p, 1, 14) substr(p, 28) }
# current returns the current version of a package, or "" if it has none. Versions in
# bags that are lost as a whole do not count.
function current(k,   version, i) {
  for (i = split(versions[k], version, "\n") - 1; i > 0; i--) {
    if (version[i] in gone) return ""
    if (!(bagOf(version[i]) in absent)) return version[i]
  }
  return ""
}
function countCurrent(day,   k, n) {
  for (k in versions) if (substr(k, 1, 13) == day && current(k) != "") n++
  return n + 0
}
function checkCurrent(p, says,   is) {
  is = current(package(p)) == p
  if (is != says && !unsure[substr(p, 1, 13)]) problem(p (is ? " is" : " is not") " the current version")
}
# unknownBag reports whether the records of the bag of a file are lost with it.
function unknownBag(p) { return (bagOf(p) in inState) && !(bagOf(p) in described) }
# whole notes a bag that is lost, recovered or erased as a whole. The bags of a day are
# counted together, after the files of the same entry.
function whole(kind, p, says,   day) {
  day = substr(p, 1, 13)
  if (!(day in counted)) { before[day] = countCurrent(day); counted[day] = 0; first[day] = p }
  counted[day] += says
  if (kind == "recover") delete absent[bagOf(p)]
  else absent[bagOf(p)] = 1
}
function checkWhole(kind,   i, day, n) {
  for (i = 1; i <= wholes; i++) whole(kind, wholePath[i], wholeSays[i])
  for (day in counted) {
    n = countCurrent(day) - before[day]
    if (kind != "recover") n = -n
    if (n != counted[day] && !unsure[day]) problem(first[day] ": " counted[day] " current versions are counted in whole bags, the records say " n)
  }
  wholes = 0; split("", counted)
}
function add(folder, says,   i, j, n, m, p, k, c, added, version, superseding) {
  n = split(list[folder], added, "\n")
  for (i = 1; i < n; i++) {
    p = added[i]; k = package(p); c = current(k)
    if (k in erased) problem(p " is added, though the package was erased")
    else if ((p in former) && !(former[p] in known) && !unknownBag(former[p])) problem(p " supersedes " former[p] ", which the archive does not have")
    else if (c != "" && !unsure[substr(p, 1, 13)] && !((p in former) && former[p] == c && formerSum[p] == sum[c])) problem(p " does not supersede the current version " c)
    if (c != "") superseding++
    m = split(versions[k], version, "\n")
    for (j = 1; j < m; j++)
      if (sum[version[j]] == sum[p] && !(version[j] in gone) && !(bagOf(version[j]) in absent) && replacement[version[j]] != p) problem(p " has the same bytes as " version[j])
    versions[k] = versions[k] p "\n"; known[p] = 1
  }
  if (says != superseding + 0 && !unsure[substr(folder, 1, 13)]) problem(folder " replaces " superseding + 0 " current versions instead of " says)
}
BEGIN { FS = "\t" }
$1 == "-" { for (folder in inState) if (!(folder in described)) unsure[substr(folder, 1, 13)] = 1; next }
$1 == "bag" { inState[$2] = 1; next }
$1 == "sum" || $1 == "known" { described[$2] = 1; next }
$1 == "super" { former[$2] = $3; formerSum[$2] = $4; next }
$1 == "file" { p = $2 "/" $3; sum[p] = $4; bytes[p] = $5; list[$2] = list[$2] p "\n"; next }
$2 != kind || $3 != entry { checkWhole(kind); kind = $2; entry = $3 }
kind == "resume" { unknown = 1 } # what was current before is not known
unknown || !(bagOf($4) in inState) { next }
kind == "replace" { replacement[$4] = $10; next }
kind == "add" { add($4, $6); next }
$4 ~ /\/$/ { wholePath[++wholes] = $4; wholeSays[wholes] = $7; next }
unknownBag($4) { next }
!($4 in known) || sum[$4] != $8 || bytes[$4] != $9 { problem($4 " is not a file with these bytes"); next }
kind == "recover" { delete gone[$4]; checkCurrent($4, $7); next }
{
  checkCurrent($4, $7)
  if ($10 != "" && (!($10 in known) || sum[$10] != $8)) problem($10 " does not have the bytes of " $4)
  gone[$4] = 1
  if (kind == "erase") erased[package($4)] = 1
}
END { checkWhole(kind) }
AWK

# ---------------------------------------------------------------------------

# list writes the files of the archive to $work/files, and what has no plain name to
# $work/odd. Only .teo-archive and dt= folders belong to an archive.
list() {
  if [ -n "$single" ]; then
    set -- .
  else
    set -- . ! -name . ! -path './dt=*' ! -path ./.teo-archive ! -path './.teo-archive/*' -prune -o
  fi
  link=$(find "$@" ! -type f ! -type d -print | head -n 1)
  [ -z "$link" ] || die "Neither a file nor a folder (a symbolic link?): $link"
  find "$@" \( -name '*[!A-Za-z0-9._=~-]*' -o -name '-*' \) ! -name . -prune -exec sh -c 'for f do printf "%s\001" "$f"; done' sh {} + | tr '\n\001' '?\n' | printable | sed 's|^\./||' >"$work/odd"
  find "$@" \( -name '*[!A-Za-z0-9._=~-]*' -o -name '-*' \) ! -name . -prune -o -type f -print >"$work/found" || die "A folder cannot be read."
  sed -e 's|^\./||' -e "s|^|$single|" "$work/found" | sort >"$work/files"
}

# read_ledger hashes the entries and replays them.
read_ledger() {
  grep -E '^\.teo-archive/ledger/[0-9]{10}\.json$' "$work/files" >"$work/entries" || die "There is no ledger in .teo-archive."
  grep '^\.teo-archive/ledger/' "$work/files" | comm -13 "$work/entries" - | warnings "Foreign, not an entry of this archive: "
  hashes <"$work/entries" >"$work/entry-hashes"
  sizes <"$work/entries" >"$work/entry-sizes"
  # The number, the hash, the length and the name of each entry.
  awk 'NR == FNR { sum[$2] = $1; next } { n = substr($2, 21, 10); sub(/^0+/, "", n) } ($2 in sum) && n != "" { print n, sum[$2], $1, $2 }' "$work/entry-hashes" "$work/entry-sizes" >"$work/log"
  awk -v now="$(date -u +%Y-%m-%dT%H:%M:%SZ)" -v expected="$expected" -f "$temporary/common.awk" -f "$temporary/replay.awk" "$work/log" >"$work/state" || die "awk cannot replay the ledger."
  top=$(awk -F '\t' '$1 == "head" { print $2 }' "$work/state")
  head=$(awk -F '\t' '$1 == "head" { print $3 }' "$work/state")
  layer=$(awk -F '\t' '$1 == "head" { print $4 }' "$work/state")
  sed -n 's/^problem	//p' "$work/state" | problems ""
  sed -n 's/^warning	//p' "$work/state" | warnings ""
  [ -n "$top" ] || return 0
  check_tokens
  check_tree
  [ -z "$key" ] || check_signature
}

# check_tokens checks the tokens of accepted losses.
check_tokens() {
  mkdir "$work/tokens"
  sed -n 's/^line	//p' "$work/state" | sort |
    awk -F '\t' -v out="$work/tokens/" '$1 != id { if (id != "") close(out id); id = $1 } { print $2 >(out id) }'
  sed -n 's/^token	\([0-9]*\)	.*/\1/p' "$work/state" >"$work/token-ids"
  [ -s "$work/token-ids" ] || return 0
  (cd "$work/tokens" && hashes <../token-ids) >"$work/token-hashes"
  awk -F '\t' 'NR == FNR { split($0, f, "  "); sum[f[2]] = substr(f[1], 1, 16); next }
    $1 == "accepted" { accepted[$2, $3] = 1 }
    $1 == "token" { n++; entry[n] = $3; token[n] = $4 "@" $5 ":" sum[$2] }
    END { for (i = 1; i <= n; i++) if (!((entry[i], token[i]) in accepted)) print "Entry " entry[i] ": it loses packages without the token " token[i] }
  ' "$work/token-hashes" "$work/state" | problems ""
}

# check_tree computes the tree of the entries level by level and compares it.
check_tree() {
  mkdir "$work/tree"
  # A leaf is a zero byte and the bytes of the entry.
  awk -v top="$top" -v out="$work/tree/" '$1 + 0 < top + 0 {
    leaf = out ($1 - 1)
    printf "%c", 0 >leaf
    while ((getline line < $4) > 0) print line >leaf
    close(leaf); close($4)
    print $1 - 1
  }' "$work/log" >"$work/names"
  # What the entries say, by level. An entry says as many hashes as 1s are in the
  # binary form of the number of entries before it, the largest tree first.
  awk -F '\t' -v out="$work/claims." '$1 == "tree" {
    k = split($3, hash, " "); bits = 0
    for (n = $2 - 1; n > 0; n = int(n / 2)) bits += n % 2
    if (k != bits) { print "Entry " $2 ": its tree is not that of the entries before it"; next }
    level = 0
    for (n = $2 - 1; n > 0; n = int(n / 2)) { if (n % 2) print n - 1, hash[k--], $2 >(out level); level++ }
  }' "$work/state" | problems ""
  level=0
  while [ -s "$work/names" ] || [ -f "$work/claims.$level" ]; do
    : >"$work/nodes"
    [ ! -s "$work/names" ] || (cd "$work/tree" && hashes <../names) | awk '{ print $2, $1 }' >"$work/nodes"
    : >"$work/names"; : >"$work/script"
    echo - >>"$work/nodes"
    [ ! -f "$work/claims.$level" ] || cat "$work/claims.$level" >>"$work/nodes"
    awk -v names="$work/names" -v script="$work/script" -f "$temporary/tree.awk" "$work/nodes" | sed 's/^problem	//' | problems ""
    # shellcheck disable=SC1091 # written by tree.awk
    (cd "$work/tree" && . "$work/script")
    level=$((level + 1))
  done
}

# node prints the hash of an inner node of the tree.
node() { # LEFT RIGHT
  # shellcheck disable=SC2059 # the format is made of octal escapes
  printf "$(awk -v pair="01$1$2" 'BEGIN {
    digits = "0123456789abcdef"
    for (i = 1; i < length(pair); i += 2)
      printf "\\%03o", (index(digits, substr(pair, i, 1)) - 1) * 16 + index(digits, substr(pair, i + 1, 1)) - 1
  }')" | $hash | cut -c 1-64
}

# root prints the root hash of the first entries, from the hashes that the entry
# after them has, or those of the last entry and its bytes.
root() { # NUMBER
  hashes=$(awk -F '\t' -v n="$(($1 + 1))" '$1 == "tree" && $2 == n { print $3 }' "$work/state")
  if [ "$1" = "$top" ]; then
    hashes=$(awk -F '\t' -v n="$1" '$1 == "tree" && $2 == n { print $3 }' "$work/state")
    leaf=$({ printf '\000'; cat "$(printf '.teo-archive/ledger/%010.0f.json' "$1")"; } | $hash | cut -c 1-64)
    n=$(($1 - 1))
    while [ $((n % 2)) -eq 1 ]; do
      leaf=$(node "${hashes##* }" "$leaf")
      case $hashes in *' '*) hashes=${hashes% *} ;; *) hashes= ;; esac
      n=$((n / 2))
    done
    hashes="$hashes $leaf"
  fi
  right=
  for left in $(echo "$hashes" | awk '{ for (i = NF; i > 0; i--) print $i }'); do
    if [ -z "$right" ]; then right=$left; else right=$(node "$left" "$right"); fi
  done
  echo "$right"
}

# check_signature checks the newest signed head. Signed heads of histories that an
# accepted roll-back gave up are left out: each accepted roll-back begins another
# origin.
check_signature() {
  command -v openssl >/dev/null 2>&1 || { echo "openssl was not found: a signature cannot be verified without it." | problems ""; return; }
  openssl pkey -pubin -in "$key" -noout 2>/dev/null || die "$key is not a public key in PEM."
  archive=$(sed -n 's/^  "archive": "\([0-9a-f]*\)",*$/\1/p' "$(printf '.teo-archive/ledger/%010.0f.json' "$top")")
  # The numbers of the entries that record an accepted roll-back.
  awk '{ print $4 }' "$work/log" | xargs grep -l '^  "abandoned": ' /dev/null | sed 's/.*\/0*\([1-9][0-9]*\)\.json$/\1/' >"$work/abandoned"
  grep -E '^\.teo-archive/signed/[0-9]{10}\.note$' "$work/files" | sort -r >"$work/notes"
  signed=0
  while read -r note; do
    n=$(echo "$note" | sed 's/.*\/0*\([0-9]*\)\.note$/\1/')
    epoch=$(awk -v n="$n" '$1 + 0 <= n + 0 { k++ } END { print k + 1 }' "$work/abandoned")
    origin=$(sed -n 1p "$note")
    case $origin in
      */"$archive") found=1 ;;
      */"$archive"/[1-9]*) found=${origin##*/} ;;
      *) echo "$note: it is not the signed head of this archive." | problems ""; continue ;;
    esac
    case $found in *[!0-9]*) found=0 ;; esac
    [ "$found" -ge "$epoch" ] || continue
    if [ "$n" -gt "$top" ]; then
      echo "$note: it signs $n entries, and the ledger has $top: the archive was rolled back." | problems ""
      continue
    fi
    signed=$n
    break
  done <"$work/notes"
  if [ "$signed" -eq 0 ]; then
    echo "The archive has no signed head that matches the ledger." | problems ""
    return
  fi
  awk -v first=$((signed + 1)) -v last="$top" -v by="$signed" 'BEGIN { for (n = first; n <= last; n++) print "Entry " n ": no signed head covers it; the newest one is that of entry " by "." }' | problems ""
  # A text of three lines, an empty line, and signature lines.
  sed '/^$/,$d' "$note" >"$work/text"
  root=$(root "$n")
  # shellcheck disable=SC2059 # as in node
  want=$(printf "$(awk -v text="$root" 'BEGIN { d = "0123456789abcdef"; for (i = 1; i < length(text); i += 2) printf "\\%03o", (index(d, substr(text, i, 1)) - 1) * 16 + index(d, substr(text, i + 1, 1)) - 1 }')" | openssl base64 -A)
  printf '%s\n%s\n%s\n' "$origin" "$n" "$want" | cmp -s - "$work/text" || {
    echo "$note: it is not the head of the first $n entries: the ledger was rewritten, or the note is not one of this archive." | problems ""
    return
  }
  sed -n '/^$/,$s/^— [^ ]* //p' "$note" >"$work/lines"
  while read -r line; do
    echo "$line" | openssl base64 -d -A 2>/dev/null | tail -c +5 >"$work/signature"
    if openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$work/text" -sigfile "$work/signature" >/dev/null 2>&1 ||
      openssl dgst -sha256 -verify "$key" -signature "$work/signature" "$work/text" >/dev/null 2>&1; then
      return
    fi
  done <"$work/lines"
  echo "$note: it has no valid signature of the key $key." | problems ""
}

# read_bag makes the state of a single bag, which no ledger vouches for.
read_bag() {
  head=$($hash tagmanifest-sha256.txt | cut -c1-64)
  layer=$(sed -n '1s/^{"layer":"\(l[47]\)".*/\1/p' packages.jsonl)
  [ -z "$expected" ] || [ "$expected" = "$head" ] || die "tagmanifest-sha256.txt has SHA-256 $head instead of the expected $expected."
  printf 'current\t%s\n' "$(wc -l <packages.jsonl)" >"$work/state"
  printf 'bag\t%s\t\t\t%s\t\tnone\n' "${single%/}" "$head" >>"$work/state"
}

# check_records compares the records with the ledger, and lists them.
check_records() {
  if [ -n "$single" ]; then
    echo "none packages.jsonl" >"$work/sources"
  else
    awk -F '\t' '$1 == "records" { print $3 "\t" $4 "\t.teo-archive/records/" $2 ".jsonl\t" $2 }' "$work/state" | sort -t '	' -k 3 >"$work/records"
    cut -f 3 "$work/records" | comm -12 - "$work/files" >"$work/list"
    hashes <"$work/list" | awk '{ print $2 "\t" $1 }' >"$work/actual-records"
    sizes <"$work/list" | awk 'NR == FNR { size[$3] = $2; next } size[$2] != $1 { print "Entry of " $2 ": the records have another length" }' "$work/records" - | problems ""
    # The bags of a commit whose records are gone have them as well.
    awk -F '\t' '
      FILENAME == ARGV[1] { sum[$1] = $2; next }
      FILENAME == ARGV[2] { if ($1 == "bag") bags[$7] = bags[$7] " " $2; if ($1 == "gone") gone[$3] = 1; next }
      ($3 in sum) && sum[$3] == $1 { print "source " $4, $3; next }
      {
        if (!($3 in gone)) print "problem " ($3 in sum ? "Changed (its SHA-256 differs): " : "Missing: ") $3
        k = split(bags[$4], folder, " ")
        for (i = 1; i <= k; i++) if (!((folder[i] "/") in gone)) print "source " $4, folder[i] "/packages.jsonl"
      }' "$work/actual-records" "$work/state" "$work/records" >"$work/list"
    sed -n 's/^problem //p' "$work/list" | problems ""
    sed -n 's/^source //p' "$work/list" >"$work/sources"
  fi
  awk -v state="$work/state" -v layer="$layer" -v single="$single" -f "$temporary/common.awk" -f "$temporary/records.awk" "$work/sources" >"$work/described"
  sed -n 's/^problem	//p' "$work/described" | problems ""
}

# check_bags compares the files of the bags with the records and the ledger.
check_bags() {
  # The bags that are there, by the ledger, and their files.
  awk -F '\t' 'NR == FNR { if ($1 == "gone") gone[$3] = 1; next } $1 == "bag" && !(($2 "/") in gone) { print $2 }' "$work/state" "$work/state" | sort >"$work/bags"
  awk 'NR == FNR { bag[$1] = 1; next } (substr($0, 1, 26) in bag) && substr($0, 27, 1) == "/"' "$work/bags" "$work/files" >"$work/present"
  hashes "$single" <"$work/present" | awk '{ print $2 "\t" $1 }' | sort >"$work/actual"
  cut -f 1 "$work/actual" | comm -23 "$work/present" - | problems "It cannot be read: "

  # What the records say.
  mkdir "$work/derived" "$work/tagmanifests"
  { grep '^sum	' "$work/described"; echo -; grep '^file	' "$work/described" | sort; } >"$work/input"
  awk -v out="$work/derived" -v layer="$layer" -f "$temporary/derive.awk" "$work/input" >"$work/numbers"
  sed -n 's/^problem	//p' "$work/numbers" | problems ""
  (cd "$work/derived" && ls | hashes) | awk '{ print $2 "\t" $1 }' >"$work/derived-hashes"
  bagit=$(printf 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n' | $hash | cut -c1-64)
  awk -F '\t' -v bagit="$bagit" -v out="$work/tagmanifests/" '
    FILENAME == ARGV[1] { sum[$1] = $2; next }
    FILENAME == ARGV[2] { if ($1 ~ /\/packages\.jsonl$/) packages[$1] = $2; next }
    $1 == "problem" { next }
    {
      tags = out $2
      print sum[$2 ".info"] "  bag-info.txt\n" bagit "  bagit.txt\n" sum[$2 ".manifest"] "  manifest-sha256.txt\n" packages[$1 "/packages.jsonl"] "  packages.jsonl" >tags
      close(tags)
    }' "$work/derived-hashes" "$work/actual" "$work/numbers"
  (cd "$work/tagmanifests" && ls | hashes) | awk '{ print $2 ".tagmanifest\t" $1 }' >>"$work/derived-hashes"

  # The lines "<path> <hash>" of all files that must be there. The hash of
  # packages.jsonl is that of the file: the tagmanifest vouches for it.
  awk -F '\t' -v bagit="$bagit" -v problems="$work/problems" -v single="$single" '
    function want(path, hash) { if (!(path in gone) && !(substr(path, 1, 27) in gone)) print path "\t" hash }
    FILENAME == ARGV[1] { sum[$1] = $2; next }
    FILENAME == ARGV[2] { if ($1 ~ /\/packages\.jsonl$/) packages[$1] = $2; next }
    FILENAME == ARGV[3] { if ($1 != "problem") number[$1] = $2; next }
    $1 == "file" { want($2 "/" $3, $4) }
    $1 == "gone" { gone[$3] = 1 }
    $1 == "sum" {
      k = number[$2]
      if (($2 "/packages.jsonl") in packages && sum[k ".tagmanifest"] != tagmanifest[$2]) print $2 ": tagmanifest_sha256 of the ledger is not that of the records" >>problems
      if (single == "" && sum[k ".listing"] != listing[$2]) print $2 ": listing_sha256 of the ledger is not that of the records" >>problems
      if (single == "" && ($3 != n[$2] || $4 != total[$2])) print $2 ": the ledger has other numbers of packages or bytes than the records" >>problems
    }
    $1 != "bag" || (($2 "/") in gone) { next }
    {
      k = number[$2]; jsonl = $2 "/packages.jsonl"
      n[$2] = $3; total[$2] = $4; tagmanifest[$2] = $5; listing[$2] = $6
      want($2 "/bag-info.txt", k == "" ? "?" : sum[k ".info"]); want($2 "/bagit.txt", bagit)
      want($2 "/manifest-sha256.txt", k == "" ? "?" : sum[k ".manifest"])
      want(jsonl, jsonl in packages ? packages[jsonl] : "?"); want($2 "/tagmanifest-sha256.txt", $5)
    }' "$work/derived-hashes" "$work/actual" "$work/numbers" "$work/state" "$work/described" | sort -u >"$work/expected"
  cut -f 1 "$work/expected" | sort >"$work/named"
  cut -f 1 "$work/actual" >"$work/there"
  comm -23 "$work/named" "$work/there" >"$work/missing"
  problems "Missing: " <"$work/missing"
  awk -F '\t' 'NR == FNR { want[$1] = $2; next } ($1 in want) && want[$1] != "?" && want[$1] != $2 { print $1 }' "$work/expected" "$work/actual" | problems "Changed (its SHA-256 differs): "
  # What no record names is foreign, unless the ledger says that it is lost or erased.
  comm -13 "$work/named" "$work/there" | awk -F '\t' '
    NR == FNR { if ($1 == "gone") gone[$3] = $2; next }
    { print ($1 in gone) ? "warning Present, and " gone[$1] " by the ledger: " $1 : "problem Foreign, in a bag: " $1 }' "$work/state" - >"$work/rest"
  # The same for names that are not plain, and for files that are in no bag.
  awk 'NR == FNR { bag[$1] = 1; next } !/^\.teo-archive\// { print ((substr($0, 1, 26) in bag) ? "problem Foreign, in a bag: " : "warning Foreign: ") $0 }' "$work/bags" "$work/odd" >>"$work/rest"
  grep '^dt=' "$work/files" | grep -Ev '^dt=[0-9]{4}-[0-9]{2}-[0-9]{2}/bag=[0-9a-f]{8}/' | sed 's/^/warning Foreign: /' >>"$work/rest"
  sed -n 's/^problem //p' "$work/rest" | problems ""
  sed -n 's/^warning //p' "$work/rest" | warnings ""
  # Bags that no entry names.
  awk -F '\t' 'NR == FNR { if ($1 == "bag" || $1 == "given_up") bag[$2] = 1; if ($1 == "expired") through = $3; next }
    /^dt=..........\/bag=[0-9a-f]*\// && substr($0, 27, 1) == "/" && !(substr($0, 1, 26) in bag) && substr($0, 4, 10) > through "" {
      found[substr($0, 1, 26)] = found[substr($0, 1, 26)] || $0 ~ /\/tagmanifest-sha256\.txt$/
    }
    END { for (folder in found) print folder, found[folder] }' "$work/state" "$work/files" | sort >"$work/uncommitted"
  sed -n 's/ 1$//p' "$work/uncommitted" | warnings "Complete, but not committed (entries may have been removed): "
}

# check_counts compares the numbers of current versions with the records.
check_counts() {
  # The packages "dt=<day>/<path>" with several versions and those of events, and the
  # days "dt=<day>" that lose or recover whole bags.
  {
    sed -n 's|^file	\(dt=..........\)/bag=........	\([^	]*\)	.*|\1/\2|p' "$work/described" | sort | uniq -d
    awk -F '\t' '$1 == "event" && $4 ~ /\/data\// { print substr($4, 1, 14) substr($4, 28) }' "$work/state"
    awk -F '\t' '$1 == "super" { print substr($2, 1, 14) substr($2, 28) }' "$work/described"
    awk -F '\t' '$1 == "event" && $4 ~ /\/$/ { print substr($4, 1, 13) }' "$work/state"
  } >"$work/packages"
  {
    grep '^bag	' "$work/state"
    awk -F '\t' 'NR == FNR { named[$1] = 1; next } $1 == "sum" || $1 == "known" || $1 == "super" || $1 == "file" && ((substr($2, 1, 14) $3) in named || (substr($2, 1, 13)) in named)' "$work/packages" "$work/described"
    echo -
    grep '^event	' "$work/state"
  } >"$work/input"
  awk -f "$temporary/counts.awk" "$work/input" | sed 's/^problem	//' | problems ""
}

# check checks everything and leaves what it found in $work.
check() {
  work=$temporary/$attempt
  mkdir "$work"
  : >"$work/problems"; : >"$work/warnings"; : >"$work/missing"; : >"$work/described"
  list
  if [ -n "$single" ]; then read_bag; else read_ledger; fi
  [ -n "$head" ] || return 0
  check_records
  check_bags
  [ -n "$single" ] || check_counts
}

# changed reports whether a run wrote while the archive was read.
changed() {
  [ -z "$single" ] && [ -n "$head" ] || return 1
  [ ! -f "$(printf '.teo-archive/ledger/%010.0f.json' $((top + 1)))" ] || return 0
  while read -r path; do
    [ ! -f "$path" ] || return 0
  done <"$work/missing"
  return 1
}

single=
if [ ! -d .teo-archive ]; then
  [ -f tagmanifest-sha256.txt ] && [ -f packages.jsonl ] || die "The folder is neither an archive (it has no .teo-archive) nor a bag (it has no tagmanifest-sha256.txt and packages.jsonl)."
  # Paths begin with the folder of the bag, as in an archive.
  single=$(sed -n '1s/^{"layer":.*"bag":"\(dt=[0-9-]*\/bag=[0-9a-f]*\)".*/\1/p' packages.jsonl)
  [ ${#single} -eq 26 ] || die "packages.jsonl does not name the bag."
  single=$single/
fi
attempt=1
check
while [ -s "$work/problems" ] && [ $attempt -lt 3 ] && changed; do
  attempt=$((attempt + 1))
  check
done

sed 's/^/warning: /' "$work/warnings" | printable >&2
if [ -s "$work/problems" ]; then
  n=$(wc -l <"$work/problems" | tr -d ' ')
  head -n 100 "$work/problems" | printable >&2
  die "Problems: $n"
fi

if [ -n "$print_list" ]; then
  # Of each package the version that was committed last, unless it is gone. What was
  # lost before its bag was lost as a whole counts as a version, too.
  { grep -E '^(gone|bag|records)	' "$work/state"; grep '^file	' "$work/described"; } | awk -F '\t' '
    function add(p,   k, n) {
      k = substr(p, 1, 14) substr(p, 28); n = sequence[commit[substr(p, 1, 26)]] + 0
      if (n >= newest[k] + 0) { newest[k] = n; last[k] = p }
    }
    $1 == "gone" { gone[$3] = 1; next }
    $1 == "bag" { commit[$2] = $7; next }
    $1 == "records" { sequence[$2] = $5; next }
    !(($2 "/") in gone) { add($2 "/" $3) }
    END {
      for (p in gone) if (p ~ /\/data\// && (substr(p, 1, 27) in gone)) add(p)
      for (k in last) if (!(last[k] in gone)) print last[k]
    }' | sort
  exit 0
fi

sed -n 's/^change	/after the expected head, /p' "$work/state"
awk -F '\t' '$1 == "gone" { print $2 ": " $3 ($4 > 1 || $3 ~ /\/$/ ? " (" $4 ($4 == 1 ? " package)" : " packages)") : "") ($6 == "" ? "" : ": " $6) }' "$work/state" | sort
sed 's/^\([^ ]*\) .*/uncommitted: \1/' "$work/uncommitted"
awk -F '\t' -v uncommitted="$(wc -l <"$work/uncommitted")" '
  function plural(n, word) { return n + 0 " " word (n == 1 ? "" : "s") }
  function also(n, word) { if (n > 0) text = text ", " n + 0 " " word }
  $1 == "gone" && $5 && $3 !~ /^\.teo/ { count[$2] += $4 }
  $1 == "expired" { count["expired"] = $2 }
  $1 == "current" { packages = $2 }
  $1 == "bag" { bags++ }
  END {
    text = "valid: " plural(packages, "package") " in " plural(bags, "bag")
    also(count["lost"], "lost"); also(count["missed"], "missed"); also(count["erased"], "erased"); also(count["expired"], "expired"); also(uncommitted, "uncommitted")
    print text
  }' "$work/state"
if [ -n "$single" ]; then
  echo "tagmanifest: $head"
else
  echo "head: $head (entry $top)"
  [ -z "$key" ] || echo "signed: entry $signed, as $origin"
fi
