"""Times atelier over batch sizes, threads and widths, in turns, and writes the medians to bench/SCALE.md.

    cargo build --release && python3 bench/scale.py [ROUNDS]
"""
import datetime, json, os, statistics, subprocess, sys

BATCHES = [16, 64, 256, 1024]
# Twice the channels and features everywhere: times 3.94 in multiply-adds (`atelier recipes show` states the layers).
WIDE = ["--set", "model.layers[0].conv=64", "--set", "model.layers[3].conv=128", "--set", "model.layers[6].conv=256",
        "--set", "model.layers[9].linear=1024"]


def bench(threads, batch, *flags):
    steps = max(8, 5120 // batch)
    command = ["target/release/atelier", "bench", "lab-cnn", "--json", "--threads", str(threads), "--batch-size", str(batch),
               "--inference-batch-size", str(batch), "--steps", str(steps), *flags]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def multiply_adds(width):
    c = [1, 32 * width, 64 * width, 128 * width]
    convolutions = sum(a * b * 9 * side * side for a, b, side in zip(c, c[1:], [28, 14, 7]))
    return convolutions + c[3] * 49 * 512 * width + 512 * width * 10


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    cases = [(threads, batch, ()) for batch in BATCHES for threads in (1, 2)] + [(2, 64, tuple(WIDE))]
    results = {case: [] for case in cases}
    for i in range(rounds):
        for case in cases:
            threads, batch, flags = case
            results[case].append(bench(threads, batch, *flags))
        print(f"round {i + 1} of {rounds}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    median = lambda case, key: statistics.median(result[key] for result in results[case])
    cpu = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    lines = [
        "# Batch sizes, threads and widths", "",
        f"`python3 bench/scale.py {rounds}`: lab-cnn, medians of {rounds} rounds in turns, images/s. {datetime.date.today()}, {cpu}, {os.cpu_count()} cores.", "",
        "| batch | training, 1 thread | 2 threads | second thread | inference, 1 thread | 2 threads | second thread |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for batch in BATCHES:
        cells = [f"{batch}"]
        for key in ("train_images_per_s", "infer_images_per_s"):
            one, two = median((1, batch, ()), key), median((2, batch, ()), key)
            cells += [f"{one:,.0f}", f"{two:,.0f}", f"{100 * two / (2 * one):.0f} %"]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "'Second thread': images/s of two threads over twice those of one.", "",
              "| lab-cnn, batch 64, 2 threads | multiply-adds an image | training, images/s | inference, images/s |", "| --- | ---: | ---: | ---: |"]
    base, wide = (2, 64, ()), (2, 64, tuple(WIDE))
    for name, case, width in (("as it is", base, 1), ("twice as wide", wide, 2)):
        lines.append(f"| {name} | {multiply_adds(width) / 1e6:.1f} million | {median(case, 'train_images_per_s'):,.0f} | {median(case, 'infer_images_per_s'):,.0f} |")
    cost = lambda key: median(base, key) / median(wide, key)
    lines += [f"| cost, times | {multiply_adds(2) / multiply_adds(1):.2f} | {cost('train_images_per_s'):.2f} | {cost('infer_images_per_s'):.2f} |"]
    text = "\n".join(lines) + "\n"
    open("bench/SCALE.md", "w").write(text)
    print(text)


main()
