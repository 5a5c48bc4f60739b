"""The card that lies beside the expression network's weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from live_sentiment.core.types import EMOTIONS
from live_sentiment.models.face_pooling import Pooling
from live_sentiment.training.tasks.face_calibration import ENOUGH

_CARD = """\
# face-expression: what a face shows

Seven emotions ({labels}) from
one grey crop of a face, 48 × 48 px, and an embedding of {dim} numbers for fusion. A stem and three stages of
plain 3 × 3 convolutions ({widths} channels; {depths} residual pairs), trained
from chance; `live_sentiment/models/face_expression.py` is the whole network. {size_mb:.1f} MB, weights in
16 bits.{second}

## What it was measured to do

FERPlus, official splits, seven classes. The epoch, the class prior, the offsets and the temperature were
chosen on the validation faces; the test faces were looked at once, after all choices. In %.

| faces | split | pictures | accuracy | mean recall | calibration error | in the corpus's balance |
|---|---|---|---|---|---|---|
{rows}

Calibration error: 15 equal bins of the leading probability, first of the probabilities as they come out, then
converted from the prior stated below to the balance of the clear validation faces.

"Clear" faces have one emotion with more than half of the ten votes; "all" have one that leads, however
narrowly. Where aligned, the detector's landmarks bring the face into the framing of the training, as in the
analysis of a video; "as they come" shows the untouched picture to the network. "Majority" is the protocol of
FERPlus's authors: single votes are dropped, then an emotion must have more than half. Published figures
(VGG13: 84.99) count contempt as an eighth class; this network does not know it and always misses it. Read so:
accuracy {majority_accuracy:.1f}, mean recall {majority_recall:.1f} of {majority_samples} majority test faces,
and accuracy {eight_accuracy:.1f}, mean recall {eight_recall:.1f} of all {eight_samples} on which one of the
eight leads.

Recall on clear test faces:

| | {class_names} |
|---|{class_rules}|
| recall | {class_recalls} |
| faces | {class_counts} |

Confusion on clear test faces, row what the annotators saw, column what the network says:

| | {class_names} |
|---|{class_rules}|
{confusion}

Other cameras, imitated on every fourth clear validation face (aligned), one condition at a time:

| condition | accuracy | mean recall |
|---|---|---|
{hardships}

One face takes {p50:.1f} ms of processor time (p95 {p95:.1f} ms) on {threads:.0f} thread(s), float32, eager
torch, on the CPU that trained it, beside whatever else ran there, as `live-sentiment train face` prints it.

## Probabilities

Temperature {temperature:.3f}, with an offset per class in the last bias, both fitted on the clear validation
faces to the emotion most annotators named. The probabilities hold under the class distribution below: the
training frequencies to the power {exponent:.2f}, the flattest of 21 that keeps the accuracy on clear
validation faces at {enough:.1%} or more. Where emotions come in other proportions, divide it out, as fusion
does (approximately: a second opinion's own prior is not known). A probability is the chance that most
annotators would name the emotion, not that the person feels it.

| | {class_names} |
|---|{class_rules}|
| prior | {prior} |

Polarity is the sum over the emotions: negative is sadness, anger, fear and disgust; positive is joy; neutral
is neutral and surprise. Valence and arousal are not predicted here.

## Data and licences

FER2013 pictures (ICML 2013 challenge; collected by an image search; **research use**) with the FERPlus votes
(Barsoum et al. 2016, MIT). {data}. Whoever may not use weights that come from research data retrains on
pictures of their own in the same form with the command below. Landmarks come from YuNet (MIT).{teacher}

## Limits and bias

- It reads expressions, not minds: posed and felt look alike, and many feelings do not show.
- Annotators, not the people pictured, made the labels, from a single grey picture of 48 px.
- FER2013's people are those an image search returned in 2013: age, skin tone and culture are unbalanced and
  unlabelled. Faces unlike these are read worse, East Asian ones much worse: docs/results.md, by group.
- Disgust, fear and contempt are rare: {disgust} clear test faces show disgust and {fear} fear, so their
  recall is known only roughly. Contempt is not among the classes.
- Speech moves the mouth: single frames of a talking face are read less well than the mean over seconds.
- Turned heads, hands before the face, masks and strong light from one side cost accuracy; the quality score
  says so, and fusion weights by it.

## Training again

{commands}

Soft labels from the votes; classes drawn by the power {draw:.2g} of their frequency; SGD with a cosine
schedule{schedule}; moving average of the weights. Pictures
are turned, shifted, zoomed, stretched, mirrored, blurred, sharpened, reduced, lit from one side, over- and
underexposed, made noisy and covered in part. Colour needs none of that: the network sees luminance alone.
"""


_SECOND = """
Beside it the file holds a second, small network that others trained (see "Data and licences"). Its opinion
counts {low:.0%} for a face like those the first one learnt from and up to {high:.0%} for one unlike them
(by the Mahalanobis distance of the embedding); the embedding is the first one's alone. It sees {window},
and its scores are divided by {second_temperature:g}. For a face unlike the known ones the first one's class
prior is divided out to the power {prior_out:g}, since it says "neutral" of what it does not know. The
temperature is {cold:g} times the fitted one for a familiar face and {hot:g} times for an unfamiliar one."""

_TEACHER = """

The second network is the expression network of face-api (npm package @vladmandic/face-api 1.7.15, **MIT**,
of Vladimir Mandic and, as face-api.js, Vincent Mühler; `model/face_expression_model.bin`, SHA-256
{sha256}), dequantised and otherwise unchanged.
Its authors do not say which pictures it learnt from. It helps twice: a head beside the annotators', for
training only, learnt to say what it says of the training pictures; and it gives the second opinion. What
that counts was chosen by reading one half of the people of two collections that taught nothing (`taiwan`:
posed, Taiwanese performers; `lfw-expr`: news photographs) beside validation faces; docs/results.md has the
figures of the other half, group by group. Without --teacher, training and file go without it. Its licence:

> MIT License. Copyright (c) Vladimir Mandic. Permission is hereby granted, free of charge, to any
> person obtaining a copy of this software and associated documentation files (the "Software"), to deal
> in the Software without restriction, including without limitation the rights to use, copy, modify,
> merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to
> whom the Software is furnished to do so, subject to the following conditions: The above copyright
> notice and this permission notice shall be included in all copies or substantial portions of the
> Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED,
> INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
> NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
> OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
> CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""

_COMMAND = (
    "    live-sentiment train face --data FOLDER --output FILE.safetensors --epochs {epochs} --seed {seed}"
)


_CALIBRATED_AGAIN = """\
What such a run wrote was then calibrated, and pooled with the second opinion, once more, without learning
(a run by this version of the code does both at its end):

    live-sentiment train face --data FOLDER --output NEW.safetensors --epochs 0 --start FILE.safetensors \\
        --teacher NODE_PACKAGE/model"""


def write_card(file: Path, metadata: Mapping[str, Any], speed: Mapping[str, float], size_bytes: int) -> None:
    """Write the card, in Markdown, from the metadata of the weights."""
    test, recipe = metadata["test"], metadata["recipe"]
    clear = test["clear"]
    support = [sum(row) for row in clear["confusion"]]
    text = _CARD.format(
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
            f"| {name} | {' | '.join(map(str, row))} |"
            for name, row in zip(EMOTIONS, clear["confusion"], strict=True)
        ),
        hardships="\n".join(
            f"| {name} | {100 * one['accuracy']:.1f} | {100 * one['mean_recall']:.1f} |"
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
        teacher=_TEACHER.format(sha256=metadata["teacher"]) if metadata["teacher"] else "",
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
    return _SECOND.format(
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
        f"| {shown} | {split} | {part['samples']} | {100 * part['accuracy']:.1f} | "
        f"{100 * part['mean_recall']:.1f} | {100 * part['calibration_error']:.1f} | "
        f"{100 * part['calibration_error_rebalanced']:.1f} |"
        for split in ("test", "valid")
        for kind, shown in kinds.items()
        for part in [metadata[split][kind]]
    ]


def _commands(metadata: Mapping[str, Any]) -> str:
    """The commands that made the weights, one after the other."""
    recipe = metadata["recipe"]
    last = _COMMAND.format(epochs=recipe["epochs"], seed=recipe["seed"])
    if metadata["teacher"]:
        last += " \\\n        --teacher NODE_PACKAGE/model"
    if metadata["start_epochs"]:
        first = _COMMAND.format(epochs=metadata["start_epochs"], seed=recipe["seed"])
        last = f"{first.replace('FILE', 'FIRST')}\n{last} --start FIRST.safetensors"
    return f"{last}\n\n{_CALIBRATED_AGAIN}" if metadata["calibrated_again"] else last


def _schedule(metadata: Mapping[str, Any]) -> str:
    """How the resolution went, in the words of the card."""
    recipe, before = metadata["recipe"], metadata["start_epochs"]
    low = (
        f", the first {recipe['low_resolution_share']:.0%} of the epochs at {recipe['low_resolution_px']} px"
    )
    again = f"; {recipe['epochs']} epochs that went on from {before} of an earlier network"
    return (low if recipe["low_resolution_share"] else "") + (again if before else "")
