"""`train face` from the pictures to the shipped file: prepare, train, calibrate, test once, write."""

from __future__ import annotations

import copy
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from live_sentiment.errors import UsageError
from live_sentiment.perception.face.align import TEMPLATE
from live_sentiment.perception.face.expression import WIDTHS, Expression, ExpressionNet
from live_sentiment.training import metrics
from live_sentiment.training.face import Faces, Recipe, Trainer, scores, validation_score
from live_sentiment.training.face_align import cached_alignments
from live_sentiment.training.face_card import write_card
from live_sentiment.training.face_data import VOTES, FacePictures, load_ferplus
from live_sentiment.training.face_finish import calibrate, figures, hardships, measure_face, shipped_tensors
from live_sentiment.types import EMOTIONS
from live_sentiment.weights.shipped import load_shipped, save_shipped

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Split:
    """One split: all its pictures, and those of them that show an emotion, ready for the network."""

    pictures: FacePictures
    every: Faces
    """All pictures, for the figures that count the faces of other classes."""
    usable: Faces
    """Pictures on which one of EMOTIONS leads."""
    found: float
    """Share of all pictures in which the detector finds the face."""


def train_face(
    data: Path, output: Path, detector: Path, recipe: Recipe, *, bfloat16: bool, console: Console
) -> dict[str, Any]:
    """Train, write `output` and its card beside it, and return the metadata that was written.

    What is needed to go on after an interruption lies in the folder FILE.work beside the output; a run with
    the same recipe takes it up.

    Raises:
        UsageError: the data cannot be read or lack an emotion, or the folder holds a run with another recipe.
    """
    work = output.with_suffix(".work")
    work.mkdir(parents=True, exist_ok=True)
    file_log = logging.FileHandler(work / "train.log", encoding="utf-8")
    file_log.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.addHandler(file_log)
    log.setLevel(logging.INFO)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=console, transient=True
    )
    try:
        with bar:
            splits = _prepare(data, detector, work, bar)
            best = _train(splits, recipe, work, bar, bfloat16=bfloat16)
        return _finish(best, splits, recipe, output, bar.console, bfloat16=bfloat16)
    finally:
        log.removeHandler(file_log)
        file_log.close()


def _say(console: Console, line: str) -> None:
    log.info(line)
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _prepare(data: Path, detector: Path, work: Path, bar: Progress) -> dict[str, Split]:
    splits = {}
    for name, pictures in load_ferplus(data).items():
        task = bar.add_task(f"faces in {name}", total=len(pictures))
        maps, found = cached_alignments(
            pictures.images,
            detector,
            work / f"alignments_{name}.npz",
            lambda done, task=task: bar.update(task, completed=done),  # type: ignore[misc]
        )
        bar.remove_task(task)
        usable = pictures.usable
        split = Split(
            pictures, Faces.of(pictures, maps), Faces.of(pictures.select(usable), maps[usable]), found
        )
        splits[name] = split
        absent = [
            emotion
            for emotion, mass in zip(EMOTIONS, split.usable.soft_labels.sum(0), strict=True)
            if mass == 0
        ]
        if absent:
            raise UsageError(f"no {name} picture in {data} shows {' or '.join(absent)}")
        dropped = ", ".join(
            f"{int((pictures.leading == VOTES.index(other)).sum())} {other}"
            for other in ("contempt", "unknown", "NF")
        )
        _say(
            bar.console,
            f"{name}: {len(pictures)} pictures, dropped for their leading vote: {dropped}; "
            f"{len(split.usable)} left, {int(pictures.clear.sum())} of them with a clear majority; "
            f"face found in {found:.1%}",
        )
    return splits


def _train(
    splits: dict[str, Split], recipe: Recipe, work: Path, bar: Progress, *, bfloat16: bool
) -> ExpressionNet:
    """The moving average at the epoch that validates best."""
    trainer = Trainer(splits["train"].usable, recipe, bfloat16=bfloat16)
    valid = splits["valid"].usable
    crops = {"aligned": valid.crops(), "plain": valid.crops(aligned=False)}
    checkpoint = work / "checkpoint.pt"
    best: ExpressionNet = copy.deepcopy(trainer.average)
    best_score = -1.0
    if checkpoint.is_file():
        stored = torch.load(checkpoint, weights_only=True)
        try:
            trainer.restore(stored["trainer"])
        except ValueError as error:
            raise UsageError(f"{work} holds another run: {error}; remove it to start anew") from error
        best.load_state_dict(stored["best"])
        best_score = stored["best_score"]
        _say(bar.console, f"going on after epoch {trainer.epoch}")
    while trainer.epoch < recipe.epochs:
        task = bar.add_task(f"epoch {trainer.epoch + 1} of {recipe.epochs}", total=None)
        loss = trainer.run_epoch(
            lambda step, steps, loss, task=task: bar.update(task, completed=step, total=steps)  # type: ignore[misc]
        )
        bar.remove_task(task)
        confusions = {name: trainer.validate(part, valid.labels) for name, part in crops.items()}
        score = sum(map(validation_score, confusions.values())) / len(confusions)
        if score > best_score:
            best.load_state_dict(trainer.average.state_dict())
            best_score = score
        shown = "; ".join(
            f"{name}: accuracy {metrics.accuracy(confusion):.1%}, "
            f"mean recall {metrics.mean_recall(confusion):.1%}"
            for name, confusion in confusions.items()
        )
        _say(bar.console, f"epoch {trainer.epoch}: loss {loss:.4f}; validation, {shown}")
        state = {"trainer": trainer.state(), "best": best.state_dict(), "best_score": best_score}
        torch.save(state, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)
    return best


def _finish(
    net: ExpressionNet,
    splits: dict[str, Split],
    recipe: Recipe,
    output: Path,
    console: Console,
    *,
    bfloat16: bool,
) -> dict[str, Any]:
    train, valid = splits["train"], splits["valid"]
    calibration = calibrate(train.usable, valid.usable, scores(net, valid.usable.crops()), recipe.balance)
    tensors = shipped_tensors(net, calibration)
    net.load_state_dict(tensors)
    metadata: dict[str, Any] = {
        "part": "face",
        "labels": list(EMOTIONS),
        "temperature": calibration.temperature,
        "prior": [float(value) for value in calibration.prior],
        "prior_exponent": calibration.exponent,
        "widths": list(WIDTHS),
        "input": "48 x 48 grey, aligned by five landmarks",
        "template": TEMPLATE.tolist(),
        "seed": recipe.seed,
        "recipe": asdict(recipe),
        "data": {
            name: {
                "pictures": len(split.pictures),
                "usable": len(split.usable),
                "faces_found": round(split.found, 4),
            }
            for name, split in splits.items()
        },
    }
    for name in ("valid", "test"):
        split = splits[name]
        metadata[name] = figures(net, split.pictures, split.every, calibration.temperature)
        for kind in ("clear", "all"):
            part = metadata[name][kind]
            _say(
                console,
                f"{name}, {kind} faces: accuracy {part['accuracy']:.1%}, "
                f"mean recall {part['mean_recall']:.1%} of {part['samples']}",
            )
    clear = valid.pictures.clear
    faces = valid.every.select(torch.from_numpy(clear))
    metadata["hardships"] = hardships(net, faces, bfloat16=bfloat16)
    save_shipped(output, tensors, metadata)
    speed = measure_face(Expression(load_shipped(str(output)), torch.device("cpu")))
    _say(
        console,
        f"one face through the network, {speed['threads']:.0f} thread(s): "
        f"{speed['p50_ms']:.1f} ms (p95 {speed['p95_ms']:.1f} ms)",
    )
    write_card(output.with_suffix(".md"), metadata, speed, output.stat().st_size)
    return metadata
