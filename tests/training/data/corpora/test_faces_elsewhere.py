"""Faces that choose and test: their index, their groups, and people who never change halves."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS
from live_sentiment.training.data.corpora import read_corpus
from live_sentiment.training.data.corpora.faces_elsewhere import halves
from live_sentiment.training.data.splits import check_no_leak
from tests.helpers.paper_data import write_posed
from tests.helpers.places import DATA, needs_data


def test_people_are_halved_alike_wherever_they_come_in_the_index() -> None:
    people = [f"person {number}" for number in range(21)]
    given = halves(people)
    assert halves([*reversed(people), *people]) == given
    assert sorted(given.values()).count("validation") == 11
    # The order is seeded: it is not that of the names.
    assert {given[name] for name in people[:11]} == {"validation", "test"}


def test_posed_faces_with_their_groups(tmp_path: Path) -> None:
    write_posed(tmp_path / "face" / "more" / "taiwan")
    corpus = read_corpus("taiwan", tmp_path / "face")
    assert len(corpus.samples) == 28
    assert corpus.dropped == {"label x": 4}
    check_no_leak(corpus)
    assert len(corpus.of("validation").samples) == len(corpus.of("test").samples) == 14
    first = corpus.samples[0]
    assert first.groups == {"raters": "agree", "sex": "women", "performance": "FACS"}
    assert first.picture is not None
    # RGB, as a sample's pictures are: the red channel was written as the brightest.
    assert first.picture.shape == (96, 96, 3)
    assert first.picture[..., 0].mean() > first.picture[..., 2].mean() + 20
    assert {EMOTIONS[int(np.argmax(one.emotions))] for one in corpus.samples} == set(EMOTIONS)  # type: ignore[arg-type]


def test_the_index_of_another_collection_is_not_taken_for_it(tmp_path: Path) -> None:
    write_posed(tmp_path / "more" / "taiwan")
    with pytest.raises(UsageError, match="lfw-expr: not found"):
        read_corpus("lfw-expr", tmp_path)


def test_a_picture_that_is_none_is_named(tmp_path: Path) -> None:
    write_posed(tmp_path)
    (tmp_path / "0.png").write_bytes(b"none")
    with pytest.raises(UsageError, match=r"cannot read the picture .*0\.png"):
        read_corpus("taiwan", tmp_path)


def test_a_collection_with_one_label_a_picture(tmp_path: Path) -> None:
    folder = tmp_path / "more" / "lfw_expr"
    folder.mkdir(parents=True)
    rows = ["file\tlabel\temotion\tperson"]
    for number, (label, emotion) in enumerate((("happiness", "joy"), ("contempt", ""), ("anger", "anger"))):
        cv2.imwrite(str(folder / f"{number}.png"), np.zeros((8, 8), np.uint8))
        rows.append(f"{number}.png\t{label}\t{emotion}\tn{number}")
    (folder / "index.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    corpus = read_corpus("lfw-expr", tmp_path)
    assert [one.key for one in corpus.samples] == ["lfw-expr/0.png", "lfw-expr/2.png"]
    assert corpus.dropped == {"label contempt": 1}


@needs_data
def test_the_collections_at_hand_are_halved_by_person() -> None:
    sizes = {}
    for name in ("taiwan", "lfw-expr"):
        corpus = read_corpus(name, DATA / "face")
        check_no_leak(corpus)
        sizes[name] = tuple(len(corpus.of(split).samples) for split in ("validation", "test"))
    assert sizes == {"taiwan": (480, 456), "lfw-expr": (773, 801)}
