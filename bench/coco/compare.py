"""Times COCO evaluators on the files of generate.py and prints a table: whole processes, from their start to the twelve figures.

    pip install pycocotools faster-coco-eval hotcoco ultrafast-pycocotools vernier
    python compare.py DIR [--atelier target/release/atelier] [--rounds 5] [--iou segm] [--only NAME...]

In each round every evaluator runs once, one after the other, so that whatever else happens on the machine meets all of them.
Each uses as many threads as it wants. An evaluator that is not installed, or that fails, is named and left out (vernier 0.5 takes
masks only with boxes beside them). The last column is the largest difference of a figure from those of pycocotools, or of the
first evaluator if pycocotools does not run.
"""
import argparse
import contextlib
import importlib.metadata
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KEYS = ["map", "map_50", "map_75", "map_small", "map_medium", "map_large",
        "mar_1", "mar_10", "mar_100", "mar_small", "mar_medium", "mar_large"]


def like_pycocotools(truth, found, iou, coco, evaluator, load="loadRes"):
    truth = coco(truth)
    run = evaluator(truth, getattr(truth, load)(found), iou)
    run.evaluate()
    run.accumulate()
    run.summarize()
    return run.stats


def pycocotools(truth, found, iou):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    return like_pycocotools(truth, found, iou, COCO, COCOeval)


def faster_coco_eval(truth, found, iou):
    from faster_coco_eval import COCO, COCOeval_faster
    return like_pycocotools(truth, found, iou, COCO, COCOeval_faster)


def hotcoco(truth, found, iou):
    from hotcoco import COCO, COCOeval
    return like_pycocotools(truth, found, iou, COCO, COCOeval, "load_res")


def ultrafast_pycocotools(truth, found, iou):
    from ultrafast_pycocotools import COCO, COCOeval
    return like_pycocotools(truth, found, iou, COCO, COCOeval)


def vernier(truth, found, iou):
    """Its own API, which its manual recommends over the one like pycocotools'."""
    from vernier.instance import Bbox, CocoDataset, Evaluator, Segm
    evaluator = Evaluator(iou=Bbox() if iou == "bbox" else Segm(), parity_mode="strict")
    truth = CocoDataset.from_json(Path(truth).read_bytes())
    return evaluator.evaluate(truth, Path(found).read_bytes(), num_threads=os.cpu_count()).stats


PEERS = {"ultrafast-pycocotools": ultrafast_pycocotools, "hotcoco": hotcoco, "vernier": vernier,
         "faster-coco-eval": faster_coco_eval, "pycocotools": pycocotools}


def commands(args):
    """The evaluators that are here: their versions and commands."""
    found = {}
    if args.atelier.exists():
        version = subprocess.run([args.atelier, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
        found["atelier"] = version, [args.atelier, "coco-eval", *files(args), "--iou", args.iou, "--json"]
    else:
        print(f"{args.atelier}: not there, left out", file=sys.stderr)
    for name in PEERS:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            print(f"{name}: not installed, left out", file=sys.stderr)
            continue
        found[name] = version, [sys.executable, __file__, args.dir, "--iou", args.iou, "--run", name]
    return {name: value for name, value in found.items() if not args.only or name in args.only}


def files(args):
    return [os.path.join(args.dir, name) for name in ("ground_truth.json", "detections.json")]


def measured(command):
    """Seconds, peak memory in MiB and figures of a process; None if it fails."""
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            return None
        out.seek(0)
        result = json.load(out)
    return seconds, usage.ru_maxrss / 1024, [result[key] for key in KEYS]


def processor():
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir")
    parser.add_argument("--atelier", type=Path, default=Path("target/release/atelier"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--iou", choices=["bbox", "segm"], default="bbox")
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--run", choices=PEERS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        with contextlib.redirect_stdout(io.StringIO()):
            stats = PEERS[args.run](*files(args), args.iou)
        print(json.dumps(dict(zip(KEYS, map(float, stats)))))
        return

    evaluators = commands(args)
    before = os.getloadavg()[0]
    runs = {name: [] for name in evaluators}
    for turn in range(args.rounds):
        for name in list(runs):
            run = measured(evaluators[name][1])
            if run is None:
                print(f"{name}: failed, left out", file=sys.stderr)
                del runs[name]
                continue
            runs[name].append(run)
            print(f"round {turn + 1}: {name} {run[0]:.2f} s", file=sys.stderr)
    if not runs:
        sys.exit("nothing ran")
    reference = runs.get("pycocotools") or next(iter(runs.values()))
    print(f"{processor()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}, {args.iou}, "
          f"{args.rounds} rounds, load before {before:.1f}\n")
    print("| evaluator | version | seconds, median | least to most | times the first | peak MiB | largest difference |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    first = None
    for name, all_runs in runs.items():
        seconds = [run[0] for run in all_runs]
        median = statistics.median(seconds)
        first = first or median
        apart = max(abs(a - b) for a, b in zip(all_runs[0][2], reference[0][2]))
        print(f"| {name} | {evaluators[name][0]} | {median:.2f} | {min(seconds):.2f} to {max(seconds):.2f} | {median / first:.1f} | "
              f"{statistics.median(run[1] for run in all_runs):.0f} | {apart:.0e} |")


if __name__ == "__main__":
    main()
