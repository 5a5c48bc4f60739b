"""The card that lies beside the expression network's weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from live_sentiment.core.markdown import prose, row
from live_sentiment.core.types import EMOTIONS
from live_sentiment.models.face_pooling import Pooling
from live_sentiment.training.tasks.face_calibration import ENOUGH

_TEXTS = prose(__package__, "face")
_MEASURED = ("accuracy", "mean_recall", "calibration_error", "calibration_error_rebalanced")
_COMMAND = (
    "    live-sentiment train face --data FOLDER --output FILE.safetensors --epochs {epochs} --seed {seed}"
)


def write_card(file: Path, metadata: Mapping[str, Any], speed: Mapping[str, float], size_bytes: int) -> None:
    """Write the card, in Markdown, from the metadata of the weights."""
    test, recipe = metadata["test"], metadata["recipe"]
    clear = test["clear"]
    support = [sum(counts) for counts in clear["confusion"]]
    text = _TEXTS["card"].format(
        labels=", ".join(EMOTIONS),
        dim=metadata["widths"][-1],
        widths=", ".join(map(str, metadata["widths"])),
        depths=", ".join(map(str, metadata["depths"])),
        size_mb=size_bytes / 1e6,
        rows="\n".join(_figure_rows(metadata)),
        majority_accuracy=100 * test["majority_eight"]["accuracy"],
        majority_recall=100 * test["majority_eight"]["mean_recall"],
        majority_samples=test["majority_eight"]["samples"],
        eight_accuracy=100 * test["eight_classes"]["accuracy"],
        eight_recall=100 * test["eight_classes"]["mean_recall"],
        eight_samples=test["eight_classes"]["samples"],
        class_names=" | ".join(EMOTIONS),
        class_rules="|".join(["---"] * len(EMOTIONS)),
        class_recalls=" | ".join(f"{100 * clear['recalls'][name]:.1f}" for name in EMOTIONS),
        class_counts=" | ".join(map(str, support)),
        confusion="\n".join(
            row([name, *map(str, counts)]) for name, counts in zip(EMOTIONS, clear["confusion"], strict=True)
        ),
        hardships="\n".join(
            row([name, *_percent(one, "accuracy", "mean_recall")])
            for name, one in metadata["hardships"].items()
        ),
        p50=speed["p50_ms"],
        p95=speed["p95_ms"],
        threads=speed["threads"],
        temperature=metadata["temperature"],
        exponent=metadata["prior_exponent"],
        prior=" | ".join(f"{value:.3f}" for value in metadata["prior"]),
        data="; ".join(
            f"{name}: {one['usable']} of {one['pictures']} pictures used, face found in "
            f"{100 * one['faces_found']:.1f} %"
            for name, one in metadata["data"].items()
        ),
        disgust=support[EMOTIONS.index("disgust")],
        fear=support[EMOTIONS.index("fear")],
        second=_second(metadata) if metadata["teacher"] else "",
        teacher=_TEXTS["teacher"].format(sha256=metadata["teacher"]) if metadata["teacher"] else "",
        commands=_commands(metadata),
        draw=1 - recipe["balance"],
        schedule=_schedule(metadata),
        enough=ENOUGH,
    )
    file.write_text(text, encoding="utf-8")


def _second(metadata: Mapping[str, Any]) -> str:
    """What the second network counts."""
    pooling = Pooling.of(metadata)
    top, bottom, left, right = pooling.window
    return _TEXTS["second"].format(
        low=pooling.shares[0],
        high=pooling.shares[1],
        window=f"rows {top} to {bottom - 1} and columns {left} to {right - 1} of the crop",
        second_temperature=pooling.second_temperature,
        prior_out=pooling.prior_out,
        cold=pooling.temperatures[0],
        hot=pooling.temperatures[1],
    )


def _figure_rows(metadata: Mapping[str, Any]) -> list[str]:
    kinds = {
        "clear": "clear, aligned",
        "clear_plain": "clear, as they come",
        "majority": "majority, aligned",
        "all": "all, aligned",
    }
    return [
        row([shown, split, str(part["samples"]), *_percent(part, *_MEASURED)])
        for split in ("test", "valid")
        for kind, shown in kinds.items()
        for part in [metadata[split][kind]]
    ]


def _percent(figures: Mapping[str, float], *names: str) -> list[str]:
    return [f"{100 * figures[name]:.1f}" for name in names]


def _commands(metadata: Mapping[str, Any]) -> str:
    """The commands that made the weights, one after the other."""
    recipe = metadata["recipe"]
    last = _COMMAND.format(epochs=recipe["epochs"], seed=recipe["seed"])
    if metadata["teacher"]:
        last += " \\\n        --teacher NODE_PACKAGE/model"
    if metadata["start_epochs"]:
        first = _COMMAND.format(epochs=metadata["start_epochs"], seed=recipe["seed"])
        last = f"{first.replace('FILE', 'FIRST')}\n{last} --start FIRST.safetensors"
    return f"{last}\n\n{_TEXTS['calibrated_again']}" if metadata["calibrated_again"] else last


def _schedule(metadata: Mapping[str, Any]) -> str:
    """How the resolution went, in the words of the card."""
    recipe, before = metadata["recipe"], metadata["start_epochs"]
    low = (
        f", the first {recipe['low_resolution_share']:.0%} of the epochs at {recipe['low_resolution_px']} px"
    )
    again = f"; {recipe['epochs']} epochs that went on from {before} of an earlier network"
    return (low if recipe["low_resolution_share"] else "") + (again if before else "")
