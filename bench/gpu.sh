#!/usr/bin/env bash
# The tests that compute on GPUs and on devices of other processes. GPUs are this machine's or, where it has none,
# lavapipe: Mesa's Vulkan driver that computes on the processor (Debian and Ubuntu: mesa-vulkan-drivers, installed if this
# is root). Builds with wgpu and remote, in a target folder of its own so that the default build's stays as it is: 17
# minutes on two cores, from nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never
export CARGO_TARGET_DIR=${ATELIER_GPU_TARGET:-$PWD/target-gpu}
# Without autotuning (that is feature gpu): on a software adapter it takes minutes.
features=${ATELIER_GPU_FEATURES:-wgpu,remote}

gpus=yes

# Vulkan's drivers want a folder of their own, which a system without a desktop may not have.
if [ -z "${XDG_RUNTIME_DIR:-}" ]; then
    XDG_RUNTIME_DIR=$(mktemp -d)
    export XDG_RUNTIME_DIR
    trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
fi
if ! ls /usr/share/vulkan/icd.d/*.json >/dev/null 2>&1 && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mesa-vulkan-drivers) >/dev/null || true
fi

if [ "$(uname)" = Linux ] && ! compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null &&
    ! compgen -G '/etc/vulkan/icd.d/*.json' >/dev/null; then
    echo "no driver of Vulkan, and none can be installed: nothing is tested on a GPU" >&2
    gpus=no
fi

# Not `cargo build`: with what tests need beside it, some dependencies have other features, and would be built twice.
cargo test --release --workspace --features "$features" --no-run
"$CARGO_TARGET_DIR/release/atelier" devices
if [ "$gpus" = yes ] && ! "$CARGO_TARGET_DIR/release/atelier" devices --json | grep -q '"name": "gpu:'; then
    echo "no GPU and no software adapter: there is nothing to test on" >&2
    exit 1
fi
# Those that compute on every device they find, those of choosing one, and those of several and of workers.
cargo test --release --workspace --features "$features" -- --nocapture --test-threads 1 device ops:: remote:: replicas::
