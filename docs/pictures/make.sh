#!/usr/bin/env bash
# Makes the README's two pictures from finished runs of a comparison and from one of their details, with Chromium:
#
#     docs/pictures/make.sh RUN RUN [RUN...]
#
# RUN is the name or path of a finished run, as `atelier report` takes it; several runs of a recipe are its seeds.
# CHROMIUM names the program (Debian: apt-get install chromium). Writes docs/pictures/report.png (the first screen of the
# English report, light) and docs/pictures/costs.png (its section on cost, dark).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
atelier=${ATELIER:-$here/../../target/release/atelier}
chromium=${CHROMIUM:-chromium}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$atelier" report "$@" --lang en --out "$work/report.html"

# picture FILE WIDTH HEIGHT OPTION...
picture() {
    local file=$1 width=$2 height=$3
    shift 3
    "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" \
        --force-device-scale-factor=1.5 --window-size="$width,$height" --screenshot="$file" "$@" 2>/dev/null
    test -s "$file"
    echo "$file"
}

picture "$here/report.png" 1180 900 "file://$work/report.html"

# The section alone: the others are left out, and the preference for dark is given to the page itself.
sed -e 's/<\/style>/header, nav, footer, main > section:not(#cost) { display: none } section#cost { margin: 0 }<\/style>/' \
    "$work/report.html" > "$work/cost.html"
picture "$here/costs.png" 1180 1000 --blink-settings=preferredColorScheme=0 "file://$work/cost.html"
