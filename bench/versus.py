"""Runs atelier and its peers in turns and writes the medians, ratios and circumstances to bench/RESULTS.md."""
import datetime, json, os, platform, statistics, subprocess, sys, time

THREADS = os.environ.get("THREADS", "2")
DATA = "crates/data/mnist"
OURS = ["target/release/atelier", "bench", "--threads", THREADS, "--json"]
PEERS = [sys.executable]
ENVIRONMENT = os.environ | {"THREADS": THREADS, "OMP_NUM_THREADS": THREADS}


def cnn(peer, *flags):
    return PEERS + ["bench/peers/cnn.py", peer, "--data", DATA, *flags]


def frcnn(batch, *flags):
    return PEERS + ["bench/peers/faster_rcnn.py", "--data", DATA, "--batch", str(batch), *flags]


def ours(recipe, *flags):
    return OURS + [recipe, *flags]


# Name: our command, the peers' commands by name, and what is compared: (title, our key, their key, higher is better).
TRAIN = ("training, images/s", "train_images_per_s", "train_images_per_s", True)
INFER = ("inference, images/s", "infer_images_per_s", "infer_images_per_s", True)
LATENCY = ("one image, ms (p50)", "latency_1_p50_ms", "latency_1_p50_ms", False)
MEMORY = ("peak memory of training, MiB", "train_peak_rss_mib", "peak_rss_mib", False)
CASES = {
    "lab-cnn": (
        ours("lab-cnn"),
        {
            "PyTorch, channels last": (cnn("pytorch", "--layout", "channels_last"), [TRAIN, INFER, LATENCY, MEMORY]),
            "PyTorch, contiguous": (cnn("pytorch", "--layout", "contiguous"), [TRAIN, INFER, LATENCY, MEMORY]),
            "onnxruntime": (cnn("onnxruntime"), [INFER, LATENCY]),
        },
    ),
    "fast-cnn": (
        ours("fast-cnn"),
        {
            "PyTorch, channels last": (cnn("pytorch", "--network", "fast", "--batch", "256", "--layout", "channels_last"), [TRAIN, INFER]),
            "PyTorch, contiguous": (cnn("pytorch", "--network", "fast", "--batch", "256", "--layout", "contiguous"), [TRAIN, INFER]),
        },
    ),
    "Faster R-CNN, batch 16": (
        ours("bench/recipes/digits.toml", "--batch-size", "16", "--inference-batch-size", "16"),
        {"torchvision": (frcnn(16), [TRAIN, INFER])},
    ),
    "Faster R-CNN, batch 64": (
        ours("bench/recipes/digits.toml", "--batch-size", "64", "--inference-batch-size", "64"),
        {"torchvision": (frcnn(64), [TRAIN, INFER])},
    ),
    "Faster R-CNN on scenes, batch 16": (
        ours("bench/recipes/scenes.toml", "--batch-size", "16", "--inference-batch-size", "16"),
        {"torchvision": (frcnn(16, "--scenes"), [TRAIN, INFER])},
    ),
}


def run(command):
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    text = done.stdout[done.stdout.index("{") :]
    return json.loads(text)


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    wanted = sys.argv[2:] or list(CASES)
    load = [os.getloadavg()[0]]
    rows = []
    for name in wanted:
        mine, peers = CASES[name]
        results = {"atelier": [], **{peer: [] for peer in peers}}
        for i in range(rounds):
            results["atelier"].append(run(mine))
            for peer, (command, _) in peers.items():
                results[peer].append(run(command))
            load.append(os.getloadavg()[0])
            print(f"{name}: round {i + 1} of {rounds}, load {load[-1]:.1f}", file=sys.stderr)
        for peer, (_, figures) in peers.items():
            for title, our_key, their_key, more in figures:
                a = statistics.median(result[our_key] for result in results["atelier"])
                b = statistics.median(result[their_key] for result in results[peer])
                pairs = [x[our_key] / y[their_key] for x, y in zip(results["atelier"], results[peer])]
                pairs = sorted(pair if more else 1 / pair for pair in pairs)
                rows.append((name, title, peer, a, b, a / b if more else b / a, pairs[0], pairs[-1]))
    digits = lambda x: f"{x:,.0f}" if x >= 100 else f"{x:.2f}"
    lines = [
        "# atelier beside its peers",
        "",
        f"`bench/versus.sh {rounds}`: {rounds} rounds, in each of which all take turns; medians, the ratio of the medians, and the",
        "smallest and greatest ratio of a round. A ratio above 1 is in atelier's favour.",
        "",
        f"- {datetime.date.today()}, {platform.system()} {platform.machine()}, {processor()}, {os.cpu_count()} cores, {THREADS} threads each",
        f"- load before: {load[0]:.1f}; after the rounds: {min(load[1:]):.1f} to {max(load[1:]):.1f} (two busy threads are 2)",
        "- " + ", ".join(open("bench/peers/requirements.txt").read().split()),
        "",
        "| network | figure | peer | atelier | peer's | ratio | of a round |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, title, peer, a, b, ratio, low, high in rows:
        lines.append(f"| {name} | {title} | {peer} | {digits(a)} | {digits(b)} | {ratio:.2f} | {low:.2f} to {high:.2f} |")
    text = "\n".join(lines) + "\n"
    if wanted == list(CASES):
        open("bench/RESULTS.md", "w").write(text)
    print(text)


main()
