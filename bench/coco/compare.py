"""Times pycocotools and faster-coco-eval on the files of generate.py, reading included, and prints their 12 figures as JSON.

Run:  pip install pycocotools faster-coco-eval; python compare.py DIR [pycocotools|faster-coco-eval]...
"""
import contextlib
import io
import json
import os
import resource
import sys
import time


def main():
    directory, names = sys.argv[1], sys.argv[2:] or ["faster-coco-eval", "pycocotools"]
    for name in names:
        if name == "pycocotools":
            from pycocotools.coco import COCO
            from pycocotools.cocoeval import COCOeval
        else:
            from faster_coco_eval import COCO, COCOeval_faster as COCOeval
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO(os.path.join(directory, "ground_truth.json"))
            run = COCOeval(truth, truth.loadRes(os.path.join(directory, "detections.json")), "bbox")
            run.evaluate()
            run.accumulate()
            run.summarize()
        print(json.dumps({"evaluator": name, "seconds": round(time.perf_counter() - start, 2),
                          "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                          "stats": [float(value) for value in run.stats[:12]]}), flush=True)


if __name__ == "__main__":
    main()
