#!/usr/bin/env bash
# Shows that the test notices: plants each bug of bugs/ in a copy of the tree, runs the test against a gateway of that copy, and
# demands that it fails, with the words that the patch says.
#
#   interop/lostmail/bugs.sh [NAME...]
set -euo pipefail
cd "$(dirname "$0")/../.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/tree"
git ls-files --cached --others --exclude-standard -z | tar --create --null --files-from=- --ignore-failed-read 2>/dev/null |
  tar --extract --directory="$copy/tree"
go test -c -o "$copy/lostmail.test" ./interop/lostmail

# caught PATCH runs the test with a bug, which has to fail it as the patch says.
caught() {
  local words output begun=$SECONDS
  words=$(sed -n 's/^Caught as: //p' "$1")
  git -C "$copy/tree" apply "$PWD/$1"
  (cd "$copy/tree" && go build -o "$copy/popgate" ./cmd/popgate)
  git -C "$copy/tree" apply --reverse "$PWD/$1"
  if output=$("$copy/lostmail.test" -test.run '^TestNoLostMail$' -popgate "$copy/popgate" -sessions 640 -messages 3200 2>&1); then
    printf '%s: the test passes\n' "$1" >&2
    return 1
  fi
  if ! grep --quiet --fixed-strings "): $words: " <<<"$output"; then
    printf '%s: no "%s" in\n%s\n' "$1" "$words" "$output" >&2
    return 1
  fi
  printf '%-24s caught %5d times as "%s", %d s\n' "$(basename "$1" .patch)" "$(grep -cF "): $words: " <<<"$output")" "$words" $((SECONDS - begun))
}

(($#)) || set -- interop/lostmail/bugs/*.patch
for bug in "$@"; do
  [[ -e $bug ]] || bug=interop/lostmail/bugs/$bug.patch
  caught "$bug"
done
