"""The command as a user types it, on real clips: words, faces, expressions, silence, the same story twice."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import live_sentiment
from live_sentiment.core.types import EMOTIONS, MODALITIES
from live_sentiment.fusion.fuser import EMOTION_PRIOR
from live_sentiment.models.store.store import ModelStore
from live_sentiment.perception.speech.wer import word_error_rate
from tests.helpers.places import MEDIA, needs_media

pytestmark = [needs_media, pytest.mark.media, pytest.mark.models, pytest.mark.timeout(900)]

SPOKEN = ("address_20s_450p25.mp4", "speech_8s_512p25.mp4")
GRID = {
    "bbaf2n": "bin blue at f two now",
    "brbk7n": "bin red by k seven now",
    "lbax4n": "lay blue at x four now",
    "lbbc2a": "lay blue by c two again",
    "lrwp9a": "lay red with p nine again",
}
ACTED = {"happy": "joy", "sad": "sadness", "surprised": "surprise"}
"""Silent clips: what the actor was asked to show, and its name here."""


@dataclass
class Analysed:
    """What the command left of one clip."""

    outcome: dict[str, Any]
    lines: list[dict[str, Any]]
    folder: Path

    @property
    def points(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["type"] == "point"]

    @property
    def text(self) -> str:
        return " ".join(word["text"] for point in self.points for word in point["words"])


def replay(clips: Sequence[Path], output: Path, *options: str) -> dict[str, Analysed]:
    command = [sys.executable, "-m", "live_sentiment", "replay", *map(str, clips)]
    command += ["--output", str(output), "--no-dashboard", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr}"
    analysed = {}
    for clip, printed in zip(clips, done.stdout.splitlines(), strict=True):
        folder = output / clip.stem
        lines = [json.loads(line) for line in (folder / "timeline.jsonl").read_text().splitlines()]
        analysed[clip.stem] = Analysed(json.loads(printed), lines, folder)
    return analysed


@pytest.fixture(scope="module")
def clips() -> list[Path]:
    grid = [MEDIA / "grid" / f"{name}.mpg" for name in GRID]
    acted = sorted((MEDIA / "expressions_silent").glob("*.mp4"))
    return [*(MEDIA / name for name in SPOKEN), MEDIA / "portrait_10s_1080x1920p25.mp4", *grid, *acted]


@pytest.fixture(scope="module")
def analysed(
    pulled: None, clips: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Analysed]:
    return replay(clips, tmp_path_factory.mktemp("first"))


def test_every_line_follows_the_published_schema(analysed: dict[str, Analysed]) -> None:
    schema = json.loads((Path(live_sentiment.__file__).parent / "sinks/timeline.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    for clip in analysed.values():
        for line in clip.lines:
            validator.validate(line)
        assert clip.lines[0]["type"] == "header"
        assert clip.lines[-1] == {**clip.lines[-1], "type": "end", "complete": True}


def test_four_points_a_second_from_beginning_to_end(analysed: dict[str, Analysed]) -> None:
    for clip in analysed.values():
        times = [point["time"] for point in clip.points]
        assert times == [pytest.approx(0.25 * tick) for tick in range(1, len(times) + 1)]
        cut_off = any(line["type"] == "event" and line["kind"] == "truncated" for line in clip.lines)
        assert cut_off or abs(times[-1] - clip.lines[0]["source"]["duration"]) < 0.5


def test_a_file_that_is_shorter_than_it_says_is_noticed(analysed: dict[str, Analysed]) -> None:
    """The sad clip itself states 6.3 s and holds 4.4 s: 110 of its 157 frames."""
    events = [line for line in analysed["mead256_sad_SILENT"].lines if line["type"] == "event"]
    assert sorted(event["kind"] for event in events) == ["level", "truncated"]  # its sound is silence
    assert [event["time"] for event in events] == pytest.approx([4.4, 4.4], abs=0.2)


def test_words_of_the_address_and_of_the_grid_sentences(analysed: dict[str, Analysed]) -> None:
    assert word_error_rate([(sentence, analysed[name].text) for name, sentence in GRID.items()]) <= 0.5


def test_words_carry_times_in_order(analysed: dict[str, Analysed]) -> None:
    words = [word for point in analysed["address_20s_450p25"].points for word in point["words"]]
    assert len(words) > 30
    assert all(word["start"] < word["end"] for word in words)
    assert all(a["end"] <= b["end"] for a, b in itertools.pairwise(words))


def test_a_face_in_at_least_95_percent_of_the_frames(analysed: dict[str, Analysed]) -> None:
    for name, clip in analysed.items():
        faces = clip.outcome["faces"]
        assert faces["with_face"] >= 0.95 * faces["frames"] > 0, name


@pytest.mark.parametrize(("acted", "emotion"), ACTED.items())
def test_acted_expressions_are_read_as_such(analysed: dict[str, Analysed], acted: str, emotion: str) -> None:
    """What the face says beyond the prior, vision alone, at most points of the clip.

    The prior is that of everyday talk, most of which is neutral: it says how often emotions come, not what
    was asked of an actor who closes his mouth between two surprises.
    """
    points = analysed[f"mead256_{acted}_SILENT"].points
    seen = np.array([[p["people"][0]["emotions"][e] for e in EMOTIONS] for p in points if p["people"]])
    led = np.bincount((seen / EMOTION_PRIOR).argmax(axis=1), minlength=len(EMOTIONS))
    assert EMOTIONS[led.argmax()] == emotion, dict(zip(EMOTIONS, led.tolist(), strict=True))


@pytest.mark.parametrize(("acted", "emotion"), [("happy", "joy"), ("sad", "sadness")])
def test_what_is_shown_all_the_time_leads_under_the_prior_too(
    analysed: dict[str, Analysed], acted: str, emotion: str
) -> None:
    points = analysed[f"mead256_{acted}_SILENT"].points
    leading = [
        max(p["people"][0]["emotions"].items(), key=lambda one: one[1])[0] for p in points if p["people"]
    ]
    assert leading.count(emotion) > 0.5 * len(leading)


@pytest.mark.parametrize("acted", ACTED)
def test_silent_clips_have_no_text_and_no_voice(analysed: dict[str, Analysed], acted: str) -> None:
    clip = analysed[f"mead256_{acted}_SILENT"]
    assert clip.text == ""
    for point in clip.points:
        assert not point["presence"]["text"]["present"]
        assert not point["presence"]["voice"]["present"]
        assert point["presence"]["voice"]["reason"] in {"no speech", "no audio track", "sound ended"}
        assert set(point["shares"]) <= {"vision"}


def test_all_three_modalities_carry_the_address(analysed: dict[str, Analysed]) -> None:
    points = analysed["address_20s_450p25"].points[16:-4]
    for modality in MODALITIES:
        assert np.mean([point["presence"][modality]["present"] for point in points]) > 0.9, modality
    assert all(sum(point["shares"].values()) == pytest.approx(1, abs=0.01) for point in points)


def test_two_runs_give_the_same_bytes(
    analysed: dict[str, Analysed], clips: list[Path], tmp_path: Path
) -> None:
    """The second run plays some of the clips, in another order and at a pace: the past must not matter."""
    some = [clip for clip in clips if clip.stem in {"lbax4n", "speech_8s_512p25", "mead256_sad_SILENT"}]
    again = replay(some[::-1], tmp_path, "--speed", "6")
    for name, clip in again.items():
        for file in ("timeline.jsonl", "transcript.vtt"):
            assert (clip.folder / file).read_bytes() == (analysed[name].folder / file).read_bytes(), name


def test_an_excerpt_keeps_the_times_of_the_file(pulled: None, tmp_path: Path) -> None:
    clip = MEDIA / SPOKEN[0]
    cut = replay([clip], tmp_path, "--start", "8", "--end", "0:12")[clip.stem]
    assert [point["time"] for point in cut.points] == [8 + 0.25 * tick for tick in range(1, 17)]
    words = [word for point in cut.points for word in point["words"]]
    assert words
    assert all(word["start"] >= 8 and word["end"] <= 12 for word in words)


def test_captions_hold_the_words(analysed: dict[str, Analysed]) -> None:
    clip = analysed["address_20s_450p25"]
    captions = (clip.folder / "transcript.vtt").read_text()
    blocks = captions.split("\n\n")
    assert blocks[0] == "WEBVTT"
    said = " ".join(line for block in blocks[1:] for line in block.splitlines()[1:])
    assert said.split() == clip.text.split()


def test_the_accurate_profile_reads_with_the_larger_model(
    model_store: ModelStore, pulled: None, tmp_path: Path
) -> None:
    model_store.path("whisper-base")
    clip = MEDIA / "grid" / "bbaf2n.mpg"
    accurate = replay([clip], tmp_path, "--profile", "accurate")[clip.stem]
    assert accurate.lines[0]["models"]["speech"] == "whisper-base"
    assert accurate.text
    assert accurate.outcome["faces"]["frames"] > 60


def test_the_cross_attention_fuser_tells_a_story_too(pulled: None, tmp_path: Path) -> None:
    clip = MEDIA / "speech_8s_512p25.mp4"
    fused = replay([clip], tmp_path, "--set", "fusion.fuser=cross-attention")[clip.stem]
    assert all(sum(point["emotions"].values()) == pytest.approx(1, abs=0.002) for point in fused.points)
