#!/bin/sh
# Runs a target: fuzz/run.sh TARGET [SECONDS] [FLAGS OF LIBFUZZER]. What is found is written to fuzz/found/.
set -eu
cd "$(dirname "$0")"
target=${1:?one of: $(ls targets | sed 's/\.rs//' | tr '\n' ' ')}
seconds=${2:-600}
[ $# -gt 2 ] && shift 2 || shift $#

host=$(rustc -vV | sed -n 's/^host: //p')
passes="-sanitizer-coverage-level=4 -sanitizer-coverage-inline-8bit-counters -sanitizer-coverage-pc-table -sanitizer-coverage-trace-compares"
flags="--cfg fuzzing -Cpasses=sancov-module"
for pass in $passes; do flags="$flags -Cllvm-args=$pass"; done
# With --target the flags are not those of build scripts.
RUSTFLAGS=$flags cargo build --release --target "$host" --bin "$target"

mkdir -p "corpus/$target" found
# A folder for the files that the targets write.
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
dictionary=
[ -f "dictionaries/$target" ] && dictionary="-dict=dictionaries/$target"
# shellcheck disable=SC2086 # No dictionary is no argument.
"${CARGO_TARGET_DIR:-target}/$host/release/$target" "corpus/$target" "seeds/$target" $dictionary \
    -artifact_prefix="found/$target-" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 "$@"
