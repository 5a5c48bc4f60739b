"""The training itself, on a handful of made-up pictures."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.core.types import EMOTIONS
from live_sentiment.models.face_expression import ExpressionNet
from live_sentiment.training.data.face_align import cached_alignments, find_alignments
from live_sentiment.training.data.face_data import VOTES, FacePictures
from live_sentiment.training.tasks.face import (
    Faces,
    Recipe,
    Trainer,
    draw_weights,
    drawn_distribution,
    scores,
    started_from,
    validation_score,
)

RECIPE = Recipe(epochs=2, batch=16, low_resolution_share=0.5, seed=3)


def striped(count: int = 48) -> FacePictures:
    """Pictures that a network can tell apart: joy has bright upper halves, anger bright left halves."""
    rng = np.random.default_rng(0)
    images = rng.integers(60, 120, (count, 48, 48)).astype(np.uint8)
    images[::2, :24] += 100
    images[1::2, :, :24] += 100
    votes = np.zeros((count, len(VOTES)), np.uint8)
    votes[::2, VOTES.index("happiness")] = 10
    votes[1::2, VOTES.index("anger")] = 10
    return FacePictures(images, votes)


def faces(count: int = 48) -> Faces:
    return Faces.of(striped(count), np.tile(np.eye(2, 3, dtype=np.float32), (count, 1, 1)))


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.average.state_dict().items()}


def alike(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_classes_are_drawn_by_the_stated_power_of_their_frequency() -> None:
    soft = torch.zeros(100, 7)
    soft[:90, 0], soft[90:, 1] = 1, 1
    share = {}
    for balance in (0.0, 0.5, 1.0):
        drawn = draw_weights(soft, balance)
        share[balance] = float(drawn[90:].sum() / drawn.sum())
    assert share == pytest.approx({0.0: 0.1, 0.5: 0.25, 1.0: 0.5})
    np.testing.assert_allclose(drawn_distribution(soft, 0.5)[:2], [0.75, 0.25], rtol=1e-5)


def test_validation_counts_rare_emotions_like_frequent_ones() -> None:
    lazy, fair = np.array([[90, 0], [10, 0]]), np.array([[80, 10], [2, 8]])
    assert validation_score(fair) > validation_score(lazy)


def test_it_learns() -> None:
    trainer = Trainer(
        faces(), dataclasses.replace(RECIPE, epochs=12, low_resolution_share=0.0), bfloat16=False
    )
    losses = [trainer.run_epoch() for _ in range(12)]
    assert losses[-1] < losses[0] / 2
    right = scores(trainer.average.net, faces().crops()).argmax(axis=1) == faces().labels.numpy()
    assert right.mean() > 0.9


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    whole = Trainer(faces(), RECIPE, bfloat16=False)
    whole.run_epoch()
    whole.run_epoch()
    first = Trainer(faces(), RECIPE, bfloat16=False)
    first.run_epoch()
    torch.save(first.state(), tmp_path / "state.pt")
    second = Trainer(faces(), RECIPE, bfloat16=False)
    second.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    second.run_epoch()
    assert second.epoch == 2
    assert alike(weights(whole), weights(second))


def test_the_second_head_learns_what_the_teacher_says() -> None:
    """The teacher calls bright upper halves sad: its head follows, the annotators' does not."""
    opinions = torch.zeros(48, 7)
    opinions[::2, EMOTIONS.index("sadness")] = 1
    opinions[1::2, EMOTIONS.index("anger")] = 1
    taught = dataclasses.replace(faces(), opinions=opinions)
    trainer = Trainer(
        taught, dataclasses.replace(RECIPE, epochs=12, low_resolution_share=0.0), bfloat16=False
    )
    for _ in range(12):
        trainer.run_epoch()
    trainer.average.eval()
    with torch.inference_mode():
        own, second = (found.argmax(dim=1) for found in trainer.average(taught.crops()))
    assert (own == taught.labels).float().mean() > 0.9
    assert (second == opinions.argmax(dim=1)).float().mean() > 0.9


def test_without_a_teacher_its_head_stays_as_it_was() -> None:
    trainer = Trainer(faces(), dataclasses.replace(RECIPE, weight_decay=0.0), bfloat16=False)
    before = trainer.model.second.weight.detach().clone()
    trainer.run_epoch()
    assert torch.equal(trainer.model.second.weight, before)


def test_a_deeper_network_goes_on_from_a_shallower_one_without_a_step() -> None:
    torch.manual_seed(0)
    shallow, deep = ExpressionNet(depths=(1, 1, 1)).eval(), ExpressionNet(depths=(1, 2, 2))
    deep = started_from(deep, shallow.state_dict()).eval()
    with torch.inference_mode():
        torch.testing.assert_close(deep(faces(4).crops()), shallow(faces(4).crops()))


@pytest.mark.parametrize("other", [{"widths": (4, 6, 8, 10)}, {"depths": (1, 3, 3)}])
def test_weights_of_another_network_are_no_start(other: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="another network"):
        started_from(ExpressionNet(), ExpressionNet(**other).state_dict())


def test_the_seed_decides() -> None:
    def train(seed: int) -> dict[str, torch.Tensor]:
        trainer = Trainer(faces(), dataclasses.replace(RECIPE, seed=seed), bfloat16=False)
        trainer.run_epoch()
        return weights(trainer)

    assert alike(train(3), train(3))
    assert not alike(train(3), train(4))


def test_the_state_of_another_recipe_is_refused() -> None:
    state = Trainer(faces(), RECIPE, bfloat16=False).state()
    with pytest.raises(ValueError, match="other settings"):
        Trainer(faces(), dataclasses.replace(RECIPE, seed=9), bfloat16=False).restore(state)


def test_bfloat16_trains_too() -> None:
    trainer = Trainer(faces(), RECIPE, bfloat16=True)
    assert np.isfinite(trainer.run_epoch())
    assert trainer.validate(faces().crops(), faces().labels).sum() == 48


def test_steps_are_told() -> None:
    told: list[tuple[int, int]] = []
    Trainer(faces(), RECIPE, bfloat16=False).run_epoch(lambda step, steps, loss: told.append((step, steps)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_face_that_is_found_is_aligned_and_the_others_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from live_sentiment.models.face_detector import Detection
    from live_sentiment.perception.face.align import TEMPLATE
    from live_sentiment.training.data import face_align

    calls = []

    def find(canvas: np.ndarray) -> list[Detection]:
        calls.append(canvas.shape)
        inside = canvas[64:-64, 64:-64].mean()
        in_picture = TEMPLATE + np.array([2.0, -1.0])
        on_canvas = (in_picture + 0.5) * 4 - 0.5 + 64
        return [Detection((0, 0, 1, 1), on_canvas.astype(np.float32), 0.9)] if inside > 100 else []

    monkeypatch.setattr(face_align, "FaceDetector", lambda *arguments: find)
    images = np.stack([np.full((48, 48), grey, np.uint8) for grey in (200, 20)])
    maps, found = find_alignments(images, tmp_path)
    assert found == 0.5
    np.testing.assert_allclose(maps[0], [[1, 0, 2], [0, 1, -1]], atol=1e-4)
    np.testing.assert_array_equal(maps[1], np.eye(2, 3))
    assert calls == [(320, 320, 3)] * 2

    cached, _ = cached_alignments(images, tmp_path, tmp_path / "maps.npz")
    again, share = cached_alignments(images, tmp_path, tmp_path / "maps.npz")
    np.testing.assert_array_equal(cached, again)
    assert (share, len(calls)) == (0.5, 4)
    cached_alignments(images[::-1].copy(), tmp_path, tmp_path / "maps.npz")
    assert len(calls) == 6


def test_labels_are_in_our_order() -> None:
    assert {EMOTIONS[label] for label in faces().labels} == {"joy", "anger"}
