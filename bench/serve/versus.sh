#!/usr/bin/env bash
# Times `atelier serve` beside a Python server, in turns: predictions of one picture by digits-cnn, over 32 connections and over one.
#
#     bench/serve/versus.sh [ROUNDS] [SECONDS]     default: 3 rounds of 10 seconds
#
# Needs wrk. The Python server gets an environment of its own in .peers/, as bench/versus.sh does. ATELIER is the program, if it is
# not to be built.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-3} seconds=${2:-10}
[ -x .peers/bin/python ] || python3 -m venv .peers
.peers/bin/pip install --quiet -r bench/peers/requirements.txt -r bench/serve/requirements.txt
[ -n "${ATELIER:-}" ] || { cargo build --release --quiet && ATELIER=target/release/atelier; }
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null; rm -rf "$folder"' EXIT
"$ATELIER" export digits-cnn --format onnx --out "$folder/digits-cnn.onnx" > /dev/null
picture=$(realpath bench/serve/seven.png)
cat > "$folder/post.lua" <<LUA
wrk.method = "POST"
wrk.headers["Content-Type"] = "image/png"
wrk.body = io.open("$picture", "rb"):read("*a")
LUA
"$ATELIER" serve digits-cnn --port 8471 --log none > /dev/null &
MODEL="$folder/digits-cnn.onnx" PYTHONPATH=bench/serve .peers/bin/python -m uvicorn server:app --port 8472 --workers 2 --no-access-log --log-level error &
for port in 8471 8472; do
  until curl -sf --data-binary @"$picture" -H 'Content-Type: image/png' "http://127.0.0.1:$port/v1/predict" > "$folder/answer"; do sleep 0.2; done
  printf '%s answers %s\n' "$port" "$(grep -o '"class":"[^"]*"' "$folder/answer")"
done
for connections in 32 1; do
  for round in $(seq "$rounds"); do
    for port in 8471 8472; do
      name=$([ $port = 8471 ] && echo atelier || echo FastAPI)
      wrk -t1 -c$connections -d"${seconds}s" --latency -s "$folder/post.lua" "http://127.0.0.1:$port/v1/predict" > "$folder/out"
      printf '%s connections, round %s, %s: %s\n' $connections "$round" "$name" \
        "$(awk '/Requests\/sec/ {rate = $2} /50%/ {half = $2} /99%/ {most = $2} /Non-2xx/ {faults = " " $0} END {print rate "/s, p50 " half ", p99 " most faults}' "$folder/out")"
    done
  done
done
