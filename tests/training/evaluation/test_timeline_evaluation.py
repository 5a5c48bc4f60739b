"""`live-sentiment evaluate timeline`: sessions of known course, what is counted, and the command itself."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from live_sentiment.console.main import main
from live_sentiment.core.config import Config
from live_sentiment.core.types import EMOTIONS, SAMPLE_RATE_HZ, Affect, Observation, TimelinePoint, Window
from live_sentiment.models.store.store import ModelStore
from live_sentiment.runtime.stages import load_stages
from live_sentiment.training.data.voice_corpora import Clip, read_corpora
from live_sentiment.training.evaluation import timeline_sessions as sessions
from live_sentiment.training.evaluation.timeline_figures import figures, recalls, reliability, tally
from live_sentiment.training.evaluation.timeline_playing import Answers, Played, again, answers, replayed
from live_sentiment.training.evaluation.timeline_sessions import Course, Kind, Plan
from tests.helpers.places import DATA, needs_data
from tests.helpers.story import affect, emotions, window
from tests.helpers.voices import hum, silence

JOY, SADNESS = EMOTIONS.index("joy"), EMOTIONS.index("sadness")


def clips_of(*speakers: str) -> list[Clip]:
    labels = ("neutral", "calm", "happy", "sad", "angry", "boredom")
    return [
        Clip(Path(f"{speaker}-{label}-{number}.wav"), speaker.partition("-")[0], label, speaker)
        for speaker in speakers
        for label in labels
        for number in range(4)
    ]


def point(time_s: float, emotion: str) -> TimelinePoint:
    return TimelinePoint(time_s, affect(emotion, probability=0.8), emotion, {}, (), (), final=True)


def played(kind: Kind, said: list[str], course: Course, hop_s: float = 0.5) -> Played:
    points = tuple(point(hop_s * number, emotion) for number, emotion in enumerate(said, start=1))
    return Played(Plan(kind, kind, "s", "c", ()), course, (), points)


def printed(one: Played) -> Answers:
    return Answers.of(
        [point.affect.emotions for point in one.points],
        [EMOTIONS.index(point.emotion) for point in one.points],
    )


def test_nobody_develops_and_tests_and_every_corpus_does_both() -> None:
    clips = clips_of(*(f"a-{number}" for number in range(7)), *(f"b-{number}" for number in range(5)))
    development, test = (sessions.held_out(clips, split) for split in ("development", "test"))
    assert not development & test
    for split in (development, test):
        assert {speaker[0] for speaker in split} == {"a", "b"}


def test_sessions_are_of_one_speaker_and_of_what_their_kind_says() -> None:
    clips = clips_of("a-1", "a-2", "a-3")
    made = sessions.plans(clips, {"a-1", "a-2"}, tuple(sessions.KINDS), None, 0)
    assert {plan.kind for plan in made} == set(sessions.KINDS)
    for plan in made:
        assert {clip.speaker for clip in plan.clips} == {plan.speaker}
        shown = [clip.emotion for clip in plan.clips]
        assert plan.speaker != "a-3"
        if plan.kind == "neutral":
            assert set(shown) == {"neutral"}
        elif plan.kind == "changes":
            pairs = list(zip(shown[::2], shown[1::2], strict=True))
            assert all(first == second for first, second in pairs)
            assert all(one != other for one, other in itertools.pairwise(pairs))
        else:
            assert len(set(shown)) == 1
    assert made == sessions.plans(clips, {"a-2", "a-1"}, tuple(sessions.KINDS), None, 0)
    assert len(sessions.plans(clips, {"a-1", "a-2"}, ("clips", "neutral"), 1, 0)) == 2


def test_an_emotion_begins_with_the_voice_and_not_with_the_silence_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sounds = {
        "happy": np.concatenate((silence(0.5), hum(1.0))),
        "sad": np.concatenate((silence(1.0), hum(1.0))),
    }
    monkeypatch.setattr(sessions, "read_sound", lambda file: sounds[file.stem])
    clips = tuple(Clip(Path(label), "a", label, "a-1") for label in ("happy", "happy", "sad"))
    sound, course = sessions.play(Plan("changes", "n", "a-1", "a", clips), 0)
    assert len(sound) == round(course.length_s * SAMPLE_RATE_HZ)
    assert course.length_s == pytest.approx(1.5 + 0.3 + 1.5 + 0.3 + 2.0)
    assert course.emotions.tolist() == [JOY, SADNESS]
    assert course.onsets_s == pytest.approx([0.5, 4.6], abs=0.1)
    assert course.at(np.array([0.1, 2.0, 4.0, 5.0])).tolist() == [-1, JOY, JOY, SADNESS]
    noisy, same = sessions.play(Plan("noise", "n", "a-1", "a", clips), 0)
    assert len(noisy) == len(sound)
    assert np.abs(noisy - sound).max() > 0.01
    assert same.onsets_s.tolist() == course.onsets_s.tolist()


def test_a_change_is_followed_after_a_delay_and_the_first_two_seconds_are_not_judged() -> None:
    course = Course(np.array([0.0, 4.0, 8.0]), np.array([JOY, SADNESS, JOY]), 10.0)
    said = ["sadness"] * 3 + ["joy"] * 6 + ["sadness"] * 3 + ["anger"] * 8
    one = played("changes", said, course)
    counted = tally(one, printed(one))
    assert counted.confusion.sum() == 17  # 2.0 to 10.0 s
    found = figures([counted])
    assert found["accuracy"] == pytest.approx(7 / 17)  # joy until 3.5 s, sadness from 5 to 6 s
    assert counted.delays_s.tolist() == [1.0, 2.0]  # the second never: as long as it lasts
    assert found["followed"] == 0.5
    assert found["delay_p50"] == pytest.approx(1.5)
    assert found["flips"] == pytest.approx(2 / (8 / 60))
    assert found["confidence"] == pytest.approx(0.8)
    assert found["ece"] == pytest.approx(abs(0.8 - 7 / 17))
    assert recalls([counted])["sadness"] == pytest.approx(3 / 8)
    (only,) = reliability([counted])
    assert (only["points"], only["accuracy"]) == (17, pytest.approx(7 / 17))


def test_false_emotion_is_the_share_of_neutral_talk_in_which_one_is_printed() -> None:
    course = Course(np.array([0.2]), np.array([0]), 6.0)
    one = played("neutral", ["neutral"] * 6 + ["joy"] * 3 + ["neutral"] * 3, course)
    found = figures([tally(one, printed(one))])
    assert found["false"] == pytest.approx(3 / 9)
    assert np.isnan(found["delay_p50"])


def test_of_a_clip_by_itself_the_last_point_is_judged() -> None:
    course = Course(np.array([0.5]), np.array([SADNESS]), 1.5)
    one = played("clips", ["neutral", "neutral", "sadness"], course)
    found = figures([tally(one, printed(one))])
    assert (found["accuracy"], found["uar"]) == (1.0, 1.0)
    assert np.isnan(found["flips"])


def test_each_stage_is_asked_about_the_same_window() -> None:
    def fusion(asked: Window, person: int | None) -> Affect:
        return affect("joy" if asked.observations.get("text") else "sadness")

    said = Observation("text", 0.2, np.zeros(2, np.float32), emotions("joy"), np.full(3, 1 / 3, np.float32))
    spoken = replace(window(1), observations={"text": (said,)})
    one = Played(
        Plan("clips", "", "s", "c", ()),
        Course(np.array([0.0]), np.array([0]), 1.0),
        ((spoken, None),),
        (point(0.25, "anger"),),
    )
    leading = {name: EMOTIONS[int(said.leading[0])] for name, said in answers(one, fusion).items()}
    assert leading["fused"] == "joy"
    assert leading["wordless"] == "sadness"
    assert leading["printed"] == "anger"


@needs_data
@pytest.mark.models
@pytest.mark.timeout(300)
def test_the_same_windows_give_the_points_that_were_published(
    tmp_path: Path, model_store: ModelStore
) -> None:
    """What variants are measured by is what a session publishes."""
    for name in ("whisper-tiny.en", "all-minilm-l6-v2", "yunet-2023mar"):
        model_store.path(name)
    config = Config()
    stages = load_stages(config, model_store)
    clips = read_corpora(DATA)
    (plan,) = sessions.plans(clips, {"ravdess-07"}, ("sustained",), 1, 0)
    one = replayed(plan, config, stages, tmp_path, 0)
    assert len(one.windows) == len(one.points) > 30
    other = again(one, stages.fusion, config)
    for mine, theirs in zip(one.points, other.points, strict=True):
        assert mine.emotion == theirs.emotion
        np.testing.assert_array_equal(mine.affect.emotions, theirs.affect.emotions)


@needs_data
@pytest.mark.models
@pytest.mark.timeout(300)
def test_the_command_measures_a_slice(
    tmp_path: Path, model_store: ModelStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("whisper-tiny.en", "all-minilm-l6-v2", "yunet-2023mar"):
        model_store.path(name)
    command = ["evaluate", "timeline", "--data", str(DATA), "--limit", "1", "--kinds", "sustained", "clips"]
    command += ["--shipped-voice", "--compare", "timeline.emotion_filter=none", "--device", "cpu", "--json"]
    assert main([*command, "--output", str(tmp_path / "out")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((tmp_path / "out" / "timeline.json").read_text(encoding="utf-8"))
    assert told["facts"]["split"] == "development"
    assert "has heard every speaker" in told["notes"][0]
    variants = {row["variant"] for row in told["rows"]}
    assert variants == {"", "timeline.emotion_filter=none"}
    stages = {row["stage"] for row in told["rows"] if row["kind"] == "clips" and not row["variant"]}
    assert stages == {"voice", "wordless", "fused", "filtered", "printed"}
    for row in told["rows"]:
        assert 0 <= row["figures"]["accuracy"][0] <= 1
    table = (tmp_path / "out" / "timeline.md").read_text(encoding="utf-8")
    assert "**clips: every clip as a file of its own; 1 sessions**" in table
    assert "| **printed** |" in table


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], "no clip of RAVDESS, EmoDB or nEMO below"),
        (["--split", "validation"], "has the splits development and test"),
        (["--limit", "0"], "--limit takes a number from 1 on"),
        (["--compare", "timeline.emotion_filtre=none"], "did you mean 'timeline.emotion_filter'"),
    ],
)
def test_wrong_use_is_said(
    more: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", "timeline", "--data", str(tmp_path), "--output", str(tmp_path / "out")]
    assert main([*command, *more]) == 2
    assert message in capsys.readouterr().err
