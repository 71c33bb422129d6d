"""Runs atelier and its peers in turns and writes the medians, ratios and circumstances to bench/RESULTS.md.

    python bench/versus.py [ROUNDS] [CASE...]
    python bench/versus.py [ROUNDS] --file MODEL.onnx --model MODEL --data SOURCE [--batches N...]

The second form times an exported file in onnxruntime and OpenVINO beside the model that it was exported from, and prints
the table. MODEL is what `atelier bench` takes. A detector's speed depends on what it detects: let SOURCE be the pictures that
MODEL is timed on. --atelier "evaluate MODEL --data SOURCE" takes the speeds of an evaluation instead, for trained weights.
"""
import argparse, datetime, json, math, os, platform, shlex, statistics, subprocess, sys

THREADS = os.environ.get("THREADS", "2")
DATA = "crates/data/mnist"
PROGRAM = os.environ.get("ATELIER", "target/release/atelier")
OURS = [PROGRAM, "bench", "--threads", THREADS, "--json"]
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


def file_case(args):
    """An exported file: its name, our command, and the engines' commands."""
    whole = evaluation_batch(args.file)
    args.batches = args.batches or ([whole, 64 if whole >= 64 else 8] if args.atelier else [500, 64])
    figures = [(f"inference, batch {size}, images/s", f"images_per_s_{size}", f"images_per_s_{size}", True) for size in args.batches]
    batches = [str(size) for size in args.batches]
    peer = lambda engine: PEERS + ["bench/peers/onnx_file.py", engine, args.file, "--data", args.data, "--batches", *batches]
    peers = {name: (peer(engine), figures + [LATENCY]) for name, engine in (("onnxruntime", "onnxruntime"), ("OpenVINO", "openvino"))}
    if args.atelier:
        mine = lambda: speeds(run([PROGRAM, *shlex.split(args.atelier), "--threads", THREADS, "--json"]), whole)
        return args.atelier, mine, peers

    def mine():
        result = {}
        for size in args.batches:
            # A network's training is of no interest here.
            found = run(ours(*shlex.split(args.model), "--steps", "1", "--inference-batch-size", str(size)))
            result |= {"latency_1_p50_ms": found["latency_1_p50_ms"], f"images_per_s_{size}": found["infer_images_per_s"]}
        return result

    return args.model, mine, peers


def evaluation_batch(path):
    """Images in a batch of `atelier evaluate`: 500 of MNIST's size, fewer of larger ones, in blocks of 16."""
    import onnx

    sides = [side.dim_value for side in onnx.load(path).graph.input[0].type.tensor_type.shape.dim][1:]
    like = 500 * 28 * 28 * min(sides) // math.prod(sides)
    return min(max(-(-like // 16) * 16, 16), 500)


def speeds(evaluation, whole):
    """An evaluation's speeds under the names that the peers use; the test set was read in batches of `whole`."""
    speed = evaluation["speed"]
    found = {f"images_per_s_{at['batch_size']}": at["images_per_s"] for at in speed["throughput"]}
    return found | {f"images_per_s_{whole}": evaluation["infer_images_per_s"], "latency_1_p50_ms": speed["latency_1"]["p50_ms"]}


def run(command):
    """The JSON that a command prints, or that a function makes."""
    if callable(command):
        return command()
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


def measured(cases, rounds):
    """A row for each figure, and the loads of the machine before and after the rounds."""
    load, rows = [os.getloadavg()[0]], []
    for name, (mine, peers) in cases.items():
        results = {"atelier": [], **{peer: [] for peer in peers}}
        for i in range(rounds):
            results["atelier"].append(run(mine))
            for peer, (command, _) in peers.items():
                results[peer].append(run(command))
            load.append(os.getloadavg()[0])
            print(f"{name}: round {i + 1} of {rounds}, load {load[-1]:.1f}", file=sys.stderr)
        for peer, (_, figures) in peers.items():
            first = results[peer][0]
            if "unsupported" in first:
                print(f"{name}: {peer} can't run it: {first['unsupported']}", file=sys.stderr)
            for title, our_key, their_key, more in figures:
                if our_key not in results["atelier"][0] or their_key not in first:
                    continue
                a = statistics.median(result[our_key] for result in results["atelier"])
                b = statistics.median(result[their_key] for result in results[peer])
                pairs = [x[our_key] / y[their_key] for x, y in zip(results["atelier"], results[peer])]
                pairs = sorted(pair if more else 1 / pair for pair in pairs)
                rows.append((name, title, peer, a, b, a / b if more else b / a, pairs[0], pairs[-1]))
        seen = [results[peer][0]["predicted"] for peer in peers if "predicted" in results[peer][0]]
        if any(other != seen[0] for other in seen):
            print(f"{name}: the peers don't predict the same", file=sys.stderr)
    return rows, load


def table(rows, load, rounds, command, packages):
    """The page."""
    digits = lambda x: f"{x:,.0f}" if x >= 100 else f"{x:.2f}"
    lines = [
        "# atelier beside its peers",
        "",
        f"`{command}`: {rounds} rounds, in each of which all take turns; medians, the ratio of the medians, and the",
        "smallest and greatest ratio of a round. A ratio above 1 is in atelier's favour.",
        "",
        f"- {datetime.date.today()}, {platform.system()} {platform.machine()}, {processor()}, {os.cpu_count()} cores, {THREADS} threads each",
        f"- load before: {load[0]:.1f}; after the rounds: {min(load[1:]):.1f} to {max(load[1:]):.1f} (two busy threads are 2)",
        "- " + ", ".join(packages),
        "",
        "| network | figure | peer | atelier | peer's | ratio | of a round |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, title, peer, a, b, ratio, low, high in rows:
        lines.append(f"| {name} | {title} | {peer} | {digits(a)} | {digits(b)} | {ratio:.2f} | {low:.2f} to {high:.2f} |")
    return "\n".join(lines) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="default: " + ", ".join(CASES))
    parser.add_argument("--file", metavar="MODEL.onnx", help="time this exported file")
    parser.add_argument("--model", help="what it was exported from, as `atelier bench` takes it, with flags if need be")
    parser.add_argument("--data", help="the pictures for the peers: mnist, or a folder")
    parser.add_argument("--batches", type=int, nargs="+", help="sizes of batches [default: 500 64, or an evaluation's]")
    parser.add_argument("--atelier", metavar="COMMAND", help="the whole command instead of `bench MODEL`: evaluate ...")
    args = parser.parse_args()
    if args.file and not (args.data and (args.model or args.atelier)):
        parser.error("--file needs --data, and --model or --atelier")
    if unknown := set(args.cases) - set(CASES):
        parser.error(f"unknown cases: {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    return args


def main():
    args = arguments()
    packages = open("bench/peers/requirements.txt").read().split()
    if args.file:
        name, *case = file_case(args)
        rows, load = measured({name: case}, args.rounds)
        used = [package for package in packages if package.startswith(("numpy", "onnxruntime", "openvino"))]
        print(table(rows, load, args.rounds, " ".join(["bench/versus.sh", *map(shlex.quote, sys.argv[1:])]), used))
        return
    wanted = args.cases or list(CASES)
    rows, load = measured({name: CASES[name] for name in wanted}, args.rounds)
    used = [package for package in packages if not package.startswith(("openvino", "pillow"))]
    text = table(rows, load, args.rounds, f"bench/versus.sh {args.rounds}", used)
    if wanted == list(CASES):
        open("bench/RESULTS.md", "w").write(text)
    print(text)


main()
