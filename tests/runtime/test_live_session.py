"""LiveSession sessions on the virtual clock: devices by script, stages by rule, minutes in seconds."""

from __future__ import annotations

import dataclasses
import errno
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import pytest

from live_sentiment.core.config import Config
from live_sentiment.core.errors import RunError
from live_sentiment.core.types import Affect, Event, Modality, TimelinePoint, Window
from live_sentiment.recording import session_file
from live_sentiment.recording import session_recording as recording
from live_sentiment.recording.session_file import read_session
from live_sentiment.runtime.live_session import LiveOutcome, LiveSession
from live_sentiment.runtime.snapshot import Snapshot
from live_sentiment.sinks.file import PieceFile
from live_sentiment.sinks.protocol import Sink
from live_sentiment.sinks.reader import read_timeline
from tests.helpers.scripted import ScriptedDevice, ScriptedStages, Story, Work, fuse
from tests.helpers.virtual_clock import VirtualClock

SOUND_S, FRAME_S = 0.128, 0.04
WATCH_S = 0.5


class LiveRun:
    """A whole live session on the virtual clock, watched twice a second as a dashboard does."""

    def __init__(
        self,
        duration_s: float,
        *,
        work: Callable[[VirtualClock], Work] | None = None,
        lost: Sequence[tuple[float, float]] = (),
        lost_device: str = "camera",
        without: str | None = None,
        folder: Path | None = None,
        sinks: Sequence[Sink] = (),
        fusion: Callable[[Window, int | None], Affect | None] | None = None,
        at: dict[float, Callable[[LiveSession], None]] | None = None,
        sentence_s: tuple[float, float] | None = None,
    ) -> None:
        clock = VirtualClock()
        camera = ScriptedDevice("camera", clock, FRAME_S, lost if lost_device == "camera" else ())
        microphone = ScriptedDevice("microphone", clock, SOUND_S, lost if lost_device == "microphone" else ())
        self.stages = stages = ScriptedStages(
            work(clock) if work else lambda modality, time_s: None,
            speech_until_s=1e9,
            fusion=fusion,
            sentence_s=sentence_s,
        )
        self.snapshots: list[Snapshot] = []
        self._at = dict(sorted((at or {}).items()))
        with clock.taking_part():
            self._live = LiveSession(
                Config(),
                stages,  # type: ignore[arg-type]
                camera=None if without == "camera" else camera,
                microphone=None if without == "microphone" else microphone,
                folder=folder,
                duration_s=duration_s,
                sinks=sinks,
                clock=clock,
            )
            self._clock, self._over = clock, threading.Event()
            watcher = threading.Thread(target=self._watch, name="watcher")
            watcher.start()
            self.outcome: LiveOutcome = self._live.run()
            self._over.set()
        watcher.join()
        self.last = self._live.snapshot()

    @property
    def events(self) -> list[Event]:
        seen = {repr(event): event for snapshot in [*self.snapshots, self.last] for event in snapshot.events}
        return sorted(seen.values(), key=lambda event: event.time_s)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def _watch(self) -> None:
        while not self._clock.sleep(WATCH_S, self._over):
            while self._at and next(iter(self._at)) <= self._clock.now_s():
                self._at.pop(next(iter(self._at)))(self._live)
            self.snapshots.append(self._live.snapshot())


def costing(clock: VirtualClock, seconds: dict[Modality, float], while_s: tuple[float, float]) -> Work:
    """Stages that take so long an item in that part of the session."""
    never = threading.Event()

    def work(modality: Modality, time_s: float) -> None:
        if while_s[0] <= time_s < while_s[1]:
            clock.sleep(seconds.get(modality, 0.0), never)

    return work


def test_a_session_ends_after_its_time_and_everything_captured_is_in_the_story() -> None:
    run = LiveRun(10.0)
    assert run.outcome.summary.complete
    assert run.outcome.summary.duration_s == pytest.approx(10.0, abs=0.25)
    assert run.outcome.frames_analysed == pytest.approx(125, abs=2)
    assert all(part > 0.9 for part in run.outcome.summary.presence.values())
    assert not run.events
    assert run.last.state == "finished"


@pytest.mark.parametrize(("device", "absent"), [("camera", {"vision"}), ("microphone", {"voice", "text"})])
def test_without_a_device_its_modalities_are_absent_and_say_why(device: str, absent: set[str]) -> None:
    run = LiveRun(5.0, without=device)
    for modality, part in run.outcome.summary.presence.items():
        assert (part == 0.0) == (modality in absent)
    assert {reason for m in absent for reason in run.outcome.summary.reasons[m]} == {f"no {device}"}  # type: ignore[index]


@pytest.mark.parametrize(("device", "absent"), [("camera", "vision"), ("microphone", "voice")])
def test_a_lost_device_is_told_the_others_go_on_and_it_is_taken_back(device: str, absent: Modality) -> None:
    run = LiveRun(30.0, lost=[(10.0, 20.0)], lost_device=device)
    assert run.kinds() == [f"{device}-lost", f"{device}-back"]
    gone, back = run.events
    assert gone.time_s == 10.0
    assert back.time_s == pytest.approx(20.1, abs=0.2)
    assert "10." in back.message
    points = {point.time_s: point for snapshot in run.snapshots for point in snapshot.finals}
    assert points[16.0].presence[absent].reason == f"{device} lost"
    other: Modality = "voice" if absent == "vision" else "vision"
    assert all(points[time_s].presence[other].present for time_s in (12.0, 16.0, 19.0))
    assert points[25.0].presence[absent].present
    late = [s for s in run.snapshots if s.latest is not None and 14.0 < s.elapsed_s < 30.0]
    assert max(s.elapsed_s - s.latest.time_s for s in late if s.latest) < 2.5
    assert max(s.live.lag_s for s in run.snapshots if s.live) < 0.3


def test_overload_stays_bounded_steps_down_in_order_says_so_and_steps_up_again() -> None:
    """Three minutes of analysis three times too slow for the input, in a session of five."""
    # Per second of input: 12.5 pictures, 7.8 blocks of sound; each stage needs 3 s for them.
    slow = {"vision": 3.0 / 12.5, "voice": 3.0 * SOUND_S, "text": 3.0 * SOUND_S}
    run = LiveRun(300.0, work=lambda clock: costing(clock, slow, (30.0, 210.0)))  # type: ignore[arg-type]
    lives = [(s.elapsed_s, s.live) for s in run.snapshots if s.live is not None]
    assert max(live.lag_s for _, live in lives) <= 3.0
    lowered = {live.degradation_level: live.lowered for _, live in lives}
    assert lowered == {
        0: (),
        1: ("faces analysed 6.25 times a second",),
        2: ("faces analysed 3.12 times a second",),
        3: ("faces analysed 3.12 times a second", "words every 2 s"),
    }
    assert lives[0][1].lowered == lives[-1][1].lowered == ()
    said = [event.message for event in run.events if event.kind == "quality"]
    assert said[0] == "quality lowered to keep up: faces analysed 6.25 times a second"
    assert said[-1] == "quality restored: no longer faces analysed 6.25 times a second"
    lost = [event for event in run.events if event.kind == "overload"]
    assert lost
    assert all(30.0 <= event.time_s <= 215.0 for event in lost)
    assert run.outcome.summary.complete
    assert run.outcome.summary.duration_s == pytest.approx(300.0, abs=0.25)
    waiting = [sum(stream.depth for stream in s.streams) for s in run.snapshots]
    assert max(waiting) < 100


def test_a_snapshot_tells_how_busy_the_busiest_thread_is() -> None:
    idle = LiveRun(10.0)
    assert idle.last.live is not None
    assert not idle.last.live.real_time_factor
    # 12.5 pictures a second take 40 ms each; what the voice takes in its own thread is less, and not added.
    costs: dict[Modality, float] = {"vision": 0.04, "voice": 0.01}
    busy = LiveRun(20.0, work=lambda clock: costing(clock, costs, (0.0, 99.0)))
    assert busy.last.live is not None
    assert busy.last.live.real_time_factor == pytest.approx(0.5, abs=0.05)


def test_a_snapshot_holds_the_picture_looked_at_last_and_its_faces() -> None:
    run = LiveRun(10.0)
    assert run.last.picture is not None
    assert run.last.picture.time_s == pytest.approx(10.0, abs=0.15)
    assert run.last.picture.boxes == ((0.0, 0.0, 10.0, 10.0),)
    assert LiveRun(5.0, without="camera").last.picture is None


def test_the_lag_gauge_shows_a_delay_that_is_known() -> None:
    """Sound takes 0.1 s a block to be read, at 0.128 s a block: results are that much later than without."""
    quick, slow = LiveRun(60.0), LiveRun(60.0, work=lambda clock: costing(clock, {"voice": 0.1}, (0.0, 1e9)))
    assert quick.last.live is not None
    assert slow.last.live is not None
    for which in ("provisional_lag_s", "final_lag_s"):
        before, after = getattr(quick.last.live, which)[0], getattr(slow.last.live, which)[0]
        assert after - before == pytest.approx(0.1, abs=0.02)
    assert slow.last.live.provisional_lag_s[0] < slow.last.live.provisional_lag_s[1] + 1e-9


def test_a_modality_is_switched_off_and_on() -> None:
    run = LiveRun(
        20.0, at={5.0: lambda live: live.switch("vision"), 10.0: lambda live: live.switch("vision")}
    )
    assert run.kinds() == ["switched-off", "switched-on"]
    points = {point.time_s: point for point in run.last.finals}
    assert points[5.0].presence["vision"].present
    assert points[5.25].presence["vision"].reason == "switched off"
    assert "vision" not in points[5.25].affect.shares
    assert points[10.25].presence["vision"].present
    assert any(s.live and s.live.switched_off == ("vision",) for s in run.snapshots)


def test_while_paused_nothing_is_analysed() -> None:
    run = LiveRun(20.0, at={5.0: LiveSession.pause, 12.0: LiveSession.pause})
    assert run.kinds() == ["paused", "resumed"]
    points = {point.time_s: point for point in run.last.finals}
    assert {presence.reason for presence in points[11.0].presence.values()} == {"paused"}
    assert all(points[17.0].presence[m].present for m in ("vision", "voice", "text"))
    assert any(s.live and s.live.paused for s in run.snapshots)


def test_markers_are_kept_with_their_note() -> None:
    run = LiveRun(5.0, at={2.0: lambda live: live.mark("he laughs")})
    (marker,) = run.events
    assert (marker.kind, marker.time_s, marker.message) == ("marker", 2.0, "he laughs")
    assert run.last.live is not None
    assert run.last.live.markers == 1


def test_stopping_finishes_what_was_captured() -> None:
    run = LiveRun(1e5, at={7.0: LiveSession.stop})
    assert run.outcome.summary.complete
    assert run.outcome.summary.duration_s == pytest.approx(7.0, abs=0.26)


def test_two_runs_tell_the_same_story() -> None:
    first, second = (LiveRun(20.0, lost=[(5.0, 9.0)]) for _ in range(2))
    assert [repr(point) for point in first.last.finals] == [repr(point) for point in second.last.finals]


def test_the_folder_of_a_session(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    run = LiveRun(
        20.0,
        folder=folder,
        lost=[(5.0, 9.0)],
        at={3.0: lambda live: live.mark("he laughs"), 12.0: LiveSession.pause},
    )
    assert {path.name for path in folder.iterdir()} == {
        "media.mkv",
        "timeline.jsonl",
        "transcript.vtt",
        "session.json",
    }
    record = read_session(folder)
    assert (record.state, record.duration_s) == ("complete", pytest.approx(20.0, abs=0.1))
    assert [(marker.time_s, marker.note) for marker in record.markers] == [(3.0, "he laughs")]
    camera = next(device for device in record.devices if device.device == "camera")
    assert [(gap.start_s, gap.reason) for gap in camera.gaps] == [(5.0, "camera lost")]
    assert camera.gaps[0].end_s == pytest.approx(9.04, abs=0.1)
    assert record.analysis.dropped == {}
    assert 0 < record.analysis.provisional_lag.p50_s < record.analysis.final_lag.p95_s
    timeline = read_timeline(folder / "timeline.jsonl")
    assert timeline.end is not None
    assert timeline.end["complete"]
    with av.open(str(folder / "media.mkv")) as media:
        # What is captured while the analysis is paused is recorded all the same.
        assert media.duration / 1e6 == pytest.approx(20.0, abs=0.2)
    assert run.outcome.folder == folder


def test_sinks_of_the_caller_are_told_the_story_and_one_that_fails_is_left_out() -> None:
    whole, failing = Story(), Story(full_after=10)
    run = LiveRun(10.0, sinks=[failing, whole])
    assert run.outcome.summary.complete
    assert [point.time_s for point in whole.finals][-1] == pytest.approx(10.0, abs=0.25)
    assert whole.complete
    assert len(failing.finals) == 11
    assert [(event.kind, event.message) for event in run.events] == [("sink-failed", "no space left")]


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(3)], ids=repr)
def test_whatever_a_sink_raises_it_is_left_out(error: BaseException) -> None:
    class Failing(Story):
        def point(self, point: TimelinePoint) -> None:
            raise error

    whole = Story()
    run = LiveRun(10.0, sinks=[Failing(), whole])
    assert run.outcome.summary.complete
    assert whole.complete
    assert [(event.kind, event.message) for event in run.events] == [
        ("sink-failed", f"Failing failed: {error!r}")
    ]


def hanging(modality: Modality, while_s: tuple[float, float]) -> Callable[[VirtualClock], Work]:
    """A stage whose call made in that time returns at its end."""

    def make(clock: VirtualClock) -> Work:
        def work(called: Modality, time_s: float) -> None:
            if called == modality and while_s[0] <= clock.now_s() < while_s[1]:
                clock.sleep(while_s[1] - clock.now_s(), RELEASED)

        return work

    return make


RELEASED = threading.Event()
"""Set at the end of the tests, for what still hangs."""


@pytest.fixture(autouse=True)
def released() -> Iterator[None]:
    RELEASED.clear()
    yield
    RELEASED.set()


@pytest.mark.parametrize(
    ("modality", "without", "absent"),
    [
        ("vision", None, {"vision"}),
        ("vision", "microphone", {"vision"}),
        ("voice", None, {"voice", "text"}),
        ("text", None, {"text"}),
    ],
)
def test_a_stage_that_hangs_is_absent_until_it_returns_and_nobody_waits_for_it(
    modality: Modality, without: str | None, absent: set[str]
) -> None:
    run = LiveRun(60.0, work=hanging(modality, (10.0, 40.0)), without=without)
    assert run.outcome.summary.complete
    assert [kind for kind in run.kinds() if kind.startswith("stage")] == ["stage-hung", "stage-returned"]
    hung = next(event for event in run.events if event.kind == "stage-hung")
    assert f"{modality} hangs" in hung.message
    points = {point.time_s: point for snapshot in run.snapshots for point in snapshot.finals}
    for one in absent:
        assert points[30.0].presence[one].reason == f"{modality} hangs"
        assert points[58.0].presence[one].present
    others = {"vision", "voice", "text"} - absent - ({"voice", "text"} if without else set())
    assert all(points[30.0].presence[one].present for one in others)
    assert max(lags_s(run, 60.0)) < 4.0
    assert max(sum(stream.depth for stream in s.streams) for s in run.snapshots) < 100


@pytest.mark.parametrize("modality", ["vision", "voice", "text"])
def test_a_stage_that_never_returns_holds_up_the_end_no_longer_than_its_bound(modality: Modality) -> None:
    run = LiveRun(20.0, work=hanging(modality, (15.0, 1e9)))
    assert run.outcome.summary.complete
    assert run.outcome.summary.duration_s == pytest.approx(20.0, abs=0.3)
    assert run.outcome.elapsed_s < 40.0


def test_a_sink_may_tell_the_session_something_as_often_as_it_likes() -> None:
    class Talkative(Story):
        live: LiveSession | None = None

        def point(self, point: TimelinePoint) -> None:
            if self.live is not None:
                for _ in range(100):
                    self.live.mark("so")
                self.live.switch("text")

    talkative = Talkative()
    run = LiveRun(5.0, sinks=[talkative], at={0.0: lambda live: setattr(talkative, "live", live)})
    assert run.outcome.summary.complete
    assert run.last.live is not None
    assert run.last.live.markers > 1000


def test_a_fusion_that_fails_costs_the_windows_it_failed_on_and_is_announced_once() -> None:
    def fusion(window: Window, person: int | None) -> Affect | None:
        if 4.0 < window.end_s <= 8.0:
            raise ValueError("not a number")
        affect = fuse(window, person)
        return affect and dataclasses.replace(affect, shares={"voice": 1.0})

    run = LiveRun(15.0, fusion=fusion)
    assert run.outcome.summary.complete
    points = {point.time_s: point for snapshot in run.snapshots for point in snapshot.finals}
    assert [time_s for time_s, point in points.items() if not point.affect.shares] == [
        4.25 + 0.25 * number for number in range(16)
    ]
    (event,) = run.events
    assert event.kind == "fusion-failed"
    assert "ValueError('not a number')" in event.message


def full_after(lines: int) -> Callable[[PieceFile, str, str], None]:
    """A disk that takes so many lines."""
    write, left = PieceFile.write, iter(range(lines))

    def wrapped(file: PieceFile, piece: str, kept: str) -> None:
        if next(left, None) is None:
            file.close()
            raise RunError("no space left")
        write(file, piece, kept)

    return wrapped


def test_a_full_disk_ends_the_recording_and_not_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PieceFile, "write", full_after(20))
    run = LiveRun(20.0, folder=tmp_path / "session")
    assert run.outcome.summary.complete
    assert run.outcome.summary.duration_s == pytest.approx(20.0, abs=0.25)
    assert run.kinds() == ["recording-stopped"]
    assert run.last.live is not None
    assert run.last.live.recording is not None
    assert run.last.live.recording.stopped == "no space left"
    assert read_session(tmp_path / "session").recording.stopped == "no space left"
    assert run.outcome.failures[0] == "no space left"


def test_a_folder_that_is_removed_while_it_is_recorded_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    run = LiveRun(20.0, folder=folder, at={7.0: lambda live: shutil.rmtree(folder)})
    assert run.outcome.summary.complete
    assert run.kinds() == ["recording-stopped"]
    assert run.outcome.failures == (
        f"the folder {folder} was removed or moved while the session was recorded",
    )
    assert run.outcome.outputs == ()


@pytest.mark.parametrize("name", ["timeline.jsonl", "transcript.vtt", "media.mkv"])
def test_a_file_that_is_removed_while_it_is_written_is_told(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "session"
    run = LiveRun(20.0, folder=folder, at={17.0: lambda live: (folder / name).unlink()})
    assert run.outcome.failures == (f"{folder / name} was removed or moved while the session was recorded",)
    assert folder / name not in run.outcome.outputs
    assert len(run.outcome.outputs) == 3


def lags_s(run: LiveRun, until_s: float) -> list[float]:
    """How old what a dashboard shows is, at each look until then."""
    return [
        s.elapsed_s - s.latest.time_s
        for s in run.snapshots
        if s.latest is not None and s.elapsed_s <= until_s
    ]


def test_a_disk_that_hangs_holds_up_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every write hangs from the hundredth on, and every record of the session takes ten seconds."""
    write, replace, left = PieceFile.write, session_file.replace_file, iter(range(100))
    clocks: list[VirtualClock] = []
    never, released = threading.Event(), threading.Event()

    def hanging(file: PieceFile, piece: str, kept: str) -> None:
        if next(left, None) is None:
            clocks[0].sleep(1e6, released)
        write(file, piece, kept)

    def slow(path: Path, data: bytes, **options: Any) -> None:
        if clocks:
            clocks[0].sleep(10.0, never)
        replace(path, data, **options)

    monkeypatch.setattr(PieceFile, "write", hanging)
    monkeypatch.setattr(session_file, "replace_file", slow)
    told = Story()
    run = LiveRun(
        40.0,
        folder=tmp_path / "session",
        sinks=[told],
        at={0.0: lambda live: clocks.append(live._clock)},  # type: ignore[arg-type]
    )
    assert run.outcome.summary.complete
    assert len(told.finals) == pytest.approx(160, abs=2)
    assert max(lags_s(run, 40.0)) < 1.0
    assert run.outcome.failures == ("the disk has not taken the last results within 20 s",)
    released.set()
    for thread in threading.enumerate():
        if thread.name == "results":
            thread.join()


def test_the_versions_of_libraries_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[dict[str, str]] = []
    versions = recording.software_versions
    monkeypatch.setattr(recording, "software_versions", lambda: read.append(versions()) or read[-1])
    LiveRun(20.0, folder=tmp_path / "session")
    assert len(read) == 1
    assert read_session(tmp_path / "session").software == read[0]


def test_without_a_free_descriptor_the_record_waits_for_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, calls = session_file.replace_file, iter(range(1000))

    def short(*arguments: object, **named: object) -> None:
        if next(calls) in {1, 2}:
            raise OSError(errno.EMFILE, "Too many open files")
        replace(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(session_file, "replace_file", short)
    run = LiveRun(20.0, folder=tmp_path / "session")
    assert run.kinds() == []
    assert read_session(tmp_path / "session").state == "complete"
    assert run.last.live is not None
    assert run.last.live.recording is not None
    assert run.last.live.recording.stopped is None
