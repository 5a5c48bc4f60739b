"""The card beside the trained text weights: what they were measured to do, and where they fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import psutil

from live_sentiment.core.markdown import prose, row, table
from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.training.evaluation.text_evaluation import HIGHEST_ERROR

_TEXTS = prose(__package__, "text")
_ROWS = {
    "weighted_f1": "weighted F1",
    "macro_f1": "macro F1",
    "uar": "mean recall",
    "accuracy": "accuracy",
    "leading_is_named": "leading emotion is among those named",
    "ece": "calibration error",
    "ece_uncalibrated": "calibration error before the temperature",
}

_CALIBRATION = (
    "emotion_prior_exponent",
    "emotion_temperature",
    "polarity_prior_exponent",
    "polarity_temperature",
)
_WIDTH = 118


def card(file: Path, metadata: Mapping[str, Any], word_ms: tuple[float, float], size: int) -> None:
    """Write the card of weights with this metadata.

    Args:
        file: where to.
        metadata: of the weights, as `train_text` describes them.
        word_ms: milliseconds for a word, alone and in context.
        size: of the weights' file, in bytes.
    """
    encoder, reference, inner = metadata["encoder"], metadata["reference"], metadata["inner_size"]
    tuned = "rank" in metadata
    text = _TEXTS["card"].format(
        name=file.stem,
        emotions=", ".join(EMOTIONS),
        polarities=", ".join(POLARITIES),
        how=_how_tuned(metadata) if tuned else f"The encoder is {encoder['name']}, frozen.",
        hidden_size=encoder["hidden_size"],
        inner=f"one hidden layer of {inner} units" if inner else "linear",
        megabytes=size / 1e6,
        choice=_choice(metadata),
        context=metadata.get("context_utterances", 0),
        tables="\n\n".join(_tables(metadata)),
        reference=reference,
        recalls=_recalls(metadata["test"].get(reference, {})),
        beside=_TEXTS["beside"] if reference == "meld" else "",
        alone=word_ms[0],
        in_context=word_ms[1],
        load=max(psutil.getloadavg()[0], 1),
        cores=psutil.cpu_count() or 1,
        **{name: metadata[name] for name in _CALIBRATION},
        highest_error=100 * HIGHEST_ERROR,
        priors="\n\n".join(
            table(["", *names], [["prior", *(f"{one:.3f}" for one in metadata[key])]])
            for names, key in ((EMOTIONS, "emotion_prior"), (POLARITIES, "polarity_prior"))
        ),
        corpora="\n".join(
            row([name, str(count), prose(__package__, "text", "licences").get(name, "of your own")])
            for name, count in metadata["trained_on"].items()
        ),
        tuning=_training(metadata) if tuned else "The head saw every text in a drawn form.",
        flags=_flags(metadata),
    )
    file.write_text(_wrapped(text), encoding="utf-8")


def _how_tuned(metadata: Mapping[str, Any]) -> str:
    return (
        f"The encoder is {metadata['encoder']['name']}, its linear layers changed by low-rank\n"
        f"matrices (LoRA, rank {metadata['rank']}, Hu et al. 2022) that lie in this file and are added "
        "to its weights when they load."
    )


def _choice(metadata: Mapping[str, Any]) -> str:
    """What was chosen by what, and what the test sets were read by."""
    losses = ", ".join(f"{name} {loss:.3f}" for name, loss in metadata["development_log_loss"].items())
    if metadata["seeds"] == 1:
        return (
            f"One seed was trained (log loss on {metadata['reference']}'s development set: {losses}), so the "
            "spread over seeds is not known. The test sets were read once, after the weights were written."
        )
    shared = " of the second stage, which go on from one first" if "rank" in metadata else ""
    return (
        f"Chosen by log loss on the development set of {metadata['reference']} ({losses}): "
        f"{metadata['chosen']}. The test sets were read once, after the weights were written. In brackets "
        f"mean ± standard deviation over {metadata['seeds']} seeds{shared}."
    )


def _flags(metadata: Mapping[str, Any]) -> str:
    """The options that this training was not without."""
    frozen = "" if "rank" in metadata else " --frozen"
    return frozen if metadata["seeds"] == 3 else f"{frozen} --seeds {metadata['seeds']}"


def _training(metadata: Mapping[str, Any]) -> str:
    precision = "bfloat16" if metadata["bfloat16"] else "float32"
    return (
        f"First all corpora for {metadata['broad_epochs']} epoch(s), then {metadata['reference']} with a "
        f"part of the others for {metadata['near_epochs']};\n"
        "texts in one of their forms, drawn anew each time, dialogues in part with context; AdamW, moving\n"
        f"average of the weights; trained and measured in {precision}."
    )


def _tables(metadata: Mapping[str, Any]) -> Iterator[str]:
    """One table per corpus, reading and kind of label: what ships and, of several seeds, their spread."""
    for corpus, kinds in metadata["test"].items():
        for kind, forms in kinds.items():
            over_seeds = metadata["test_over_seeds"][corpus][kind]
            names = [name for name in _ROWS if name in forms["as written"]]
            rows = [
                [
                    _ROWS[name],
                    *(
                        f"{100 * figures[name]:.1f}"
                        + (f" ({_mean(over_seeds[form][name])})" if metadata["seeds"] > 1 else "")
                        for form, figures in forms.items()
                    ),
                ]
                for name in names
            ]
            yield f"{corpus}, test split, {kind}:\n\n" + table(["", *forms], rows)


def _mean(mean_and_deviation: Sequence[float]) -> str:
    mean, deviation = mean_and_deviation
    return f"{100 * mean:.1f} ± {100 * deviation:.1f}"


def _recalls(kinds: Mapping[str, Any]) -> str:
    tables = []
    for forms in kinds.values():
        recalls = forms["as written"].get("recalls")
        if recalls:
            tables.append(
                table(["", *recalls], [["recall", *(f"{100 * one:.1f}" for one in recalls.values())]])
            )
    return "\n\n".join(tables) or "none measured."


def _wrapped(text: str) -> str:
    """The text with its paragraphs in lines of one width."""
    return (
        "\n\n".join(
            part if part.lstrip("\n").startswith(("#", "|", "- ", "    ")) else fill(part, _WIDTH)
            for part in text.rstrip().split("\n\n")
        )
        + "\n"
    )
