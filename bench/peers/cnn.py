"""Classifiers in PyTorch and onnxruntime: training and inference images/s, latency, peak memory; a JSON line each.

    python cnn.py pytorch  --network lab|fast --layout contiguous|channels_last --data DIR [--batch N] [--steps N]
    python cnn.py onnxruntime --data DIR
"""
import argparse, gzip, json, os, resource, tempfile, time

import numpy as np

THREADS = int(os.environ.get("THREADS", "2"))


def read_idx(folder, name):
    path = os.path.join(folder, name)
    raw = open(path, "rb").read() if os.path.exists(path) else gzip.open(path + ".gz").read()
    rank = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(rank)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def seconds(call, count):
    start = time.perf_counter()
    for i in range(count):
        call(i)
    return time.perf_counter() - start


def latencies(call, count=300):
    call(0)
    times = sorted(seconds(lambda _: call(i), 1) for i in range(count))
    return {"latency_1_p50_ms": times[count // 2] * 1e3, "latency_1_p99_ms": times[count * 99 // 100] * 1e3}


def networks():
    import torch.nn as nn

    # Built in the order of the recipes of the same names.
    lab = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(128 * 7 * 7, 512), nn.ReLU(), nn.Linear(512, 10))
    fast = nn.Sequential(
        nn.Conv2d(1, 24, 5, padding=2, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(24), nn.ReLU(),
        nn.Conv2d(24, 32, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 48, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(48), nn.ReLU(),
        nn.Flatten(), nn.Linear(48 * 3 * 3, 128), nn.ReLU(), nn.Linear(128, 10))
    return {"lab": lab, "fast": fast}


def pytorch(args):
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    pixels = torch.from_numpy(read_idx(args.data, "train-images-idx3-ubyte").copy()).unsqueeze(1)
    labels = torch.from_numpy(read_idx(args.data, "train-labels-idx1-ubyte").astype(np.int64))
    layout = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}[args.layout]
    model = networks()[args.network].to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    order = torch.randperm(len(pixels))
    batches = order[: len(order) // args.batch * args.batch].view(-1, args.batch)
    # From bytes, as ours: the whole set as floats would only cost the peer memory.
    images = lambda index: (pixels[index].float() / 255).contiguous(memory_format=layout)

    def step(i):
        index = batches[i % len(batches)]
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images(index)), labels[index])
        loss.backward()
        optimizer.step()
        return loss.item()

    seconds(step, 10)
    result = {"peer": "pytorch", "network": args.network, "layout": args.layout, "batch": args.batch, "threads": torch.get_num_threads(),
              "train_images_per_s": args.steps * args.batch / seconds(lambda i: step(10 + i), args.steps),
              "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    model.eval()
    with torch.no_grad():
        infer = lambda i: model(images(torch.arange(i * 500, i * 500 + 500))).argmax(1)
        infer(0)
        passes = sorted(10000 / seconds(infer, 20) for _ in range(3))
        result["infer_images_per_s"] = passes[1]
        result |= latencies(lambda i: model(images(torch.tensor([i]))).argmax(1).item())
    print(json.dumps(result), flush=True)


def onnxruntime(args):
    import onnxruntime as ort
    import torch

    torch.manual_seed(0)
    path = os.path.join(tempfile.mkdtemp(), "lab.onnx")
    torch.onnx.export(networks()["lab"].eval(), (torch.zeros(2, 1, 28, 28),), path, input_names=["x"], output_names=["y"],
                      dynamic_axes={"x": {0: "n"}, "y": {0: "n"}}, dynamo=False)
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    pixels = read_idx(args.data, "t10k-images-idx3-ubyte")[:, None]
    run = lambda first, count: session.run(None, {"x": pixels[first : first + count].astype(np.float32) / 255})[0].argmax(1)
    run(0, 500)
    passes = sorted(10000 / seconds(lambda i: run(i * 500, 500), 20) for _ in range(3))
    print(json.dumps({"peer": "onnxruntime", "network": "lab", "threads": THREADS, "infer_images_per_s": passes[1]}
                     | latencies(lambda i: run(i, 1))), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["pytorch", "onnxruntime"])
    parser.add_argument("--data", required=True)
    parser.add_argument("--network", default="lab")
    parser.add_argument("--layout", default="channels_last")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=100)
    arguments = parser.parse_args()
    {"pytorch": pytorch, "onnxruntime": onnxruntime}[arguments.peer](arguments)
