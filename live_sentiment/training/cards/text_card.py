"""The card beside the trained text weights: what they were measured to do, and where they fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import psutil

from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.training.evaluation.text_evaluation import HIGHEST_ERROR

LICENCES = {
    "meld": "sitcom dialogue (Poria et al. 2019); GPL-3.0",
    "goemotions": "Reddit comments, grouped as Ekman did (Demszky et al. 2020); CC BY 4.0",
    "semeval2017_sentiment": "tweets (Rosenthal et al. 2017); research use",
    "sst2": "film reviews (Socher et al. 2013); research use",
}
"""What the corpora are, and their licences as far as they could be verified."""

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

_BESIDE = """To stand beside, since MELD's test set was looked at before: the first head shipped, on the
frozen encoder, had weighted F1 57.1 and 67.3 as written, 48.4 and 57.3 plain, 47.3 and 54.8 on beginnings; a
single seed of a shorter training 59.7 and 68.9 as written; and these very weights, with a prior that was
chosen by the calibration error of all forms together, 60.6 and 69.0, at a calibration error of 5.3 for
emotions as written, upon which the error as written was taken to choose by. Nothing else was chosen by these
looks. Published: RoBERTa fine-tuned on MELD, five times as large, 62.0 and 72.1; BERT on
GoEmotions in Ekman's groups, macro F1 62.6."""

_CARD = """# {name}: what words say

Seven emotions ({emotions}) and polarity ({polarities}) from an utterance and from any beginning of it.
{how} On its {hidden_size} numbers, the mean over the tokens and over the upper half of the layers, sits a
head ({inner}). File: {megabytes:.1f} MB.

## What it was measured to do

{choice} In %. "Plain" is lower case without punctuation; "beginnings" are cut after a random word, half of
them plain, and judged by the label of the whole. "In context" reads up to {context} utterances before the
text with it, at most 32 tokens. Where texts have several labels, a class counts as named from a threshold of
its own on, chosen on the development set, and macro F1 is the mean of the classes' F1, neutral among them.

{tables}

Recall of what ships on {reference} test, as written:

{recalls}

{beside}

A word takes {alone:.1f} ms, with context {in_context:.1f} ms: one text at a time, float32, beginnings of a
sentence of ten words, each the quickest of twenty times, while {load:.0f} programs wanted {cores} cores; on a
core of its own it is less. The changes of the weights cost no time.

## Probabilities

softmax(evidence / T + log prior), T {emotion_temperature:.2f} for emotions and {polarity_temperature:.2f}
for polarity, fitted on the development set of {reference} in all forms together.
In training each corpus's own class balance was taken out (logit adjustment); the prior put in is that of
{reference}, to the power of {emotion_prior_exponent:.2g} for emotions and {polarity_prior_exponent:.2g} for
polarity: the powers with the best weighted F1 on its development set among those that keep the calibration
error there within {highest_error:.0f} %.

{priors}

This is a choice for everyday talk, most of which is neutral; fusion divides it out. A beginning is judged
by how such utterances went on, so an open one stays near the prior.

## Trained on

| corpus | texts | what it is, and its licence as far as verified |
|---|---|---|
{corpora}

Official splits. {tuning}
To train it again, on these or on texts of your own:

    live-sentiment train text --data FOLDER --output FILE{flags}

The weights inherit the question of the corpora's licences, research use among them; whoever needs certainty
retrains.

## Limits

- English. Sitcom dialogue, Reddit, tweets and film reviews: no talk that was not written or posted first.
- Words only. Its context was the utterances of several speakers in turn; a
  session's is the sentences that it heard.
- Much of what it knows of emotion in dialogue is punctuation: compare "as written" with "plain".
- Rare emotions give way to neutral under the prior of everyday talk: see the recalls of fear and disgust.
- Negation and irony are often taken at their words.
- Labels are what annotators thought a writer or an actor meant, by the habits of American English speakers.
"""


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
    text = _CARD.format(
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
        beside=_BESIDE if reference == "meld" else "",
        alone=word_ms[0],
        in_context=word_ms[1],
        load=max(psutil.getloadavg()[0], 1),
        cores=psutil.cpu_count() or 1,
        **{name: metadata[name] for name in _CALIBRATION},
        highest_error=100 * HIGHEST_ERROR,
        priors="\n\n".join(
            _table(["", *names], [["prior", *(f"{one:.3f}" for one in metadata[key])]])
            for names, key in ((EMOTIONS, "emotion_prior"), (POLARITIES, "polarity_prior"))
        ),
        corpora="\n".join(
            f"| {name} | {count} | {LICENCES.get(name, 'of your own')} |"
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
            yield f"{corpus}, test split, {kind}:\n\n" + _table(["", *forms], rows)


def _mean(mean_and_deviation: Sequence[float]) -> str:
    mean, deviation = mean_and_deviation
    return f"{100 * mean:.1f} ± {100 * deviation:.1f}"


def _recalls(kinds: Mapping[str, Any]) -> str:
    tables = []
    for forms in kinds.values():
        recalls = forms["as written"].get("recalls")
        if recalls:
            tables.append(
                _table(["", *recalls], [["recall", *(f"{100 * one:.1f}" for one in recalls.values())]])
            )
    return "\n\n".join(tables) or "none measured."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _wrapped(text: str) -> str:
    """The text with its paragraphs in lines of one width."""
    return (
        "\n\n".join(
            part if part.lstrip("\n").startswith(("#", "|", "- ", "    ")) else fill(part, _WIDTH)
            for part in text.rstrip().split("\n\n")
        )
        + "\n"
    )
