from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES, FloatArray, Modality
from live_sentiment.training.data.samples import Corpus, Sample, Span, Split
from live_sentiment.training.experiments.joint import AsTheyAre, SyntheticPairs, holds_all, put_together


def emotion(name: str) -> FloatArray:
    return np.eye(len(EMOTIONS), dtype=np.float32)[EMOTIONS.index(name)]


def polarity(name: str) -> FloatArray:
    return np.eye(len(POLARITIES), dtype=np.float32)[POLARITIES.index(name)]


def words(*names: str, split: Split = "train") -> Corpus:
    return Corpus(
        "words",
        "none",
        [
            Sample(f"w{number}", split, text=f"{name} text", emotions=emotion(name))
            for number, name in enumerate(names)
        ],
    )


def voices(*names: str, split: Split = "train") -> Corpus:
    return Corpus(
        "voices",
        "none",
        [
            Sample(f"v{number}", split, sound=Span(Path(f"{name}.wav")), emotions=emotion(name))
            for number, name in enumerate(names)
        ],
    )


def pairs(corpora: list[Corpus], *, balanced: bool = True, count: int = 400) -> SyntheticPairs:
    modalities: tuple[Modality, ...] = ("text", "voice")
    return SyntheticPairs.of(
        corpora, "train", modalities, label="emotions", balanced=balanced, pairs=count, seed=1
    )


def test_both_halves_of_a_pair_carry_its_label() -> None:
    drawn = pairs([words("joy", "anger", "joy"), voices("anger", "joy")]).epoch(0)
    assert len(drawn) == 400
    for joint in drawn:
        assert joint.sample.text is not None
        assert joint.sample.sound is not None
        name = joint.sample.text.split()[0]
        assert joint.sample.sound.path.stem == name
        assert joint.sample.emotions is not None
        assert EMOTIONS[int(joint.sample.emotions.argmax())] == name
    assert {joint.parts["text"] for joint in drawn} == {"words/w0", "words/w1", "words/w2"}


def test_an_epoch_is_a_function_of_its_number() -> None:
    source = pairs([words("joy", "anger", "joy"), voices("anger", "joy")])
    assert [one.sample.key for one in source.epoch(3)] == [one.sample.key for one in source.epoch(3)]
    assert [one.sample.key for one in source.epoch(3)] != [one.sample.key for one in source.epoch(4)]


@pytest.mark.parametrize(("balanced", "share"), [(True, 0.5), (False, 0.75)])
def test_classes_come_alike_or_as_often_as_in_the_first_modality(balanced: bool, share: float) -> None:
    drawn = pairs(
        [words("joy", "joy", "joy", "anger"), voices("anger", "joy")], balanced=balanced, count=4000
    )
    joyful = [one.sample.text == "joy text" for one in drawn.epoch(0)]
    assert np.mean(joyful) == pytest.approx(share, abs=0.03)


def test_what_a_modality_has_no_sample_of_is_left_out_and_named() -> None:
    source = pairs([words("joy", "anger", "fear"), voices("anger", "joy", "neutral")])
    assert set(source.left_out) == set(EMOTIONS) - {"joy", "anger"}
    assert {one.sample.text for one in source.epoch(0)} == {"joy text", "anger text"}


def test_samples_of_other_splits_are_not_drawn() -> None:
    source = pairs(
        [
            words("joy", "anger"),
            voices("anger", "joy"),
            words("fear", split="test"),
            voices("fear", split="test"),
        ]
    )
    assert "fear" in source.left_out


def test_an_empty_modality_is_an_error_that_names_it() -> None:
    with pytest.raises(UsageError, match="the modality voice is empty"):
        pairs([words("joy", "anger")])


def test_pairs_of_one_class_are_an_error() -> None:
    with pytest.raises(UsageError, match="have 1 in common"):
        pairs([words("joy", "anger"), voices("joy")])


def test_labels_of_a_pair_are_the_mean_of_those_there_are() -> None:
    one = Sample("a", "train", text="x", polarity=polarity("positive"), emotions=emotion("joy"), score=3.0)
    other = Sample(
        "b",
        "train",
        sound=Span(Path("b.wav")),
        polarity=(polarity("positive") + polarity("neutral")) / 2,
        valence_arousal=np.array([0.5, np.nan], np.float32),
    )
    joined = put_together({"text": ("c/a", one), "voice": ("d/b", other)}, "polarity").sample
    assert joined.polarity is not None
    np.testing.assert_allclose(joined.polarity, [0, 0.25, 0.75])
    assert joined.emotions is None
    assert joined.score == 3.0
    np.testing.assert_array_equal(joined.valence_arousal, np.array([0.5, np.nan], np.float32))
    assert joined.key == "c/a + d/b"


def test_samples_as_they_are_come_once_in_an_epoch() -> None:
    corpus = words("joy", "anger", "joy", "fear", "neutral", "sadness")
    source = AsTheyAre.of([corpus], "train", ("text", "voice"), 0)
    keys = [one.sample.key for one in source.epoch(0)]
    assert sorted(keys) == sorted(sample.key for sample in corpus.samples)
    assert keys != [one.sample.key for one in source.epoch(1)]
    assert holds_all(corpus, ("text",))
    assert not holds_all(corpus, ("text", "voice"))
