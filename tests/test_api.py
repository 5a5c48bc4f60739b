"""A file from Python: a generator of its points, models by rule."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import live_sentiment
from live_sentiment import Config, UsageError, analyze, unload_models
from live_sentiment.api import AHEAD
from live_sentiment.sinks.fields import point_fields
from tests.helpers.media_factory import flashes, silence, write_media
from tests.helpers.outlets import told_and_written
from tests.helpers.pool import scripted_pool


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """An entry for every time that models were loaded; they are by rule."""
    yield from scripted_pool(monkeypatch)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    write_media(path, pictures=flashes(4.0, flash_s=1.0), sound=silence(4.0))
    return path


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Has several times the points that the analysis may be ahead."""
    path = tmp_path_factory.mktemp("clips") / "long.wav"
    write_media(path, sound=silence(AHEAD))
    return path


def analysing() -> set[threading.Thread]:
    """The threads of analyses; the one that looks after them all stays."""
    return {
        t for t in threading.enumerate() if t.name in {"analyze", "face", "voice", "transcribe", "decoder"}
    }


def test_the_points_are_those_of_the_timeline_file(loaded: list[bool], clip: Path, tmp_path: Path) -> None:
    got = list(analyze(clip))
    assert all(point.final for point in got)
    assert [point_fields(point) for point in got] == list(told_and_written(tmp_path).points)


def test_provisional_points_come_before_the_final_ones_of_their_time(loaded: list[bool], clip: Path) -> None:
    got = list(analyze(str(clip), provisional=True))
    finals = [point.time_s for point in got if point.final]
    provisionals = [point.time_s for point in got if not point.final]
    assert finals == [point.time_s for point in analyze(clip)]
    assert provisionals
    for time_s in provisionals:
        places = [place for place, point in enumerate(got) if point.time_s == time_s]
        assert [got[place].final for place in places] == [False, True]


def test_a_part_of_a_file(loaded: list[bool], clip: Path) -> None:
    times = [point.time_s for point in analyze(clip, start_s=1.0, end_s=2.5)]
    assert (min(times), max(times)) == pytest.approx((1.25, 2.5), abs=0.25)


def test_the_folder_of_a_session_stands_for_its_recording(
    loaded: list[bool], clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "session.json").write_text("{}")
    write_media(tmp_path / "media.mkv", pictures=flashes(4.0, flash_s=1.0), sound=silence(4.0))
    assert [p.time_s for p in analyze(tmp_path)] == [p.time_s for p in analyze(clip)]


def test_leaving_early_ends_the_analysis_and_its_threads(loaded: list[bool], long_clip: Path) -> None:
    points = analyze(long_clip)
    first = next(points)
    assert analysing()
    points.close()
    assert analysing() == set()
    assert [first.time_s] == [point.time_s for point, _ in zip(analyze(long_clip), range(1), strict=False)]
    assert analysing() == set()
    assert len(loaded) == 1


def test_the_models_load_once_and_two_at_a_time_share_them(loaded: list[bool], clip: Path) -> None:
    alone = [point.time_s for point in analyze(clip)]
    both = list(zip(analyze(clip), analyze(clip), strict=True))
    assert [a.time_s for a, _ in both] == [b.time_s for _, b in both] == alone
    assert len(loaded) == 1
    list(analyze(clip, config=Config.model_validate({"timeline": {"time_constant_s": 2.0}})))
    assert len(loaded) == 1
    list(analyze(clip, config=Config.model_validate({"perception": {"face": {"rate_hz": 5.0}}})))
    assert len(loaded) == 2
    unload_models()
    list(analyze(clip))
    assert len(loaded) == 3


def test_what_cannot_be_read_is_said_at_the_first_point(loaded: list[bool], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing"):
        next(analyze(tmp_path / "missing.mp4"))
    (tmp_path / "a.wav").write_bytes(b"")
    (tmp_path / "b.wav").write_bytes(b"")
    with pytest.raises(UsageError, match="stands for 2 files"):
        next(analyze(tmp_path))
    assert not loaded


def test_an_analysis_that_fails_raises_in_the_loop(
    loaded: list[bool], clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(window: Any, person: Any) -> Any:
        raise ZeroDivisionError("in the fusion")

    monkeypatch.setattr("tests.helpers.scripted.fuse", fail)
    with pytest.raises(ZeroDivisionError, match="in the fusion"):
        list(analyze(clip))
    assert analysing() == set()


def test_a_loop_left_hanging_does_not_keep_the_interpreter(long_clip: Path) -> None:
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from tests.helpers.scripted import ScriptedStages
import live_sentiment, live_sentiment.models.pool, live_sentiment.runtime.stages
live_sentiment.models.pool.load_models = lambda config, store, live: object()
live_sentiment.runtime.stages.Stages.of = lambda models, config: ScriptedStages()
points = live_sentiment.analyze({str(long_clip)!r})
print(next(points).time_s)
sys.points = points  # alive to the very end
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert float(done.stdout) > 0


def test_importing_it_imports_nothing_of_weight() -> None:
    program = """
import sys, live_sentiment
assert set(live_sentiment.__all__) <= set(dir(live_sentiment))
light = "numpy" not in sys.modules
for name in live_sentiment.__all__:
    getattr(live_sentiment, name)
print(light, sorted({"torch", "cv2", "av", "sounddevice", "transformers"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True []"


def test_what_the_package_does_not_have() -> None:
    with pytest.raises(AttributeError, match="no attribute 'analyse'"):
        live_sentiment.analyse  # type: ignore[attr-defined]  # noqa: B018
