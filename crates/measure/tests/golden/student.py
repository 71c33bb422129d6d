"""Writes student.json: what scipy gives for Student's t, and for trainings with several seeds.

    pip install scipy==1.17.1
    python student.py
"""

import json
from pathlib import Path

import numpy as np
from scipy import stats

rng = np.random.default_rng(5)


def tails():
    for degrees in [1, 2, 3, 4, 9, 10, 29, 99, 1000, 9999]:
        for t in [0.001, 0.01, 0.5, 1.0, 1.5, 2.0, 3.0, 6.0, 12.706, 50.0, 1000.0]:
            yield {"t": t, "degrees": degrees, "p_value": float(2 * stats.t.sf(t, degrees))}


def critical():
    for degrees in [1, 2, 3, 4, 9, 29, 99, 9999]:
        for p in [0.5, 0.05, 0.01, 1e-4]:
            yield {"p": p, "degrees": degrees, "t": float(stats.t.isf(p / 2, degrees))}


def seeds():
    cases = [
        ("two seeds", [0.9890, 0.9901], [0.9906, 0.9902]),
        ("three seeds, ahead each time", [0.991, 0.992, 0.990], [0.988, 0.990, 0.989]),
        ("far apart", [0.99, 0.98, 0.985], [0.90, 0.91, 0.89]),
        ("five seeds", (0.99 + 0.001 * rng.normal(size=5)).tolist(), (0.989 + 0.001 * rng.normal(size=5)).tolist()),
        ("thirty seeds", (0.5 + 0.1 * rng.normal(size=30)).tolist(), (0.5 + 0.1 * rng.normal(size=30)).tolist()),
        ("nearly the same difference", [0.5, 0.6, 0.7], [0.4, 0.5, 0.6001]),
    ]
    for name, a, b in cases:
        test = stats.ttest_rel(a, b)
        interval = test.confidence_interval(0.95)
        mean = stats.t.interval(0.95, len(a) - 1, np.mean(a), stats.sem(a))
        yield {"name": name, "a": a, "b": b, "t": float(test.statistic), "p_value": float(test.pvalue),
               "interval": [float(interval.low), float(interval.high)],
               "a_mean": float(np.mean(a)), "a_sd": float(np.std(a, ddof=1)),
               "a_interval": [float(end) for end in mean]}


golden = {"tails": list(tails()), "critical": list(critical()), "seeds": list(seeds())}
lines = []
for key, entries in golden.items():
    body = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
    lines.append(f'"{key}": [\n{body}\n]')
target = Path(__file__).with_name("student.json")
target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
