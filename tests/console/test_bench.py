"""The benchmarks: what they print, and what they say of a wrong list of clips."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest

from live_sentiment.console.main import main
from live_sentiment.models.store.store import ModelStore
from live_sentiment.runtime.benchmark import MEMORY_STEPS, loop_clip, memory_steps
from tests.helpers.places import MEDIA, needs_media

CLIP = MEDIA / "grid" / "bbaf2n.mpg"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "names no clips"),
        ("clip.mp4", "line 1"),
        ("clip.mp4\t ", "a tab"),
        ("gone.mp4\thello", "no such clip"),
    ],
)
def test_a_wrong_list_of_clips_is_explained(
    content: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    references = tmp_path / "clips.tsv"
    references.write_text(content)
    assert main(["bench", "speech", str(references)]) == 2
    assert says in capsys.readouterr().err


def test_the_dashboard_is_measured_on_three_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "dashboard", "--frames", "2"]) == 0
    printed = capsys.readouterr().out
    for size in ("80×24", "120×40", "200×60"):
        (row,) = [line for line in printed.splitlines() if line.startswith(size)]
        assert row.count("%") == 2
    assert main(["bench", "dashboard", "--frames", "1"]) == 2
    assert "two or more" in capsys.readouterr().err


@needs_media
@pytest.mark.models
def test_speech_prints_a_row_for_each_encoding_and_mode(
    model_store: ModelStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model_store.path("whisper-tiny.en")
    references = tmp_path / "clips.tsv"
    references.write_text(f"{CLIP}\tbin blue at f two now\n")
    assert main(["bench", "speech", str(references)]) == 0
    printed = capsys.readouterr().out
    for row in ("spliced", "padded", "whole", "streaming"):
        assert printed.count(row) == 2


@needs_media
@pytest.mark.models
def test_replay_measures_every_stage(model_store: ModelStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "replay", str(CLIP), "--length", "6", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    stages = measured["stages"]
    assert set(stages) >= {"face", "voice activity", "voice", "speech to text", "text", "fusion", "sinks"}
    assert all(stage["calls"] > 0 for stage in stages.values())
    assert measured["outcome"]["duration"] >= 5.9
    assert len(measured["memory_mb"]) == 10
    assert max(measured["memory_mb"]) <= measured["peak_mb"]
    assert 0 < measured["loaded_s"] < measured["first_result_s"]


@needs_media
@pytest.mark.models
def test_streams_side_by_side_share_the_models(
    model_store: ModelStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "streams", str(CLIP), "--count", "4,1", "--json"]) == 0
    one, four = json.loads(capsys.readouterr().out)["streams"]
    assert (one["count"], four["count"]) == (1, 4)
    assert four["media_s"] == pytest.approx(4 * one["media_s"])
    # A second copy of the weights alone is more than that.
    assert four["resident_mb"] < 1.3 * one["resident_mb"]
    assert 0 < one["final_lag_s"][0] <= one["final_lag_s"][1]


@pytest.mark.parametrize("count", ["0", "1,x", ""])
def test_a_number_of_streams_that_makes_no_sense(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["bench", "streams", str(CLIP), "--count", count])
    assert "--count" in capsys.readouterr().err


@needs_media
@pytest.mark.parametrize("clip", [CLIP, MEDIA / "address_20s_450p25.mp4"], ids=["mpg", "mp4"])
def test_a_looped_clip_keeps_picture_and_sound_together(clip: Path, tmp_path: Path) -> None:
    with av.open(str(clip)) as once:
        length_s = once.duration / 1e6
    looped = loop_clip(clip, 3 * length_s - 0.1, tmp_path / "looped.mkv")
    with av.open(str(looped)) as container:
        ends: dict[str, float] = {}
        for packet in container.demux():
            if packet.pts is not None:
                ends[packet.stream.type] = float(packet.pts * packet.time_base)
    assert ends["video"] == pytest.approx(3 * length_s, abs=0.5)
    assert ends["audio"] == pytest.approx(3 * length_s, abs=0.5)


def test_memory_over_time_is_told_whatever_the_length() -> None:
    for milliseconds in range(1, 5000):
        end_s = milliseconds / 1000
        assert memory_steps([(0.0, 100.0), (end_s / 2, 150.0), (end_s, 200.0)])[-1] == 200.0
    assert memory_steps([(0.0, 100.0)]) == (100.0,) * MEMORY_STEPS
