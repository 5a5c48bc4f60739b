"""What `kill -9` leaves of a session plays and reads, and `repair` makes it whole without changing it."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.core.types import AudioBlock, Transcript, VideoFrame
from live_sentiment.recording import remux
from live_sentiment.recording.remux import contents, is_closed
from live_sentiment.recording.repair import repair
from live_sentiment.recording.session_file import SessionFile, SessionRecord, local_now, read_session
from live_sentiment.sinks.captions import CaptionWriter
from live_sentiment.sinks.jsonl import TimelineWriter
from live_sentiment.sinks.reader import read_timeline
from live_sentiment.sources.media.media import MediaSource
from tests.helpers import victim
from tests.helpers.story import point, word

ROOT = Path(__file__).parents[2]
KILLS = 20
LOST_MS = 500
"""What docs/session.md says may be missing."""

needs_kill = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def killed(folder: Path, at_ms: int) -> int:
    """Run a session, kill it at about this session time; the time in ms up to which it had handed over."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", victim.__name__, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        reached = next(line for line in process.stdout if int(line) >= at_ms)
        process.kill()
        # Of what it printed on the way to its death the last line may be broken.
        rest = [line for line in process.stdout if line.endswith("\n")]
    return int((rest or [reached])[-1])


@pytest.fixture(scope="module")
def wreck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session killed after about 3.1 s of it."""
    folder = tmp_path_factory.mktemp("wreck")
    killed(folder, 3100)
    return folder


@pytest.fixture
def folder(tmp_path: Path, wreck: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(wreck, tmp_path / "session"))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def heard(path: Path) -> np.ndarray:
    blocks = [item for item in MediaSource(path, recording=True) if isinstance(item, AudioBlock)]
    return np.round(np.concatenate([block.samples for block in blocks]) * 32768).astype(np.int16)


def seen_ms(path: Path) -> list[int]:
    return [
        round(item.time_s * 1000)
        for item in MediaSource(path, recording=True)
        if isinstance(item, VideoFrame)
    ]


def probed(path: Path) -> str:
    """What ffprobe complains of, where there is one."""
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        return ""
    command = [ffprobe, "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    counts = [int(line.split("=")[1]) for line in done.stdout.splitlines() if "=" in line]
    assert len(counts) == 2
    assert min(counts) > 0
    return done.stderr


@needs_kill
@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_at_a_random_moment_all_but_the_last_half_second_is_there(tmp_path, seed):
    handed_ms = killed(tmp_path, random.Random(seed).randrange(1000, 4000))
    media, timeline = tmp_path / "media.mkv", tmp_path / "timeline.jsonl"
    probed(media)

    frames, samples = seen_ms(media), heard(media)
    assert frames == list(range(0, frames[-1] + 1, victim.PICTURE_MS))
    assert frames[-1] >= handed_ms - LOST_MS
    np.testing.assert_array_equal(samples, victim.sound(0, len(samples))[:, 0])
    assert len(samples) >= (handed_ms - LOST_MS) * victim.RATE_HZ / 1000
    points = read_timeline(timeline).points
    assert points[-1]["time"] * 1000 >= handed_ms - LOST_MS
    assert len(points) == round(points[-1]["time"] * 1000 / victim.TICK_MS)
    assert read_session(tmp_path).state == "recording"
    before = contents(media)

    assert repair(tmp_path)
    assert is_closed(media)
    assert contents(media) == before
    assert probed(media) == ""
    assert seen_ms(media) == frames
    np.testing.assert_array_equal(heard(media), samples)
    assert (end := read_timeline(timeline).end) is not None
    assert (end["complete"], end["points"]) == (False, len(points))
    transcript = (tmp_path / "transcript.vtt").read_text("utf-8")
    assert transcript.count("word-") == transcript.count("-->") == len(points)
    session = read_session(tmp_path)
    assert session.state == "repaired"
    assert session.duration_s >= (handed_ms - LOST_MS) / 1000
    whole = bytes_of(tmp_path)
    assert sorted(whole) == ["media.mkv", "session.json", "timeline.jsonl", "transcript.vtt"]
    assert repair(tmp_path) == []
    assert bytes_of(tmp_path) == whole


@needs_kill
def test_it_says_what_it_did(folder):
    with (folder / "timeline.jsonl").open("a") as file:
        file.write('{"type":"po')
    with (folder / "transcript.vtt").open("a") as file:
        file.write("00:01:00.000 --> 00:0")
    said = "\n".join(repair(folder))
    assert "media.mkv: gave it its length" in said
    assert "timeline.jsonl: cut off an incomplete last line of 11 bytes" in said
    assert "timeline.jsonl: added its end at 3." in said
    assert "transcript.vtt: cut off an incomplete last cue" in said
    assert 'session.json: set its state to "repaired"' in said


@needs_kill
def test_it_says_what_was_not_final_yet_and_how_to_have_it(folder):
    """With a microphone results wait for their words; the recording has what was seen and heard meanwhile."""
    timeline = folder / "timeline.jsonl"
    lines = timeline.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if b'"point"' not in line or json.loads(line)["time"] <= 1.0]
    timeline.write_bytes(b"".join(kept))
    said = "\n".join(repair(folder))
    assert re.search(r"the last 2\.\d s of results were not final yet", said)
    assert f"live-sentiment replay {folder}" in said
    assert repair(folder) == []


@needs_kill
def test_a_repaired_recording_can_be_sought(folder):
    repair(folder)
    with av.open(str(folder / "media.mkv")) as container:
        assert container.duration > 2_000_000
        container.seek(2_100_000, backward=True)
        assert next(packet.pts for packet in container.demux(video=0)) == 2000


@needs_kill
@pytest.mark.parametrize("way", ["copy differs", "disk full", "copy not closed"])
def test_the_original_stays_until_its_copy_is_proven(folder, monkeypatch, way):
    original = bytes_of(folder)
    if way == "copy differs":
        told = iter([{0: "one"}, {0: "other"}])
        monkeypatch.setattr(remux, "contents", lambda _: next(told))
    elif way == "copy not closed":
        monkeypatch.setattr(remux, "is_closed", lambda _: False)
    else:

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(remux.os, "fsync", full)
    with pytest.raises(RunError, match=r"left as it is"):
        remux.close_recording(folder / "media.mkv")
    assert bytes_of(folder) == original


@needs_kill
def test_one_file_beyond_saving_does_not_keep_the_others_from_it(folder):
    (folder / "media.mkv").write_bytes(b"not a film at all")
    with pytest.raises(RunError, match=r"media\.mkv is no Matroska file; done: timeline\.jsonl"):
        repair(folder)
    assert read_timeline(folder / "timeline.jsonl").end is not None
    assert read_session(folder).state == "recording"


@needs_kill
@pytest.mark.parametrize("left_bytes", [0, 40, 600])
def test_killed_before_anything_was_recorded(folder, left_bytes):
    media = folder / "media.mkv"
    media.write_bytes(media.read_bytes()[:left_bytes])
    repair(folder)
    assert read_session(folder).state == "repaired"
    assert media.stat().st_size == left_bytes
    assert repair(folder) == []


def test_words_that_never_became_a_cue_are_taken_from_the_timeline(tmp_path):
    words = [word(text, end_s) for text, end_s in (("Well.", 0.5), ("I", 1.0), ("am", 1.2), ("fine", 1.5001))]
    timeline = TimelineWriter(tmp_path / "timeline.jsonl", {})
    captions = CaptionWriter(tmp_path / "transcript.vtt")
    captions.words(Transcript(tuple(words), (), 1.6))
    timeline.point(point(1.0, words=tuple(words[:2])))
    timeline.point(point(2.0, words=tuple(words[2:])))
    assert "fine" not in (tmp_path / "transcript.vtt").read_text()
    assert any("last 3 words" in line for line in repair(tmp_path))
    assert (tmp_path / "transcript.vtt").read_text() == (
        "WEBVTT\n\n00:00:00.300 --> 00:00:00.500\nWell.\n\n00:00:00.800 --> 00:00:01.500\nI am fine\n\n"
    )
    timeline.close(complete=False)
    captions.close(complete=False)


def tell(folder: Path) -> Iterator[Path]:
    timeline = TimelineWriter(folder / "timeline.jsonl", {})
    captions = CaptionWriter(folder / "transcript.vtt")
    said = [word("Yes", 0.50001), word("indeed.", 0.9), word("So", 2.0), word("be", 2.1), word("it", 2.4)]
    captions.words(Transcript(tuple(said), (), 2.5))
    timeline.point(point(2.5, words=tuple(said)))
    yield folder
    timeline.close(complete=True)
    captions.close(complete=True)


def test_a_folder_that_is_whole_is_left_alone(tmp_path):
    for _ in tell(tmp_path):
        pass
    SessionFile(tmp_path).write(SessionRecord(started=local_now(), state="complete"))
    before = bytes_of(tmp_path)
    assert repair(tmp_path) == []
    assert bytes_of(tmp_path) == before


def test_the_end_is_the_one_that_the_writer_would_have_written(tmp_path):
    for folder in tell(tmp_path):
        repair(folder)
        repaired = (folder / "timeline.jsonl").read_text().splitlines()
    written = (tmp_path / "timeline.jsonl").read_text().splitlines()
    assert json.loads(repaired[-1]) == {**json.loads(written[-1]), "complete": False}
    assert repaired[:-1] == written[:-1]


def test_a_session_that_runs_is_left_alone(tmp_path):
    file = SessionFile(tmp_path)
    file.write(SessionRecord(started=local_now(), state="recording"))
    with pytest.raises(UsageError, match="still running"):
        repair(tmp_path)
    file.write(SessionRecord(started=local_now(), state="complete"))
    assert repair(tmp_path) == []


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no such folder"):
        repair(tmp_path / "missing")
    (tmp_path / "holiday.mkv").write_bytes(b"")
    with pytest.raises(UsageError, match="not the folder of a session"):
        repair(tmp_path)
