"""A detector that was exported with --parts, run by a program that has neither RoiAlign nor non-maximum suppression.

    atelier export RUN --format onnx --parts --out model.onnx
    atelier predict RUN pictures/*.png --json > predictions.json
    python bench/onnx/parts.py model-trunk.onnx model-head.onnx predictions.json

What is between the parts, and behind them, is written out here in numpy, as an example. The detections are held against
atelier's as check.py does.
"""

import json
import sys

import numpy as np

import check


def suppressed(boxes, scores, threshold, most):
    """The places of boxes that stay, best first."""
    kept = []
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for i in np.argsort(-scores, kind="stable"):
        if len(kept) == most:
            break
        sides = np.minimum(boxes[kept, 2:], boxes[i, 2:]) - np.maximum(boxes[kept, :2], boxes[i, :2])
        common = np.maximum(sides, 0).prod(axis=1)
        if not (common > threshold * (areas[kept] + areas[i] - common)).any():
            kept.append(int(i))
    return kept


def large(boxes, side):
    return ((boxes[:, 2:] - boxes[:, :2]) >= side).all(axis=1)


def proposals(boxes, scores, options):
    """Of the anchors of each level, [A, 4] and [A]: the best of those that stay, best first over all levels."""
    found = []
    for boxes, scores in zip(boxes, scores):
        best = np.argsort(-scores, kind="stable")[: options["best-of-level"]]
        boxes, scores = boxes[best], scores[best]
        sized = large(boxes, options["min-side"])
        boxes, scores = boxes[sized], scores[sized]
        kept = suppressed(boxes, scores, options["nms"], options["most"])
        found.append((boxes[kept], scores[kept]))
    boxes, scores = (np.concatenate(parts) for parts in zip(*found))
    return boxes[np.argsort(-scores, kind="stable")[: options["most"]]]


def weights(start, end, scale, cells, options):
    """How much each cell of a line counts in each bin, [bins, cells]: bilinear samples, averaged."""
    bins, samples = options["output"], options["sampling-ratio"]
    shift = 0.5 if options["aligned"] else 0.0
    start, end = start * scale - shift, end * scale - shift
    side = end - start if options["aligned"] else max(end - start, 1.0)
    result = np.zeros((bins, cells), np.float32)
    for bin in range(bins):
        for sample in range(samples):
            at = start + (bin + (sample + 0.5) / samples) * side / bins
            if not -1 <= at <= cells:
                continue
            at = min(max(at, 0.0), cells - 1.0)
            low = int(at)
            result[bin, low] += (1 - (at - low)) / samples
            if at > low:
                result[bin, low + 1] += (at - low) / samples
    return result


def roi_align(features, box, options):
    """What is in a box, [C, bins, bins], of the level that suits its area."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    level = max(i for i, it in enumerate(options["levels"]) if area >= it["least-area"])
    map, scale = features[level], options["levels"][level]["spatial-scale"]
    rows = weights(box[1], box[3], scale, map.shape[1], options)
    columns = weights(box[0], box[2], scale, map.shape[2], options)
    return rows @ map @ columns.T


def detections(boxes, scores, options):
    """(class, score, box) of each detection, best first, from [R, K, 4] and [R, K]."""
    found = []
    for label in range(scores.shape[1]):
        good = (scores[:, label] > options["score-threshold"]) & large(boxes[:, label], options["min-side"])
        places = np.flatnonzero(good)
        kept = suppressed(boxes[places, label], scores[places, label], options["nms"], options["most"])
        found += [(scores[i, label], i, label) for i in places[kept]]
    found.sort(key=lambda it: (-it[0], it[1], it[2]))
    return [(label, float(score), boxes[i, label].tolist()) for score, i, label in found[: options["most"]]]


def main():
    trunk, head = (check.Model(path) for path in sys.argv[1:3])
    between = json.loads(trunk.about["between-parts"])
    classes = json.loads(trunk.about["classes"])
    with open(sys.argv[3]) as file:
        predictions = json.load(file)
    differences = check.Differences()
    for expected in predictions:
        image = trunk.prepared(expected["image"])[np.newaxis]
        outputs = {name: value[0] for name, value in trunk.run({"image": image}).items()}
        listed = lambda kind: [outputs[name] for name in sorted(outputs) if name.startswith(kind)]
        boxes = proposals(listed("boxes."), listed("scores."), between["proposals"])
        found = []
        if len(boxes):
            features = listed("features.")
            regions = np.stack([roi_align(features, box, between["roi-align"]) for box in boxes])
            result = head.run({"regions": regions.astype(np.float32), "proposals": boxes})
            found = detections(result["boxes"], result["scores"], between["detections"])
        found = [(classes[label], score, box) for label, score, box in found]
        wanted = [(it["class"], it["score"], it["box"]) for it in expected["detections"]]
        differences.detection(expected["image"], wanted, found)
    verdict = "agree" if differences.agree() else "DIFFER"
    print(
        f"{len(predictions)} pictures: {verdict}; {differences.detections} detections, "
        f"scores within {differences.scores:.1e}, boxes within {differences.boxes:.1e} px"
    )
    for line in differences.wrong[:10]:
        print(f"  {line}")
    if not differences.agree():
        sys.exit(1)


if __name__ == "__main__":
    main()
