"""Splits by speaker, and the refusal of those that leak one."""

from __future__ import annotations

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.training.data.samples import SPLITS, Corpus, Sample
from live_sentiment.training.data.splits import carve_validation, check_no_leak, divide


def corpus(*samples: Sample) -> Corpus:
    return Corpus("Talk", "ours", samples)


def spoken(speakers: int, clips: int) -> Corpus:
    return corpus(
        *(Sample(f"{who}-{n}", speaker=f"s{who}", text="hm") for who in range(speakers) for n in range(clips))
    )


def whose(one: Corpus) -> dict[str, set[str]]:
    return {split: {sample.speaker for sample in one.of(split).samples} for split in SPLITS}


def test_speakers_are_divided_and_none_twice():
    divided = divide(spoken(20, 5), seed=3)
    parts = whose(divided)
    assert sum(map(len, parts.values())) == 20
    assert {split: len(speakers) for split, speakers in parts.items()} == {
        "train": 14,
        "validation": 3,
        "test": 3,
    }
    assert whose(divide(spoken(20, 5), seed=3)) == parts
    assert whose(divide(spoken(20, 5), seed=4)) != parts


def test_uneven_speakers_fill_the_shares():
    samples = [
        Sample(f"{who}-{n}", speaker=f"s{who}", text="x") for who in range(12) for n in range(1 + who * 7)
    ]
    sizes = {split: len(divide(corpus(*samples), 0).of(split).samples) for split in SPLITS}
    assert min(sizes.values()) > 0
    assert 0.55 < sizes["train"] / sum(sizes.values()) < 0.85


def test_official_splits_stay_and_the_unknown_are_each_their_own():
    official = corpus(Sample("a", "test", "eve", text="x"), Sample("b", "train", "adam", text="x"))
    assert divide(official, 0).samples == official.samples
    anonymous = divide(corpus(*(Sample(str(n), text="x") for n in range(100))), 0)
    assert len(anonymous.of("train").samples) == 70


def test_too_few_speakers_are_refused():
    with pytest.raises(UsageError, match="Talk: 2 speakers cannot be divided into train, validation, test"):
        divide(spoken(2, 5), 0)


def test_a_leak_names_corpus_and_speaker():
    leaky = corpus(Sample("a", "train", "eve", text="x"), Sample("b", "test", "eve", text="x"))
    with pytest.raises(UsageError, match=r"Talk: speaker eve is in train and in test \(there with b\)"):
        check_no_leak(leaky)
    half = corpus(*spoken(4, 2).samples, Sample("c", "train", "s1", text="x"))
    with pytest.raises(UsageError, match="speaker s1"):
        for seed in range(8):
            divide(half, seed)


def test_validation_is_carved_out_of_training_alone():
    samples = [*divide(spoken(20, 5), 0, {"train": 0.8, "test": 0.2}).samples]
    before, after = corpus(*samples), carve_validation(corpus(*samples), 0.25, 1)
    assert whose(before)["test"] == whose(after)["test"]
    assert len(whose(after)["validation"]) == 4
    assert carve_validation(after, 0.25, 2) is after
