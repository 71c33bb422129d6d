#!/usr/bin/env bash
# Checks the server's page: format, types against the OpenAPI document, and, where there is a Chromium, the page itself.
#
#     bench/page/ci.sh ATELIER
set -euo pipefail
atelier=$(realpath "$1")
cd "$(dirname "$0")"
npm ci --silent
folder=$(mktemp -d)
flags=(--port 0 --log none --drawings "$folder/drawings" --runs "$folder/runs" --recipes "$folder/recipes")
token=a-token-of-sixteen-letters-or-more
"$atelier" serve "${flags[@]}" > "$folder/address" &
server=$!
ATELIER_SERVE_TOKEN=$token "$atelier" serve "${flags[@]}" > "$folder/guarded" &
guarded=$!
trap 'kill $server $guarded; rm -rf "$folder"' EXIT
for _ in $(seq 100); do
  [ -s "$folder/address" ] && [ -s "$folder/guarded" ] && break
  sleep 0.1
done
address=$(cat "$folder/address")
node -e 'fetch(process.argv[1]).then((answer) => answer.text()).then(console.log)' "$address/openapi.json" > openapi.json
npm run --silent types
git diff --exit-code api.d.ts
npm run --silent lint
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -n "$chromium" ]; then
  mkdir -p shots
  node check.js "$address" "$chromium" shots "$(cat "$folder/guarded")" "$token"
else
  echo "no Chromium: the page was not opened"
fi
