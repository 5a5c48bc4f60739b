"""The card that lies beside the expression network's weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from live_sentiment.types import EMOTIONS

_CARD = """\
# face-expression: what a face shows

Seven emotions ({labels}) from one grey crop of a face, 48 × 48 px, and an embedding of {dim} numbers for
fusion. A stem and three stages of plain 3 × 3 convolutions ({widths} channels), trained from scratch;
`live_sentiment/perception/face/expression.py` is the whole network. {size_mb:.1f} MB in float32.

## What it was measured to do

FERPlus, official splits. The epoch, the class prior and the temperature were chosen on the validation faces;
the test faces were looked at once, after all choices. In %.

| faces | split | pictures | accuracy | mean recall | calibration error |
|---|---|---|---|---|---|
{rows}

Calibration error: 15 bins, on each set as it is. It counts two differences on purpose: the probabilities are
calibrated to all the annotators' votes, so they are modest on clear faces, and to the class distribution
stated below rather than to the corpus's own.

"Clear" faces have one emotion with more than half of the ten votes; "all" have one that leads, however
narrowly. Where aligned, the detector's landmarks bring the face into the framing of the training, as in the
analysis of a video; "as they come" shows the untouched picture to the network. Counting contempt as an eighth
class that this network always misses: accuracy {eight_accuracy:.1f}, mean recall {eight_recall:.1f} of
{eight_samples} test faces.

Recall on clear test faces:

| | {class_names} |
|---|{class_rules}|
| recall | {class_recalls} |
| faces | {class_counts} |

Confusion on clear test faces, row what the annotators saw, column what the network says:

| | {class_names} |
|---|{class_rules}|
{confusion}

Other cameras, imitated on the clear validation faces (aligned), one condition at a time:

| condition | accuracy | mean recall |
|---|---|---|
{hardships}

One face takes {p50:.1f} ms (p95 {p95:.1f} ms) on {threads:.0f} thread(s), float32, eager torch, on the CPU
that trained it and beside whatever else ran there, as `live-sentiment train face` prints it at its end.

## Probabilities

Temperature {temperature:.3f}, fitted on the validation faces to the annotators' votes. The probabilities
hold under the class distribution below (the training frequencies to the power {exponent}); where emotions
come in other proportions, divide it out, as fusion does. A probability is the share of annotators who would
name the emotion, not the chance that the person feels it.

| | {class_names} |
|---|{class_rules}|
| prior | {prior} |

Polarity is the sum over the emotions: negative is sadness, anger, fear and disgust; positive is joy; neutral
is neutral and surprise. Valence and arousal are not predicted here.

## Data and licences

FER2013 pictures (ICML 2013 challenge; collected by an image search; **research use**) with the FERPlus votes
(Barsoum et al. 2016, MIT). {data}. Whoever may not use weights that come from research data retrains on
pictures of their own in the same form with the command below. Landmarks come from YuNet (MIT).

## Limits and bias

- It reads expressions, not minds: posed and felt look alike, and many feelings do not show.
- Annotators, not the people pictured, made the labels, from a single grey picture of 48 px.
- FER2013's people are those an image search returned in 2013: age, skin tone and culture are unbalanced and
  unlabelled, so no figure by group can be given. Expect faces unlike these to be read worse.
- Disgust, fear and contempt are rare: {disgust} clear test faces show disgust and {fear} fear, so their
  recall is known only roughly. Contempt is not among the classes.
- Speech moves the mouth: single frames of a talking face are read less well than the mean over seconds.
- Turned heads, hands before the face, masks and strong light from one side cost accuracy; the quality score
  says so, and fusion weights by it.

## Training again

    live-sentiment train face --data FOLDER --output FILE.safetensors --epochs {epochs} --seed {seed}

Soft labels from the votes; classes drawn by the power {draw:.2g} of their frequency; SGD with a cosine
schedule to {epochs} epochs, the first {low:.0%} at {low_px} px; moving average of the weights. Pictures
are turned, shifted, zoomed, stretched, mirrored, blurred, sharpened, reduced, lit from one side, over- and
underexposed, made noisy and covered in part. Colour needs none of that: the network sees luminance alone.
"""


def write_card(file: Path, metadata: Mapping[str, Any], speed: Mapping[str, float], size_bytes: int) -> None:
    """Write the card, in Markdown, from the metadata of the weights."""
    test, recipe = metadata["test"], metadata["recipe"]
    clear = test["clear"]
    support = [sum(row) for row in clear["confusion"]]
    text = _CARD.format(
        labels=", ".join(EMOTIONS),
        dim=metadata["widths"][-1],
        widths=", ".join(map(str, metadata["widths"])),
        size_mb=size_bytes / 1e6,
        rows="\n".join(_figure_rows(metadata)),
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
        epochs=recipe["epochs"],
        seed=recipe["seed"],
        draw=1 - recipe["balance"],
        low=recipe["low_resolution_share"],
        low_px=recipe["low_resolution_px"],
    )
    file.write_text(text, encoding="utf-8")


def _figure_rows(metadata: Mapping[str, Any]) -> list[str]:
    kinds = {"clear": "clear, aligned", "clear_plain": "clear, as they come", "all": "all, aligned"}
    return [
        f"| {shown} | {split} | {part['samples']} | {100 * part['accuracy']:.1f} | "
        f"{100 * part['mean_recall']:.1f} | {100 * part['calibration_error']:.1f} |"
        for split in ("test", "valid")
        for kind, shown in kinds.items()
        for part in [metadata[split][kind]]
    ]
