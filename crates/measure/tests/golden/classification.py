"""Writes classification.json: what scikit-learn, statsmodels and scipy give on telling cases.

    pip install scikit-learn==1.9.1 statsmodels==0.15.0 scipy==1.17.1
    python classification.py
"""

import json
import math
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import sklearn.metrics as metrics
from scipy.stats import binom
from sklearn.calibration import calibration_curve
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20)


def softmax(logits):
    logits = logits - logits.max(axis=1, keepdims=True)
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def model(truth, classes, skill):
    logits = rng.normal(size=(len(truth), classes))
    logits[np.arange(len(truth)), truth] += skill
    return softmax(logits)


def case(name, truth, probabilities, answer=None):
    """Probabilities are rounded to f32 first, so that both sides read the same numbers."""
    truth = np.asarray(truth)
    probabilities = np.asarray(probabilities, dtype=np.float32).astype(np.float64)
    images, classes = probabilities.shape
    answer = probabilities.argmax(axis=1) if answer is None else np.asarray(answer)
    every = range(classes)
    one_hot = np.eye(classes)[truth]

    def scores(average, **labels):
        p, r, f, s = metrics.precision_recall_fscore_support(
            truth, answer, average=average, zero_division=0, **labels)
        return [np.asarray(x).tolist() for x in ([p, r, f, s] if average is None else [p, r, f])]

    def top_k(k):
        if classes == 2:  # scikit-learn wants a score of the second class there
            return None
        return metrics.top_k_accuracy_score(truth, probabilities, k=k, labels=every)

    def against_rest(figure, needed):
        values = []
        for c in every:
            positives = int((truth == c).sum())
            enough = positives > 0 and (needed == 1 or positives < images)
            values.append(figure(truth == c, probabilities[:, c]) if enough else None)
        return values

    confidence = probabilities[np.arange(images), answer]
    correct = answer == truth
    fraction, mean = calibration_curve(correct, confidence, n_bins=15, strategy="uniform")
    counts = np.histogram(np.searchsorted(np.linspace(0, 1, 16)[1:-1], confidence), np.arange(16))[0]
    counts = counts[counts > 0]
    # Bins of equal mass: images sorted by confidence, each with the bin of its first tie.
    order = np.sort(confidence)
    bins = np.searchsorted(order, confidence, side="left") * 15 // images
    gaps = [(bins == b).sum() * abs(correct[bins == b].mean() - confidence[bins == b].mean())
            for b in np.unique(bins)]
    kappa = metrics.cohen_kappa_score(truth, answer)
    roc_auc = against_rest(metrics.roc_auc_score, 2)
    average_precision = against_rest(metrics.average_precision_score, 1)

    def mean_of(values, theirs):
        """scikit-learn's own where every class occurs; else the mean of the classes that have a figure."""
        values = [value for value in values if value is not None]
        if len(values) == classes:
            assert math.isclose(np.mean(values), theirs(), rel_tol=1e-12)
        return float(np.mean(values)) if values else None

    def macro_roc_auc():
        if classes == 2:
            return np.mean([metrics.roc_auc_score(truth == c, probabilities[:, c]) for c in every])
        if not np.allclose(probabilities.sum(axis=1), 1):  # refused there
            return metrics.roc_auc_score(one_hot, probabilities, average="macro")
        return metrics.roc_auc_score(truth, probabilities, multi_class="ovr", average="macro")
    return {
        "name": name,
        "classes": classes,
        "truth": truth.tolist(),
        "answer": answer.tolist(),
        "probabilities": probabilities.ravel().tolist(),
        "confusion": metrics.confusion_matrix(truth, answer, labels=every).tolist(),
        "accuracy": metrics.accuracy_score(truth, answer),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, answer),
        "per_class": scores(None, labels=every),
        "macro": scores("macro"),
        "micro": scores("micro"),
        "weighted": scores("weighted"),
        "cohens_kappa": 0.0 if math.isnan(kappa) else kappa,
        "matthews": metrics.matthews_corrcoef(truth, answer),
        "top_1": top_k(1),
        "top_2": top_k(2),
        "log_loss": metrics.log_loss(one_hot, y_proba=probabilities),
        "brier": metrics.brier_score_loss(truth, probabilities, labels=every, scale_by_half=False),
        "roc_auc": roc_auc,
        "average_precision": average_precision,
        "roc_auc_macro": mean_of(roc_auc, macro_roc_auc),
        "average_precision_macro": mean_of(average_precision, lambda: metrics.average_precision_score(
            one_hot, probabilities, average="macro")),
        "reliability": [counts.tolist(), mean.tolist(), fraction.tolist()],
        "ece": float((counts * np.abs(fraction - mean)).sum() / images),
        "ece_equal_mass": float(sum(gaps) / images),
    }


def cases():
    truth = rng.integers(0, 10, 200)
    yield case("random", truth, model(truth, 10, 2.0))
    truth = rng.choice(4, 240, p=[0.9, 0.06, 0.03, 0.01])
    yield case("imbalanced", truth, model(truth, 4, 1.5))
    truth = rng.integers(0, 4, 80)
    probabilities = model(truth, 4, 1.0)
    probabilities[:, 2] *= 0.01
    yield case("a class never answered", truth, probabilities)
    truth = rng.choice([0, 1, 3], 80)
    yield case("a class absent from the truth", truth, model(truth, 4, 1.0))
    probabilities = model(truth, 4, 1.0)
    probabilities[:, 2] = 0.0
    yield case("a class neither answered nor true", truth, probabilities)
    truth = rng.integers(0, 3, 45)
    yield case("perfect", truth, np.eye(3)[truth])
    yield case("perfect, unsure", truth, 0.25 + 0.25 * np.eye(3)[truth])
    yield case("all wrong", truth, np.eye(3)[(truth + 1) % 3])
    yield case("one answer for all", truth, np.tile([0.2, 0.5, 0.3], (45, 1)))
    yield case("one class for all", np.full(9, 1), np.tile([0.2, 0.5, 0.3], (9, 1)))
    truth = rng.integers(0, 2, 60)
    yield case("two classes", truth, model(truth, 2, 1.0))
    truth = rng.integers(0, 5, 120)
    coarse = np.round(model(truth, 5, 1.5) * 8) / 8
    yield case("probabilities with ties", truth, coarse)
    probabilities = model(truth, 5, 1.0)
    yield case("answers that are not the most probable", truth, probabilities,
               rng.integers(0, 5, 120))
    yield case("one image", [2], [[0.1, 0.2, 0.7]])


def exact(only_a, only_b):
    """The two-sided p-value in whole numbers, rounded once."""
    n, few = only_a + only_b, min(only_a, only_b)
    total, term = 0, 1
    for i in range(few + 1):
        total += term
        term = term * (n - i) // (i + 1)
    return float(min(Fraction(1), Fraction(2 * total, 2**n)))


def mcnemar_cases():
    small = [(0, 0), (0, 1), (1, 0), (1, 5), (5, 5), (7, 8), (10, 20), (14, 16), (15, 17), (3, 40),
             (0, 60), (40, 56), (100, 140), (480, 520), (499, 501), (1000, 1200)]
    large = [(4900, 5100), (49_000, 51_000), (249_000, 251_000), (499_000, 501_000),
             (499_999, 500_001), (495_000, 505_000), (500_000, 500_000), (1, 999_999)]
    for a, b in small + large:
        p = exact(a, b) if a + b <= 3000 else min(1.0, 2 * binom.cdf(min(a, b), a + b, 0.5))
        theirs = mcnemar([[0, a], [b, 0]], exact=True).pvalue
        assert math.isclose(p, theirs, rel_tol=1e-9, abs_tol=1e-300), (a, b, p, theirs)
        yield {"only_a": a, "only_b": b, "p_value": p}


def wilson_cases():
    for successes, trials in [(0, 10), (10, 10), (5, 10), (1, 2), (9890, 10000), (9906, 10000),
                              (1, 1_000_000)]:
        low, high = proportion_confint(successes, trials, alpha=0.05, method="wilson")
        yield {"successes": successes, "trials": trials, "low": float(low), "high": float(high)}


def holm_cases():
    for p in [[0.04], [0.01, 0.04, 0.03], [0.5, 0.5, 0.5], [0.001, 0.2, 0.02, 0.02, 0.9],
              rng.random(20).round(3).tolist()]:
        yield {"p_values": p, "adjusted": multipletests(p, method="holm")[1].tolist()}


golden = {
    "cases": list(cases()),
    "mcnemar": list(mcnemar_cases()),
    "wilson": list(wilson_cases()),
    "holm": list(holm_cases()),
}
lines = []
for key, entries in golden.items():
    body = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
    lines.append(f'"{key}": [\n{body}\n]')
target = Path(__file__).with_name("classification.json")
target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
