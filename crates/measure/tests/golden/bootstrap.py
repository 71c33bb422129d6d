"""Writes bootstrap.json: 95 % percentile intervals of means by scipy's bootstrap, with many resamples.

    pip install scipy==1.17.1
    python bootstrap.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.stats import bootstrap

RESAMPLES = 200_000


def interval(values):
    values = np.asarray(values, dtype=float)
    found = bootstrap((values,), np.mean, n_resamples=RESAMPLES, batch=1000, method="percentile",
                      confidence_level=0.95, rng=np.random.default_rng(1))
    return [float(end) for end in found.confidence_interval]


def pairs():
    """Images that only one of two models answered rightly, of so many."""
    for only_a, only_b, images in [(55, 29, 2000), (7, 6, 500), (40, 2, 300), (1, 0, 50)]:
        differences = [1] * only_a + [-1] * only_b + [0] * (images - only_a - only_b)
        yield {"only_a": only_a, "only_b": only_b, "images": images, "interval": interval(differences)}


def means():
    rng = np.random.default_rng(7)
    for name, values in [
        ("losses", rng.exponential(0.03, 200)),
        ("overlaps", rng.beta(20, 1, 300)),
        ("a few", rng.normal(size=8)),
    ]:
        values = values.round(6).tolist()
        yield {"name": name, "values": values, "interval": interval(values)}


golden = {"pairs": list(pairs()), "means": list(means())}
Path(__file__).with_name("bootstrap.json").write_text(json.dumps(golden) + "\n")
