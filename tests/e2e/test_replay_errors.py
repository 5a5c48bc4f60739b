"""What a user sees when something is wrong: one line that says what to do, and an exit code."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from live_sentiment.models.store.store import CACHE_VARIABLE, ModelStore
from live_sentiment.sinks.reader import read_timeline
from tests.helpers.places import MEDIA, needs_media

CLIP = MEDIA / "grid" / "bbaf2n.mpg"


def replay(
    *arguments: str | Path, before: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "live_sentiment", "replay", *map(str, arguments), "--no-dashboard"]
    return subprocess.run(
        [*before, *command], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def assert_one_line(done: subprocess.CompletedProcess[str], exit_code: int, *says: str) -> None:
    assert done.returncode == exit_code, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("live-sentiment: ")
    for text in says:
        assert text in lines[0]


def test_no_such_file(tmp_path: Path) -> None:
    assert_one_line(replay(tmp_path / "missing.mp4"), 2, "missing.mp4")


def test_a_folder_without_media(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no film")
    assert_one_line(replay(tmp_path), 2, "no media files in the folder", str(tmp_path))


def test_a_pattern_that_matches_nothing(tmp_path: Path) -> None:
    assert_one_line(replay(tmp_path / "*.mkv"), 2, "*.mkv")


def test_a_text_file_named_mp4(tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").write_text("this is no film\n" * 100)
    assert_one_line(replay(tmp_path / "talk.mp4"), 2, "talk.mp4")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").touch()
    assert_one_line(replay(tmp_path / "talk.mp4"), 2, "talk.mp4", "empty")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").write_bytes(b"secret")
    (tmp_path / "talk.mp4").chmod(0)
    assert_one_line(replay(tmp_path / "talk.mp4"), 2, "talk.mp4", "ermission")


@needs_media
def test_an_unreachable_model_source(tmp_path: Path) -> None:
    done = replay(
        CLIP, "--output", tmp_path, **{CACHE_VARIABLE: str(tmp_path / "cache")},
        PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path), PIP_EXTRA_INDEX_URL="", HF_ENDPOINT="http://127.0.0.1:9",
    )  # fmt: skip
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("live-sentiment: ")
    assert "whisper-tiny.en" in last


@needs_media
def test_offline_with_an_empty_cache_names_the_command_that_helps(tmp_path: Path) -> None:
    done = replay(CLIP, "--offline", "--output", tmp_path, **{CACHE_VARIABLE: str(tmp_path / "cache")})
    assert_one_line(done, 1, "live-sentiment models pull")


@needs_media
@pytest.mark.models
@pytest.mark.skipif(shutil.which("prlimit") is None, reason="no prlimit here")
def test_a_disk_that_takes_no_more_keeps_what_was_written(model_store: ModelStore, tmp_path: Path) -> None:
    # Coverage writes a file of its own in the subprocess, which would meet the limit as well.
    unmeasured = ["env", "--unset=COVERAGE_PROCESS_CONFIG"]
    done = replay(CLIP, "--output", tmp_path, before=[*unmeasured, "prlimit", "--fsize=8000"])
    assert done.returncode == 1
    assert "cannot write" in done.stderr.splitlines()[-1]
    assert "it keeps everything up to" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert read_timeline(tmp_path / CLIP.stem / "timeline.jsonl").points


@needs_media
@pytest.mark.models
def test_a_truncated_file_yields_everything_up_to_the_break(model_store: ModelStore, tmp_path: Path) -> None:
    whole = MEDIA / "address_20s_450p25.mp4"
    cut = tmp_path / "cut.mkv"
    copied = ["ffmpeg", "-loglevel", "error", "-i", str(whole), "-c", "copy", str(cut)]
    subprocess.run(copied, check=True)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    done = replay(cut, "--output", tmp_path)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr}"
    lines = [json.loads(line) for line in (tmp_path / "cut" / "timeline.jsonl").read_text().splitlines()]
    events = [line for line in lines if line["type"] == "event"]
    assert "truncated" in {event["kind"] for event in events}
    assert 7 < [line for line in lines if line["type"] == "point"][-1]["time"] < 13


@needs_media
@pytest.mark.models
def test_one_bad_clip_among_good_ones_is_reported_and_the_others_are_analysed(
    model_store: ModelStore, tmp_path: Path
) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    (clips / "a.mp4").write_text("not a film")
    (clips / "b.mpg").write_bytes(CLIP.read_bytes())
    done = replay(clips, "--output", tmp_path / "out")
    assert done.returncode == 1
    assert "a.mp4" in done.stderr
    assert (tmp_path / "out" / "b" / "timeline.jsonl").stat().st_size > 1000


@needs_media
@pytest.mark.models
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_finishes_the_files_and_says_where_they_are(
    name: str, model_store: ModelStore, tmp_path: Path
) -> None:
    number = signal.Signals[name]
    clip = MEDIA / "address_20s_450p25.mp4"
    command = [sys.executable, "-m", "live_sentiment", "replay", str(clip), "--speed", "1"]
    # A suite that runs in the background of a shell, or by `nohup`, ignores signals, and would hand that on.
    process = subprocess.Popen(
        [*command, "--output", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509 (no threads here)
    )
    assert process.stdout is not None
    # Without a terminal the dashboard prints lines; the first one with a result means that it runs.
    for line in process.stdout:
        if "valence" in line or "%" in line:
            break
    process.send_signal(number)
    _, printed = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert printed.splitlines()[-1] == "live-sentiment: interrupted"
    assert str(tmp_path / clip.stem / "timeline.jsonl") in printed
    timeline = read_timeline(tmp_path / clip.stem / "timeline.jsonl")
    assert timeline is not None
    last = json.loads((tmp_path / clip.stem / "timeline.jsonl").read_text().splitlines()[-1])
    assert (last["type"], last["complete"]) == ("end", False)
