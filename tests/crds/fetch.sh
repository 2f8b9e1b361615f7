#!/usr/bin/env bash
# Fetches the CustomResourceDefinitions that `modules.txt` names, and the objects of `objects.txt`, into
# target/crds/PROJECT/, once: what is there as pinned is kept. A module is downloaded whole, held against its
# checksum, and dropped when its files are taken out.
#
#   tests/crds/fetch.sh              prints the directory; what it does goes to stderr
#   tests/crds/fetch.sh --packages   the Debian packages that this would need and this machine does not have
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tests=$(dirname "$here")
mkdir -p "${CARGO_TARGET_DIR:-$tests/../target}"
crds=$(cd "${CARGO_TARGET_DIR:-$tests/../target}" && pwd)/crds

say() { printf 'CRDs: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# The lines of both files that target/crds does not have as they are. (tests/support/crds reads the first one too,
# tests/readiness/argo_health.rs the other.)
missing() {
    local project rest
    while read -r project rest; do
        [[ $project != '#'* && -n $project ]] || continue
        [[ $(cat "$crds/$project/.pin" 2>/dev/null) == "$project $rest" ]] || echo "$project $rest"
    done < <(cat "$here"/{modules,objects}.txt)
}

if [[ ${1:-} == --packages ]]; then
    [[ -z $(missing) ]] || "$tests/go.sh" --packages
    exit
fi

mkdir -p "$crds"
exec 9>"$crds/.lock"
flock 9
todo=$(missing)
if [[ -z $todo ]]; then
    say "already fetched: $crds"
    echo "$crds"
    exit
fi

go=$("$tests/go.sh")
scratch=$(mktemp -d "$crds/.scratch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
# The checksums are our own, no toolchain is downloaded, and the machine's flags do not count.
export GOTOOLCHAIN=local GOWORK=off GOSUMDB=off GOFLAGS=-modcacherw GOMODCACHE=$scratch/modules
cd "$scratch"

count=$(wc -l <<<"$todo")
say "fetching $count modules into $crds: about a minute, once"
while read -r project module version sum patterns; do
    # Fails when the module cannot be had, and says why on stdout.
    answer=$("$go" mod download -json "$module@$version") || fail "$module@$version cannot be fetched: $answer"
    field() { sed -n "s/^\t\"$1\": \"\(.*\)\",\{0,1\}$/\1/p" <<<"$answer"; }
    [[ $(field Sum) == "$sum" ]] ||
        fail "$module@$version is not what is pinned: its checksum is $(field Sum), expected $sum"
    mkdir -p "$scratch/new"
    # From within the module: patterns match its files only.
    (
        cd "$(field Dir)"
        shopt -s failglob
        # shellcheck disable=SC2086 # patterns, one a word
        for file in $patterns; do
            mkdir -p "$scratch/new/$(dirname "$file")"
            cp "$file" "$scratch/new/$file"
        done
    ) || fail "$module@$version has no files $patterns: correct them in tests/crds"
    echo "$project $module $version $sum $patterns" >"$scratch/new/.pin"
    # The name appears only when everything is there.
    rm -rf "${crds:?}/$project"
    mv "$scratch/new" "$crds/$project"
    rm -rf "$GOMODCACHE"
    say "$project $version ($(find "$crds/$project" -type f ! -name .pin | wc -l) files)"
done <<<"$todo"
echo "$crds"
