"""Writes test/goldens/metrics.json: scikit-learn's, scipy's, statsmodels' and torchmetrics' numbers on made-up answers.

Needs Python with `scikit-learn`, `scipy`, `statsmodels` and `torchmetrics`:
    python scripts/goldens/metrics.py            the golden file
    python scripts/goldens/metrics.py --check    compares instead of writing
"""

import json
import math
import random
import sys
import warnings
from pathlib import Path

import numpy
import scipy
import sklearn
import statsmodels
import torchmetrics
from scipy.stats import bootstrap, pearsonr, spearmanr
from sklearn.metrics import accuracy_score, confusion_matrix, matthews_corrcoef, precision_recall_fscore_support
from statsmodels.stats.proportion import proportion_confint
from torchmetrics.functional.text import squad

PATH = Path(__file__).resolve().parents[2] / "test/goldens/metrics.json"
warnings.filterwarnings("ignore")  # scikit-learn and scipy warn where a share of nothing is asked for
draw = random.Random(7)


def classes(count, examples, right):
    labels = [draw.randrange(count) for _ in range(examples)]
    return labels, [label if draw.random() < right else draw.randrange(count) for label in labels]


CLASSIFICATIONS = {
    "two classes": (2, *classes(2, 60, 0.6)),
    "four classes": (4, *classes(4, 90, 0.5)),
    "ten classes, few examples": (10, *classes(10, 12, 0.3)),
    "all right": (3, [0, 1, 2, 2, 1], [0, 1, 2, 2, 1]),
    "all wrong": (2, [0, 1, 1, 0], [1, 0, 0, 1]),
    "one class only": (2, [1, 1, 1, 1], [1, 1, 1, 1]),
    "one class, half of them missed": (2, [1, 1, 1, 1], [1, 0, 1, 0]),
    "constant predictions": (2, [0, 1, 1, 0, 1], [0, 0, 0, 0, 0]),
    "constant predictions of a class that is never right": (3, [0, 1, 1, 0, 1], [2, 2, 2, 2, 2]),
    "a class that is neither label nor prediction": (4, [0, 1, 3, 0], [0, 3, 3, 1]),
    "one example": (2, [1], [0]),
}


def numbers(count, noise, levels):
    a = [draw.gauss(0, 1) for _ in range(count)]
    b = [x + noise * draw.gauss(0, 1) for x in a]
    rounded = (lambda x: round(x * levels) / levels) if levels else (lambda x: x)
    return [rounded(x) for x in a], [rounded(x) for x in b]


CORRELATIONS = {
    "strong": numbers(40, 0.3, None),
    "weak": numbers(40, 3, None),
    "many ties": numbers(60, 0.8, 1),
    "two numbers": ([1, 2], [5, 3]),
    "a line": ([1, 2, 3, 4], [2, 4, 6, 8]),
    "monotone, not a line": ([1, 2, 3, 4, 5], [1, 8, 27, 64, 125]),
    "one side constant": ([1, 2, 3], [4, 4, 4]),
    "both sides constant": ([1, 1, 1], [4, 4, 4]),
    "large offset": ([1e9 + x for x in (0, 1, 2, 5)], [3, 1, 4, 1]),
}

PROPORTIONS = [(0, 1), (1, 1), (0, 10), (10, 10), (1, 2), (3, 7), (50, 100), (999, 1000), (1234, 98765)]

ANSWERS = [
    ("The cat sat.", "the cat sat"),
    ("a dog, an owl and the end", "dog owl and end"),
    ("in 1889", "1889"),
    ("in the year of 1889 in Paris, in Paris", "in Paris in 1889"),
    ("", "something"),
    ("something", ""),
    ("the", "a"),
    ("e-mail (daily)", "email daily"),
    ("$5.00", "5 00"),
    ("anthem", "them"),
    ("  many\tspaces\nhere ", "many spaces here"),
    ("yes yes yes", "yes"),
    ("no", "yes"),
]


def plain(value):
    return None if math.isnan(value) else float(value)


def classification(name, count, labels, predictions):
    def scores(average, **options):
        precision, recall, f1, _ = precision_recall_fscore_support(
            labels, predictions, average=average, zero_division=0, **options
        )
        return {"precision": float(precision), "recall": float(recall), "f1": float(f1)}

    return {
        "name": name,
        "classes": count,
        "labels": labels,
        "predictions": predictions,
        "confusion": confusion_matrix(labels, predictions, labels=range(count)).tolist(),
        "accuracy": float(accuracy_score(labels, predictions)),
        "second": scores("macro", labels=[1]),
        "macro": scores("macro"),
        "micro": scores("micro"),
        "matthews": float(matthews_corrcoef(labels, predictions)),
    }


def correlation(name, a, b):
    return {
        "name": name,
        "a": a,
        "b": b,
        "pearson": plain(pearsonr(a, b).statistic),
        "spearman": plain(spearmanr(a, b).statistic),
    }


def answer(given, expected):
    score = squad(
        {"prediction_text": given, "id": "1"}, {"answers": {"answer_start": [0], "text": [expected]}, "id": "1"}
    )
    return {"given": given, "expected": expected, "match": bool(score["exact_match"] == 100), "f1": float(score["f1"]) / 100}


def percentile():
    values = [draw.gauss(3, 2) for _ in range(173)]
    few = [3.0, 1.0, 2.0]
    return [{"values": v, "interval": numpy.percentile(v, [2.5, 97.5]).tolist()} for v in (values, few, [4.0])]


def bootstraps():
    """With scipy's own draws and many of them: ours must come near."""
    values = [draw.expovariate(1) for _ in range(80)]
    mean = bootstrap((values,), numpy.mean, method="percentile", n_resamples=20000, rng=1).confidence_interval
    a, b = CORRELATIONS["strong"]
    spearman = bootstrap(
        (a, b),
        lambda x, y: spearmanr(x, y).statistic,
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=5000,
        rng=1,
    ).confidence_interval
    return {
        "values": values,
        "mean": [float(mean.low), float(mean.high)],
        "spearman": [float(spearman.low), float(spearman.high)],
    }


def main():
    golden = {
        "versions": {module.__name__: module.__version__ for module in (sklearn, scipy, statsmodels, torchmetrics)},
        "classifications": [classification(name, *case) for name, case in CLASSIFICATIONS.items()],
        "correlations": [correlation(name, *case) for name, case in CORRELATIONS.items()],
        "proportions": [
            {"successes": k, "count": n, "interval": [float(x) for x in proportion_confint(k, n, method="wilson")]}
            for k, n in PROPORTIONS
        ],
        "answers": [answer(*case) for case in ANSWERS],
        "percentiles": percentile(),
        "bootstrap": bootstraps(),
    }
    text = json.dumps(golden, ensure_ascii=False, indent=1) + "\n"
    if "--check" in sys.argv:
        if text != PATH.read_text():
            sys.exit(f"{PATH} differs")
        print("equal")
    else:
        PATH.write_text(text)


main()
