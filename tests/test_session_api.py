"""A live session from Python: devices by script, models by rule, on the virtual clock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from live_sentiment import RunError, Session, UsageError
from live_sentiment.recording.session_file import read_session
from live_sentiment.sinks.reader import read_timeline
from live_sentiment.timeline.timeline import Timeline
from tests.helpers.pool import scripted_pool
from tests.helpers.scripted import ScriptedDevice, ScriptedStages, Story
from tests.helpers.virtual_clock import VirtualClock


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """For each time that models were loaded, whether for a live session; they are by rule."""
    yield from scripted_pool(monkeypatch, lambda: ScriptedStages(speech_until_s=1e9))


def scripted(duration_s: float | None = 5.0, **options: Any) -> Session:
    """A session with both devices, on a clock of its own."""
    clock = VirtualClock()
    return Session(
        camera=ScriptedDevice("camera", clock, 0.04),
        microphone=ScriptedDevice("microphone", clock, 0.128),
        duration_s=duration_s,
        clock=clock,
        **options,
    )


def test_the_loop_ends_with_the_session_and_has_every_final_point() -> None:
    with scripted() as session:
        points = list(session)
        assert session.outcome().summary.complete
        assert session.snapshot().state == "finished"
    assert all(point.final for point in points)
    times = [point.time_s for point in points]
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(5.0, abs=0.25)
    assert len(times) == pytest.approx(20, abs=1)


def test_callbacks_hear_points_words_and_events() -> None:
    points, words, events, segments = [], [], [], []
    told = {
        "on_point": points.append,
        "on_words": words.append,
        "on_event": events.append,
        "on_segment": segments.append,
    }
    with scripted(8.0, provisional=True, **told) as session:
        session.mark("here", 1.5)
        session.wait()
    finals = [point.time_s for point in points if point.final]
    assert len(finals) == pytest.approx(32, abs=1)
    assert any(not point.final for point in points)
    # The rule says a word a second, but for the first half of one.
    assert [word.text for group in words for word in group] == [f"w{second}" for second in range(1, 8)]
    assert [(event.kind, event.message, event.time_s) for event in events] == [("marker", "here", 1.5)]
    assert segments


def test_the_loop_may_have_provisional_points_too() -> None:
    with scripted(provisional=True) as session:
        assert {point.final for point in session} == {True, False}
    with scripted() as session:
        assert {point.final for point in session} == {True}


def test_leaving_the_context_ends_the_session_and_releases_the_devices() -> None:
    with scripted(None) as session:
        first = next(iter(session))
    assert first.time_s > 0
    assert session.snapshot().state == "finished"
    assert not {"session", "camera", "microphone"} & {thread.name for thread in threading.enumerate()}


def test_stop_from_a_callback() -> None:
    with scripted(None, on_point=lambda point: session.stop()) as session:
        session.wait()
        assert session.outcome().summary.complete


def test_a_callback_that_raises_is_reported_once_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls, words, story = [], [], Story()

    def fail(point: Any) -> None:
        calls.append(point)
        raise ValueError("a bug of the program")

    with (
        caplog.at_level(logging.ERROR, "live_sentiment"),
        scripted(60.0, on_point=fail, on_words=words.append, sinks=[story]) as session,
    ):
        session.wait()
    assert len(calls) == 1
    assert len(words) == 59
    assert session.outcome().summary.complete
    (record,) = caplog.records
    assert record.message == "on_point raised ValueError and is not called any more"
    assert record.exc_info
    assert [event.message for event in story.events] == [record.message]


def test_a_folder_holds_the_files_of_the_session(tmp_path: Path) -> None:
    with scripted(folder=tmp_path / "kept", keep_media=False) as session:
        points = list(session)
    timeline = read_timeline(tmp_path / "kept" / "timeline.jsonl")
    assert [line["time"] for line in timeline.points] == [round(point.time_s, 3) for point in points]
    assert set(session.outcome().outputs) <= set((tmp_path / "kept").iterdir())


def test_the_models_load_once_for_one_session_after_another(loaded: list[bool]) -> None:
    for _ in range(2):
        with scripted(1.0) as session:
            session.wait()
    assert loaded == [True]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in the analysis itself, which ends a session."""

    def final(*arguments: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Timeline, "final", final)


@pytest.mark.usefixtures("broken")
def test_a_session_that_fails_raises_where_it_is_left() -> None:
    with pytest.raises(ZeroDivisionError), scripted() as session:
        session.wait()


@pytest.mark.usefixtures("broken")
def test_a_session_that_fails_raises_in_the_loop_and_only_there() -> None:
    with scripted() as session, pytest.raises(ZeroDivisionError):
        list(session)


@pytest.mark.usefixtures("broken")
def test_a_session_that_fails_leaves_files_that_say_so(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), scripted(folder=tmp_path, keep_media=False) as session:
        session.wait()
    timeline = read_timeline(tmp_path / "timeline.jsonl")
    assert timeline.end is not None
    assert timeline.end["complete"] is False
    assert read_session(tmp_path).state == "cut-short"


@pytest.mark.usefixtures("broken")
def test_the_programs_own_error_comes_first() -> None:
    with pytest.raises(RunError, match="mine"), scripted() as session:
        session.wait()
        raise RunError("mine")


def test_a_session_that_cannot_begin_leaves_files_that_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "session":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start"), scripted(folder=tmp_path, keep_media=False):
        pass
    assert read_session(tmp_path).state == "cut-short"


def test_wrong_use_is_said() -> None:
    with pytest.raises(UsageError, match="nothing to analyse"), Session(camera=False, microphone=False):
        pass
    with pytest.raises(UsageError, match="has not begun"):
        Session().stop()
    with scripted(1.0) as session, pytest.raises(UsageError, match="runs once"):
        session.__enter__()


class Opened:
    """A device that opens, and remembers whether it was released."""

    released = False

    def open(self) -> None:
        pass

    def stop(self) -> None:
        self.released = True

    def join(self, timeout_s: float | None = None) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "named"), [(True, None), (1, "1"), ("Cam", "Cam"), (Path("a.mp4"), "a.mp4")]
)
def test_devices_are_chosen_as_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, choice: Any, named: str | None
) -> None:
    from live_sentiment.sources.camera import camera
    from live_sentiment.sources.camera import listing as cameras
    from live_sentiment.sources.microphone import listing as microphones

    chosen, device = [], Opened()
    monkeypatch.setattr(cameras, "choose_camera", lambda named, loop: chosen.append(named))
    monkeypatch.setattr(camera, "Camera", lambda choice, config, clock: device)

    def none(choice: str | None) -> Any:
        chosen.append(choice)
        raise UsageError("there is no microphone")

    monkeypatch.setattr(microphones, "choose_microphone", none)
    with pytest.raises(UsageError, match="no microphone"), Session(camera=choice, microphone=choice):
        pass
    assert chosen == [named, named]
    assert device.released
