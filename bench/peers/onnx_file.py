"""An exported .onnx file in onnxruntime or OpenVINO: images/s by batch size and latency of one image, as a JSON line.

    python onnx_file.py onnxruntime|openvino MODEL.onnx --data SOURCE [--batches N...]

SOURCE is `mnist` (its test images) or a folder of pictures; they are brought to the model's size before anything is timed.
What is timed begins with bytes, as `atelier bench` does: pixels are scaled as the file's metadata say, unless the model does it
itself. Both engines compute in 32 bits, with the size of the batch fixed, which is their fastest setting.
"""
import argparse, json, os, pathlib, time

import numpy as np
import onnx

from cnn import THREADS, latencies, read_idx

MNIST = pathlib.Path(__file__).resolve().parents[2] / "crates/data/mnist"
# Pictures that are read at most, and the time for each size of batch.
PICTURES = 10_000
SECONDS = 3.0
# Pictures of which the predictions are reported, so that engines can be compared.
SHOWN = 50


class Pictures:
    """Test pictures as bytes, and how they become a model's input."""

    def __init__(self, path, source):
        model = onnx.load(path)
        about = {entry.key: entry.value for entry in model.metadata_props}
        self.image = json.loads(about.get("preparation", "{}"))
        tensor = model.graph.input[0].type.tensor_type
        self.input, self.is_bytes = model.graph.input[0].name, tensor.elem_type == onnx.TensorProto.UINT8
        sides = [side.dim_value for side in tensor.shape.dim][1:]
        channels, *size = [sides[2], *sides[:2]] if self.is_bytes else sides
        if source == "mnist" and [channels, *size] == [1, 28, 28]:
            pixels = read_idx(MNIST, "t10k-images-idx3-ubyte")[..., None]
        else:
            pixels = self.read(source, channels, size)
        self.pixels = pixels if self.is_bytes else np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
        spread = lambda key, default: np.asarray(self.image.get(key, default), np.float64).reshape(-1, 1, 1)
        mean, std = spread("mean", 0), spread("std", 1)
        self.scale, self.shift = (1 / (255 * std)).astype(np.float32), (-mean / std).astype(np.float32)

    def read(self, folder, channels, size):
        """[N, H, W, C]; pictures of the test part where there is one."""
        from PIL import Image, ImageOps

        folder = pathlib.Path(folder)
        folder = folder / "test" if (folder / "test").is_dir() else folder
        paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".png", ".jpg", ".jpeg")][:PICTURES]
        if not paths:
            raise SystemExit(f"{folder}: no PNG or JPEG files of {channels} x {size[0]} x {size[1]} pixels to show the model")
        mode, background = ("L", 255) if channels == 1 else ("RGB", (255, 255, 255))
        fit = lambda image: image if image.size == (size[1], size[0]) else ImageOps.pad(image, (size[1], size[0]), color=background)
        return np.stack([np.asarray(fit(Image.open(path).convert(mode))).reshape(*size, channels) for path in paths])

    def batch(self, first, count):
        """The pictures from `first` on, from the beginning again behind the last."""
        pixels = self.pixels.take(range(first, first + count), axis=0, mode="wrap")
        return pixels if self.is_bytes else pixels * self.scale + self.shift


def onnxruntime(path, pictures, count):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.add_free_dimension_override_by_name("N", count)
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda x: dict(zip(names, session.run(None, {pictures.input: x})))


def openvino(path, pictures, count):
    import openvino as ov

    core = ov.Core()
    model = core.read_model(path)
    [shape] = [port.partial_shape for port in model.inputs]
    model.reshape([count, *list(shape)[1:]])
    settings = {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    names = [port.any_name for port in model.outputs]

    def run(x):
        request.infer([x], share_inputs=True)
        return {name: request.get_output_tensor(i).data for i, name in enumerate(names)}

    return run


def predicted(outputs):
    """The best class of each image, or the number of its detections."""
    return outputs["count"] if "count" in outputs else next(iter(outputs.values())).argmax(axis=-1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=["onnxruntime", "openvino"])
    parser.add_argument("model")
    parser.add_argument("--data", required=True)
    parser.add_argument("--batches", type=int, nargs="+", default=[500, 64])
    args = parser.parse_args()
    pictures = Pictures(args.model, args.data)
    open_model = {"onnxruntime": onnxruntime, "openvino": openvino}[args.engine]
    result = {"peer": args.engine, "threads": THREADS}
    try:
        run = open_model(args.model, pictures, 1)
        single = lambda i: predicted(run(pictures.batch(i, 1)))
        result |= latencies(single)
        result["predicted"] = [int(single(i)[0]) for i in range(SHOWN)]
        for count in args.batches:
            run = open_model(args.model, pictures, count)
            predicted(run(pictures.batch(0, count)))
            images, start = 0, time.perf_counter()
            while time.perf_counter() - start < SECONDS:
                predicted(run(pictures.batch(images, count)))
                images += count
            result[f"images_per_s_{count}"] = images / (time.perf_counter() - start)
    except RuntimeError as error:  # an operator that the engine does not have
        result["unsupported"] = str(error).strip().splitlines()[-1]
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
