"""Reading FERPlus in both of its forms, and what becomes of the votes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS
from live_sentiment.training.data.face_data import SPLITS, VOTES, FacePictures, load_ferplus
from tests.helpers.places import DATA, needs_data


def pictures(*ballots: dict[str, int]) -> FacePictures:
    votes = np.array([[ballot.get(name, 0) for name in VOTES] for ballot in ballots], np.uint8)
    return FacePictures(np.zeros((len(votes), 48, 48), np.uint8), votes)


def images(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 48)).astype(np.uint8)


def test_votes_become_a_distribution_in_our_order_without_stray_ones() -> None:
    (soft,) = pictures({"happiness": 6, "surprise": 2, "fear": 1, "contempt": 1}).soft_labels
    assert dict(zip(EMOTIONS, soft.tolist(), strict=True)) == pytest.approx(
        dict.fromkeys(EMOTIONS, 0) | {"joy": 0.75, "surprise": 0.25}
    )


def test_a_picture_with_stray_votes_only_is_even() -> None:
    (soft,) = pictures({"happiness": 1, "anger": 1, "unknown": 8}).soft_labels
    np.testing.assert_allclose(soft, 1 / 7)


def test_what_is_usable_and_what_is_clear() -> None:
    found = pictures(
        {"anger": 6, "disgust": 4},
        {"anger": 5, "disgust": 5},
        {"contempt": 6, "anger": 4},
        {"NF": 10},
        {"unknown": 4, "fear": 3, "neutral": 3},
    )
    assert found.usable.tolist() == [True, True, False, False, False]
    assert found.clear.tolist() == [True, False, False, False, False]
    assert EMOTIONS[found.labels[0]] == "anger"


def test_both_forms_say_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "packed").mkdir()
    (tmp_path / "tables").mkdir()
    rows, ballots = [], []
    for seed, (split, usage) in enumerate(SPLITS.items()):
        faces, votes = images(3, seed), rng.integers(0, 5, (3, 10)).astype(np.uint8)
        np.savez(tmp_path / "packed" / f"ferplus_{split}.npz", images=faces, votes=votes)
        for number, (image, vote) in enumerate(zip(faces, votes, strict=True)):
            rows.append({"emotion": 0, "pixels": " ".join(map(str, image.ravel())), "Usage": usage})
            name = f"fer{seed}{number}.png"
            ballots.append({"Usage": usage, "Image name": name, **dict(zip(VOTES, vote, strict=True))})
        rows.append({"emotion": 0, "pixels": " ".join(["0"] * 2304), "Usage": usage})
        ballots.append({"Usage": usage, "Image name": "", **dict.fromkeys(VOTES, 0)})
    for name, table in (("fer2013.csv", rows), ("fer2013new.csv", ballots)):
        with (tmp_path / "tables" / name).open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(table[0]))
            writer.writeheader()
            writer.writerows(table)
    packed, tables = load_ferplus(tmp_path / "packed"), load_ferplus(tmp_path / "tables")
    assert list(packed) == list(tables) == ["train", "valid", "test"]
    for split in SPLITS:
        np.testing.assert_array_equal(packed[split].images, tables[split].images)
        np.testing.assert_array_equal(packed[split].votes, tables[split].votes)


def test_tables_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text(f"emotion,pixels,Usage\n0,{' '.join(['0'] * 2304)},Training\n")
    header = f"Usage,Image name,{','.join(VOTES)}"
    (tmp_path / "fer2013new.csv").write_text(f"{header}\nPublicTest,a.png,{','.join(['1'] * 10)}\n")
    with pytest.raises(UsageError, match="same order"):
        load_ferplus(tmp_path)


def test_a_folder_without_pictures_is_told_what_to_hold(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ferplus_train\.npz.*fer2013new\.csv"):
        load_ferplus(tmp_path)


@pytest.mark.parametrize(
    "arrays", [{"images": images(2, 0)}, {"images": images(2, 0), "votes": np.zeros((3, 10))}]
)
def test_a_broken_file_is_named(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    for split in SPLITS:
        np.savez(tmp_path / f"ferplus_{split}.npz", **arrays)
    with pytest.raises(UsageError, match=r"ferplus_train\.npz"):
        load_ferplus(tmp_path)


@needs_data
def test_the_real_corpus_has_its_official_sizes() -> None:
    splits = load_ferplus(DATA / "face")
    assert {name: len(split) for name, split in splits.items()} == {
        "train": 28558,
        "valid": 3579,
        "test": 3573,
    }
    assert int(splits["test"].usable.sum()) == 3573 - 27 - 27 - 1
