"""Fits how often pieces made from a recording's kit agree with it as closely: the numbers of `src/scan/same_kit.rs`.

    PYTHONPATH=scripts python3 -B -m lib.same_kit CACHE...

Each CACHE has been the folder of `scripts/negatives --kinds programmed --cache CACHE`. Prints the weights of a logistic
regression of copies against findings in pieces that hold nothing of the catalogue, and the share of such pieces that reaches each
score.
"""

import json
import sys
from pathlib import Path

import numpy as np

from lib import accusing, metrics

NAMES = ("item", "own_absent", "sub_fingerprints", "pitched", "rival", "seconds", "nats_a_second")
SHARES = (0.6, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
# As `PITCHED_OCTAVES` of `src/scan/examine.rs`.
PITCHED_CENTS = 24
PENALTY = 1.0


def measured(finding: dict) -> list[float]:
    """The measurements of a finding, as the program weighs them."""
    explained = finding["explained"]
    measures = explained["measures"]
    seconds = max(measures["seconds"], 1.0)
    is_pitched = abs(finding["pitch_cents"]) > PITCHED_CENTS
    return [
        explained["item_share"],
        min(measures["own_absent_share"], 1.0),
        0.0 if is_pitched else measures["sub_fingerprint_share"],
        float(is_pitched),
        min(measures["rival_score_share"], 1.5),
        np.log(seconds),
        np.log1p(measures["score_beyond"] / seconds),
    ]


def items(cache: Path) -> list[tuple[bool, list[list[float]]]]:
    """Of each copy and each item that holds nothing: whether it is a copy, and its findings measured."""
    corpus = accusing.Corpus.load("programmed", cache / "programmed", 1)
    found = []
    with open(cache / "negatives" / "run" / "programmed" / "scan.jsonl") as lines:
        for record in map(json.loads, lines):
            role, piece, _ = Path(record["item"]["path"]).stem.split("__")
            findings = [f for f in record["findings"] if f["false_alarm_probability"] < 1e-3]
            if role == "copy":
                findings = [f for f in findings if metrics.recording_id(f) == piece]
            elif role == "held-out":
                known = corpus.shared | corpus.backing
                alike = [f for f in findings if (piece, metrics.recording_id(f)) in known]
                if any(f["verdict"] == "match" for f in alike):
                    continue
                findings = [f for f in findings if f not in alike]
            else:
                continue
            found.append((role == "copy", [measured(f) for f in findings]))
    return found


def fitted(values: np.ndarray, is_copy: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and constant of a logistic regression with a small penalty, by Newton's method."""
    mean, deviation = values.mean(0), values.std(0) + 1e-9
    scaled = np.c_[(values - mean) / deviation, np.ones(len(values))]
    penalty = PENALTY * np.r_[np.ones(values.shape[1]), 0.0]
    weights = np.zeros(scaled.shape[1])
    for _ in range(60):
        told = 1.0 / (1.0 + np.exp(-scaled @ weights))
        slope = scaled.T @ (told - is_copy) + penalty * weights
        curve = (scaled.T * (told * (1.0 - told))) @ scaled + np.diag(penalty) + 1e-9 * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    unscaled = weights[:-1] / deviation
    return unscaled, float(weights[-1] - unscaled @ mean)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    found = [item for cache in sys.argv[1:] for item in items(Path(cache))]
    values = np.array([value for _, of_item in found for value in of_item])
    is_copy = np.array([float(copy) for copy, of_item in found for _ in of_item])
    weights, constant = fitted(values, is_copy)
    weights, constant = weights.round(1), round(constant, 1)
    for name, weight in zip(NAMES, weights):
        print(f"{name} {weight:.1f}")
    print(f"constant {constant:.1f}")
    best = [max((float(np.dot(weights, v) + constant) for v in of), default=-99.0) for copy, of in found if not copy]
    print(f"{len(best)} items that hold nothing, {int(is_copy.sum())} copies")
    for share in SHARES:
        print(f"{share:g} reach {np.quantile(best, 1.0 - share):.2f}")


if __name__ == "__main__":
    main()
