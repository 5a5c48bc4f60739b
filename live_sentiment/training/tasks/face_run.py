"""`train face` from the pictures to the shipped file: prepare, train, calibrate, test once, write."""

from __future__ import annotations

import copy
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS
from live_sentiment.models.face_expression import DEPTHS, WIDTHS, Expression, Weighed, own_tensors
from live_sentiment.models.face_familiarity import Familiarity
from live_sentiment.models.store.shipped import ShippedWeights, load_shipped, save_shipped
from live_sentiment.perception.face.align import TEMPLATE
from live_sentiment.sinks.atomic import BY_UMASK, written_aside
from live_sentiment.training.cards.face_card import write_card
from live_sentiment.training.data.face_align import cached_alignments
from live_sentiment.training.data.face_data import VOTES, FacePictures, load_ferplus
from live_sentiment.training.evaluation import metrics
from live_sentiment.training.tasks.face import (
    Faces,
    Recipe,
    Taught,
    Trainer,
    drawn_distribution,
    embeddings,
    scores,
    validation_score,
)
from live_sentiment.training.tasks.face_calibration import calibrate
from live_sentiment.training.tasks.face_finish import (
    figures,
    hardships,
    measure_face,
    round_to_half,
    second_says,
    set_calibration,
)
from live_sentiment.training.tasks.face_teacher import Teacher, cached_opinions

log = logging.getLogger(__name__)

HARDSHIPS_EVERY = 4
"""Every so many of the clear validation faces are read under hardships."""


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


@dataclass(frozen=True, slots=True)
class Help:
    """What a training may build on besides the pictures."""

    teacher: Path | None = None
    """Folder of the teacher's files; see `face_teacher`."""
    start: Path | None = None
    """Weights of an earlier run to go on from, with as many residual pairs or fewer; with no epochs they are
    only calibrated, and pooled with the teacher, anew."""


def train_face(
    data: Path,
    output: Path,
    detector: Path,
    recipe: Recipe,
    help_from: Help = Help(),
    *,
    bfloat16: bool,
    console: Console,
) -> dict[str, Any]:
    """Train, write `output` and its card beside it, and return the metadata that was written.

    What is needed to go on after an interruption lies in the folder FILE.work beside the output; a run with
    the same recipe takes it up.

    Raises:
        UsageError: the data cannot be read or lack an emotion, the folder holds a run with another recipe,
            or the teacher or the weights to start from cannot be used.
    """
    teacher = Teacher.load(help_from.teacher) if help_from.teacher else None
    start = load_shipped(str(help_from.start)) if help_from.start else None
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
            splits = _prepare(data, detector, work, bar, learnt_before=start if not recipe.epochs else None)
            if teacher and recipe.epochs:
                splits["train"] = _taught(splits["train"], teacher, work, bar, bfloat16=bfloat16)
            best = _train(splits, recipe, start, work, bar, bfloat16=bfloat16)
        return _finish(
            best, splits, recipe, teacher, start, output=output, console=bar.console, bfloat16=bfloat16
        )
    finally:
        log.removeHandler(file_log)
        file_log.close()


def _say(console: Console, line: str) -> None:
    log.info(line)
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _prepare(
    data: Path, detector: Path, work: Path, bar: Progress, learnt_before: ShippedWeights | None
) -> dict[str, Split]:
    """Every split; where nothing is learnt any more, the training pictures are only counted."""
    splits = {}
    for name, pictures in load_ferplus(data).items():
        if learnt_before and name == "train":
            maps = np.tile(np.eye(2, 3, dtype=np.float32), (len(pictures), 1, 1))
            found = float(learnt_before.metadata["data"][name]["faces_found"])
        else:
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


def _taught(split: Split, teacher: Teacher, work: Path, bar: Progress, *, bfloat16: bool) -> Split:
    """The training pictures with the teacher's opinions of them, in the framing they come in."""
    faces = split.usable
    task = bar.add_task("the teacher's opinions", total=len(faces))
    opinions = cached_opinions(
        teacher,
        faces.images.numpy(),
        work / "opinions.npz",
        lambda done: bar.update(task, completed=done),
        bfloat16=bfloat16,
    )
    bar.remove_task(task)
    return replace(split, usable=replace(faces, opinions=torch.from_numpy(opinions)))


def _train(
    splits: dict[str, Split],
    recipe: Recipe,
    start: ShippedWeights | None,
    work: Path,
    bar: Progress,
    *,
    bfloat16: bool,
) -> Taught:
    """The moving average at the epoch that validates best."""
    try:
        own = own_tensors(start) if start else None
        trainer = Trainer(splits["train"].usable, recipe, own, bfloat16=bfloat16)
    except ValueError as error:
        raise UsageError(f"cannot go on from {start and start.name}: {error}") from error
    valid = splits["valid"].usable
    crops = {"aligned": valid.crops(), "plain": valid.crops(aligned=False)}
    checkpoint = work / "checkpoint.pt"
    best: Taught = copy.deepcopy(trainer.average)
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
        with written_aside(checkpoint, mode=BY_UMASK) as aside:
            torch.save(state, aside)
    return best


def _finish(
    best: Taught,
    splits: dict[str, Split],
    recipe: Recipe,
    teacher: Teacher | None,
    start: ShippedWeights | None,
    *,
    output: Path,
    console: Console,
    bfloat16: bool,
) -> dict[str, Any]:
    train, valid = splits["train"], splits["valid"]
    before = start.metadata if start and not recipe.epochs else None
    trained_under = (
        np.array(before["prior"], np.float32)
        if before
        else drawn_distribution(train.usable.soft_labels, recipe.balance)
    )
    clear = valid.every.select(torch.from_numpy(valid.pictures.clear))
    crops = clear.crops()
    round_to_half(best.net)
    weighed = Weighed(best.net.eval())
    if teacher:
        weighed.second = teacher.net
        weighed.familiarity = Familiarity.of(embeddings(best.net, crops, bfloat16=bfloat16))
    calibration = calibrate(
        scores(best.net, crops, bfloat16=bfloat16),
        clear.labels.numpy(),
        train.usable.soft_labels.mean(dim=0).numpy(),
        trained_under,
        second_says(weighed, crops, bfloat16=bfloat16),
    )
    set_calibration(weighed.net, calibration)
    weighed.set_prior(calibration.prior)
    metadata: dict[str, Any] = {
        "part": "face",
        "labels": list(EMOTIONS),
        "temperature": calibration.temperature,
        "prior": [float(value) for value in calibration.prior],
        "prior_exponent": calibration.exponent,
        "balance": [float(value) for value in calibration.balance],
        "widths": list(WIDTHS),
        "depths": list(DEPTHS),
        "input": "48 x 48 grey, aligned by five landmarks",
        "template": TEMPLATE.tolist(),
        "seed": before["seed"] if before else recipe.seed,
        "familiar_up_to": weighed.familiarity and list(weighed.familiarity.bounds),
        "pooling": weighed.second and weighed.pooling.as_dict(),
        "recipe": before["recipe"] if before else asdict(recipe),
        "teacher": teacher and teacher.sha256,
        "start_epochs": before["start_epochs"] if before else start and start.metadata["recipe"]["epochs"],
        "calibrated_again": before is not None,
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
        metadata[name] = figures(weighed, split.pictures, split.every, calibration, bfloat16=bfloat16)
        for kind in ("clear", "all"):
            part = metadata[name][kind]
            _say(
                console,
                f"{name}, {kind} faces: accuracy {part['accuracy']:.1%}, "
                f"mean recall {part['mean_recall']:.1%}, calibration error {part['calibration_error']:.1%} "
                f"of {part['samples']}",
            )
    some = clear.select(torch.arange(len(clear)) % HARDSHIPS_EVERY == 0)
    metadata["hardships"] = hardships(weighed, some, bfloat16=bfloat16)
    save_shipped(output, weighed.tensors(), metadata)
    speed = measure_face(Expression(load_shipped(str(output)), torch.device("cpu")))
    _say(
        console,
        f"one face through the network, {speed['threads']:.0f} thread(s): "
        f"{speed['p50_ms']:.1f} ms (p95 {speed['p95_ms']:.1f} ms)",
    )
    write_card(output.with_suffix(".md"), metadata, speed, output.stat().st_size)
    return metadata
