"""Sessions, folds and heads on embeddings whose structure is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.core.types import EMOTIONS
from live_sentiment.training.augment.acoustic_conditions import STUDIO
from live_sentiment.training.data.voice_sessions import (
    ImaginedSessions,
    Labelled,
    folds,
    join,
    play,
    statistics,
)
from live_sentiment.training.evaluation.voice_evaluation import Material, calibrate, hold_out, unknown_corpora
from live_sentiment.training.tasks.voice_head import Schedule, train, uar

QUICK = Schedule(steps=80, batch=64, dropout=0.3)


def corpus(name: str, speakers: int, clips: int, seed: int, dim: int = 24) -> Labelled:
    """Windows of three per clip: what the class adds is the same for all, what the speaker adds is larger."""
    random = np.random.default_rng(seed)
    of_class = np.random.default_rng(99).normal(0, 1, (7, dim))
    rows = [
        (speaker, clip, window) for speaker in range(speakers) for clip in range(clips) for window in range(3)
    ]
    speaker, clip, window = np.array(rows).T
    label = clip % 7
    embedding = of_class[label] + random.normal(0, 3, (speakers, dim))[speaker]
    return Labelled(
        names=EMOTIONS,
        embedding=(embedding + random.normal(0, 0.3, embedding.shape)).astype(np.float32),
        label=label,
        speaker=np.array([f"{name}-{number}" for number in speaker]),
        corpus=np.full(len(label), name),
        clip=speaker * 1000 + clip + 100_000 * seed,
        neutral=label == 0,
        speech_s=(0.5 * (window + 1)).astype(np.float32),
        new_speech_s=np.full(len(label), 0.5, np.float32),
        last=window == 2,
        place=np.full(len(label), STUDIO),
    )


DATA = join((corpus("a", 6, 28, 1), corpus("b", 5, 14, 2)))
COPY = replace(DATA, embedding=DATA.embedding + 3, place=np.full(len(DATA), "copy 0")).where(DATA.last)


@given(st.integers(2, 6), st.integers(0, 99))
def test_no_speaker_is_on_both_sides(count: int, seed: int) -> None:
    parts = folds(DATA, count, seed)
    assert (np.sum(parts, axis=0) == 1).all(), "every window is held out once"
    for held in parts:
        assert not set(DATA.speaker[held]) & set(DATA.speaker[~held])
    if count <= 5:
        assert all(set(DATA.corpus[held]) == {"a", "b"} for held in parts)


def test_weights_balance_classes_and_corpora() -> None:
    some = DATA.where((DATA.label != 5) | (DATA.corpus == "a"))
    weights = some.weights()
    assert weights.sum() == pytest.approx(1)
    for label in range(7):
        assert weights[some.label == label].sum() == pytest.approx(1 / 7)
    assert weights[(some.label == 2) & (some.corpus == "b")].sum() == pytest.approx(1 / 14)


def test_statistics_weigh_corpora_and_speakers_alike() -> None:
    mean, deviation = statistics(DATA)
    means = [
        np.mean(
            [DATA.embedding[DATA.speaker == s].mean(0) for s in np.unique(DATA.speaker[DATA.corpus == c])],
            axis=0,
        )
        for c in "ab"
    ]
    np.testing.assert_allclose(mean, np.mean(means, axis=0), atol=1e-5)
    assert (deviation < 2).all(), "between speakers it would be about three"


def test_the_first_thing_said_knows_nothing_of_the_rest() -> None:
    mean, deviation = statistics(DATA)
    whole = play(DATA, mean, deviation, "first", 0)
    one = DATA.clip == DATA.clip[30]
    np.testing.assert_array_equal(play(DATA.where(one), mean, deviation, "first", 5), whole[one])


def test_a_session_takes_the_speaker_off() -> None:
    mean, deviation = statistics(DATA)

    def between_speakers(normalised: np.ndarray) -> float:
        late = DATA.last & (DATA.corpus == "a")
        means = [normalised[late & (DATA.speaker == f"a-{number}")].mean(0) for number in range(6)]
        return float(np.std(means, axis=0).mean())

    first, session = (play(DATA, mean, deviation, mode, 0) for mode in ("first", "session"))
    assert between_speakers(session) < 0.6 * between_speakers(first)


def test_imagined_sessions_draw_what_the_weights_say() -> None:
    sessions = ImaginedSessions(DATA, *statistics(DATA), seed=3)
    embedding, label, possible = sessions.batch(4000)
    assert possible.all()
    assert embedding.shape == (4000, 24)
    share = torch.bincount(label, minlength=7) / 4000
    assert (share - 1 / 7).abs().max() < 0.03
    again = ImaginedSessions(DATA, *statistics(DATA), seed=3)
    torch.testing.assert_close(again.batch(4000)[0], embedding, rtol=0, atol=0)
    sessions.renew()
    again.renew()
    torch.testing.assert_close(again.batch(100)[0], sessions.batch(100)[0], rtol=0, atol=0)


def test_a_head_reads_speakers_it_never_heard() -> None:
    held = folds(DATA, 4, 0)[0]
    head = train(DATA.where(~held), 0, QUICK)
    others = DATA.where(held)
    assert uar(head.logits(others, "session", 0), others, others.last) > 0.4, "chance is 0.14"
    again = train(DATA.where(~held), 0, QUICK)
    np.testing.assert_array_equal(head.weight, again.weight)


def test_training_leaves_the_random_state_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(DATA, 0, replace(QUICK, steps=2))
    torch.testing.assert_close(torch.rand(3), expected)


def test_a_class_that_a_corpus_lacks_is_no_wrong_answer() -> None:
    lacking = DATA.where((DATA.corpus == "a") | (DATA.label != 3))
    assert [bool(classes[3]) for classes in lacking.possible().values()] == [True, False]
    _, label, possible = ImaginedSessions(lacking, *statistics(lacking), seed=0).batch(500)
    assert possible[torch.arange(500), label].all()
    assert not possible[:, 3].all()


def test_copies_weigh_as_much_as_the_studio() -> None:
    joined = join((DATA, COPY))
    weights = joined.weights()
    assert weights[joined.place == "copy 0"].sum() == pytest.approx(0.5)
    assert len(set(joined.voices())) == 2 * len(set(DATA.speaker))


def test_offline_takes_the_whole_session_off() -> None:
    mean, deviation = statistics(DATA)
    whole = play(DATA, mean, deviation, "offline", 0)
    own = DATA.speaker == "a-2"
    np.testing.assert_allclose(np.average(whole[own], axis=0, weights=DATA.new_speech_s[own]), 0, atol=1e-4)


def test_who_is_held_out_is_held_out_everywhere() -> None:
    known = Material(DATA, (COPY,), {"room": COPY})
    held = folds(DATA, 4, 0)[1]
    rest = known.without(held)
    assert not set(rest.speaker) & set(DATA.speaker[held])
    assert set(rest.place) == {STUDIO, "copy 0"}
    assert len(known.everything()) == len(DATA) + len(COPY)


def test_corpora_are_held_out_where_that_leaves_every_class() -> None:
    parts = unknown_corpora(DATA, 0)
    assert [set(DATA.corpus[held]) for held in parts] == [{"a"}, {"b"}]
    lacking = DATA.where((DATA.corpus == "a") | (DATA.label != 3))
    assert len(unknown_corpora(lacking, 0)) == 5, "without b's class 3, a cannot be held out"


def test_the_temperature_makes_confidence_honest() -> None:
    steps = []
    known = Material(DATA, (COPY,), {"room": COPY})
    found_in = hold_out(known, unknown_corpora(DATA, 0), 0, QUICK, lambda: steps.append(1))
    assert len(steps) == 2
    assert found_in.keys() == {STUDIO, "room"}
    assert found_in["room"].uar("session") > 0.3
    held_out = found_in[STUDIO]
    assert set(held_out.fold) == {0, 1}
    found = calibrate(held_out, 0)
    doubled = replace(held_out, logits={mode: 2 * scores for mode, scores in held_out.logits.items()})
    assert calibrate(doubled, 0).temperature == pytest.approx(2 * found.temperature, rel=0.01)
    assert calibrate(doubled, 0).error == pytest.approx(found.error, abs=0.01)
    assert found.by_speech.keys() == {"under 1 s", "1 to 2 s"}
