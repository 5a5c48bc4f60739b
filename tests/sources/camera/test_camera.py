"""The camera on a virtual clock, with devices that do what real ones were seen to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from live_sentiment.core.config import CameraConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import VideoFrame
from live_sentiment.sources.camera.camera import Camera
from live_sentiment.sources.camera.frame_readers import MOST_HANGING
from live_sentiment.sources.camera.info import CameraChoice
from tests.helpers.heard import Heard
from tests.helpers.scripted_camera import Part, Script
from tests.helpers.virtual_clock import VirtualClock

ZERO_S = 1000.0
DEVICE = CameraChoice("device", "HD Webcam", 0, "/dev/video0")
STREAM = CameraChoice("stream", "rtsp://10.0.0.9/live", address="rtsp://10.0.0.9/live")


@dataclass
class Stage:
    """A camera on its script, in the middle of a session that began at ZERO_S on the clock."""

    camera: Camera
    script: Script
    heard: Heard
    clock: VirtualClock

    def until(self, session_s: float) -> None:
        """Let the session go on up to a moment."""
        self.clock.sleep(ZERO_S + session_s - self.clock.now_s(), threading.Event())

    def end(self) -> None:
        self.camera.stop()
        assert self.camera.join(5.0)


Play = Callable[..., Stage]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(ZERO_S - 3.0)


@pytest.fixture
def play(clock: VirtualClock) -> Iterator[Play]:
    """Begins a session with the parts given, whose times are session times; ends it after the test."""
    stages: list[Stage] = []

    def begin(
        *parts: Part,
        choice: CameraChoice = DEVICE,
        heard: Heard | None = None,
        release_hangs: bool = False,
        **config: float,
    ) -> Stage:
        on_clock = [Part(ZERO_S + part.from_s, part.act, part.fps, part.size) for part in parts]
        script = Script(clock, on_clock, release_hangs)
        camera = Camera(choice, CameraConfig.model_validate(config), clock, script.device)
        stages.append(Stage(camera, script, heard or Heard(), clock))
        camera.open()
        clock.sleep(ZERO_S - clock.now_s(), threading.Event())
        camera.start(stages[-1].heard, ZERO_S)
        return stages[-1]

    with clock.taking_part():
        yield begin
        for stage in stages:
            stage.end()
            stage.script.freed.set()


BEFORE = Part(-10.0)


@pytest.mark.parametrize("fps", [5.0, 30.0, 60.0])
def test_frames_of_any_rate_are_stamped_at_the_grab(play: Play, fps: float) -> None:
    stage = play(Part(-10.0, fps=fps))
    stage.until(10.01)
    times = np.array(stage.heard.times)
    assert len(times) == pytest.approx(10 * fps, abs=2)
    assert np.diff(times) == pytest.approx(1 / fps, abs=0.0011)
    assert np.all(np.diff(times) > 0)
    assert np.all(np.abs(times * 1000 - np.round(times * 1000)) < 1e-6)
    assert 0 <= times[0] <= 1 / fps + 0.001
    health = stage.camera.health()
    assert (health.state, health.width_px, health.height_px) == ("running", 64, 48)
    assert health.rate_hz == pytest.approx(fps, rel=0.02)
    assert not health.dropped
    assert not stage.heard.losses


def test_the_delay_that_was_measured_is_taken_off(play: Play) -> None:
    stage = play(Part(-10.0, fps=10), delay_s=0.25)
    stage.until(2.0)
    grabbed_ms = {round((ZERO_S - 2.9 + n / 10 - ZERO_S) * 1000) for n in range(60)}
    assert all(round(time_s * 1000) + 250 in grabbed_ms for time_s in stage.heard.times)
    assert stage.heard.times[0] < 0.1  # what was seen before the session does not count to it
    assert stage.camera.health().delay_s == 0.25


def test_a_camera_that_hangs_is_abandoned_told_lost_once_and_taken_back(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "hang"), Part(20.0))
    stage.until(45.0)
    heard = stage.heard
    last_s = max(time_s for time_s in heard.times if time_s < 6)
    assert heard.losses == [(last_s, "camera lost")]
    assert 4.9 < last_s <= 5.0
    assert len(heard.returns) == 1
    # The pauses are no longer than 5 s, and a reader that hangs in opening is given up after 10 s.
    assert 20.0 <= heard.returns[0] <= 36.0
    back = heard.said.index(("back", heard.returns[0]))
    assert heard.said[back + 1] == ("picture", heard.returns[0])
    assert heard.in_order()


def test_while_it_is_lost_time_passes_for_the_others_four_times_a_second(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "absent"), Part(30.0))
    stage.until(60.0)
    heard = stage.heard
    said = [what for what, _ in heard.said]
    first, last = said.index("nothing"), len(said) - said[::-1].index("nothing") - 1
    assert said.index("lost") == first - 1
    assert set(said[first : last + 1]) == {"nothing"}
    assert heard.bounds[0] == pytest.approx(heard.losses[0][0] + 2.0, abs=0.01)
    assert np.diff(heard.bounds) == pytest.approx(0.25, abs=0.002)
    assert heard.returns[0] - heard.bounds[-1] <= 0.25
    assert heard.in_order()


def test_it_is_tried_again_with_growing_pauses(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "absent"), Part(40.0))
    stage.until(50.0)
    tries = np.array(stage.script.opened[1:]) - ZERO_S
    assert tries[0] == pytest.approx(7.5, abs=0.3)
    pauses = np.diff(tries)
    assert pauses[:4] == pytest.approx([1, 2, 4, 5], abs=0.3)
    assert pauses[4:] == pytest.approx(5, abs=0.3)
    assert 40.0 <= stage.heard.returns[0] <= 45.5


def test_the_gap_is_as_long_as_it_was_and_health_counts_it(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "fail"), Part(12.0))
    stage.until(8.0)
    health = stage.camera.health()
    assert (health.state, health.gaps, health.rate_hz) == ("lost", 1, 0.0)
    assert health.gap_s == pytest.approx(3.0, abs=0.1)
    stage.until(20.0)
    heard, health = stage.heard, stage.camera.health()
    gap_s = max(np.diff(heard.times))
    assert heard.returns[0] - heard.losses[0][0] == pytest.approx(gap_s, abs=1e-6)
    assert (health.state, health.gaps) == ("running", 1)
    assert health.gap_s == pytest.approx(gap_s, abs=1e-6)


def test_a_hiccup_shorter_than_the_bound_is_no_loss(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "fail"), Part(6.9))
    stage.until(10.0)
    assert not stage.heard.losses
    assert len(stage.script.opened) == 1


def test_a_driver_that_throws_is_a_loss_that_is_told_and_mended(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "throw"), Part(6.0))
    stage.until(10.0)
    heard = stage.heard
    assert heard.kinds == ["camera-failed"]
    assert "the driver is confused" in heard.events[0].message
    assert [reason for _, reason in heard.losses] == ["camera failed"]
    assert len(heard.returns) == 1
    assert heard.in_order()


def test_a_thing_that_throws_in_the_camera_s_own_thread_does_not_end_the_session(play: Play) -> None:
    class Fragile(Heard):
        def picture(self, frame: VideoFrame) -> None:
            if len(self.pictures) == 30:
                self.pictures.append(frame)
                raise RuntimeError("once")
            super().picture(frame)

    stage = play(BEFORE, heard=Fragile())
    stage.until(10.0)
    assert stage.heard.kinds == ["camera-failed"]
    assert len(stage.heard.returns) == 1
    assert stage.heard.times[-1] > 9.9


def test_a_frozen_picture_is_a_loss_and_only_a_new_picture_brings_the_camera_back(play: Play) -> None:
    stage = play(BEFORE, Part(10.0, "same"), Part(40.0))
    stage.until(60.0)
    heard = stage.heard
    assert heard.kinds == ["camera-frozen"]
    assert [reason for _, reason in heard.losses] == ["camera frozen"]
    assert heard.losses[0][0] == pytest.approx(15.0, abs=0.1)
    assert 40.0 <= heard.returns[0] <= 50.0
    assert len(heard.returns) == 1
    assert len(stage.script.opened) > 2  # it was opened again, which did not help
    assert stage.camera.health().dropped["frozen"] > 0
    assert heard.in_order()


def test_opening_again_mends_a_frozen_camera_where_it_can(play: Play) -> None:
    stage = play(BEFORE, Part(10.0, "same"), Part(15.2))
    stage.until(30.0)
    assert stage.heard.returns[0] == pytest.approx(15.6, abs=0.3)
    assert stage.camera.health().state == "running"


def test_a_still_scene_goes_on_for_an_hour_without_a_word(play: Play) -> None:
    stage = play(Part(-10.0, fps=1.0), lost_after_s=2.0)
    stage.until(3600.0)
    assert {what for what, _ in stage.heard.said} == {"picture"}


def test_a_black_picture_is_told_once_each_time_and_goes_on(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "black"), Part(20.0), Part(25.0, "black"), Part(40.0))
    stage.until(50.0)
    heard = stage.heard
    assert heard.kinds == ["camera-blank", "camera-blank"]
    assert "lens covered" in heard.events[0].message
    assert [event.time_s for event in heard.events] == pytest.approx([10.0, 30.0], abs=0.1)
    assert not heard.losses


def test_a_network_camera_that_shows_a_still_is_told_and_goes_on(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "same"), choice=STREAM)
    stage.until(60.0)
    assert stage.heard.kinds == ["camera-still"]
    assert not stage.heard.losses


def test_pictures_that_cannot_be_decoded_are_counted_and_in_the_end_a_loss(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "garbled"), Part(6.0), Part(10.0, "garbled"))
    stage.until(9.0)
    assert stage.camera.health().dropped == {"unreadable": pytest.approx(30, abs=2)}
    assert not stage.heard.losses
    stage.until(15.0)
    assert len(stage.heard.losses) == 1


def test_a_slow_listener_loses_frames_that_are_counted_and_grabbing_goes_on(
    play: Play, clock: VirtualClock
) -> None:
    class Slow(Heard):
        def picture(self, frame: VideoFrame) -> None:
            super().picture(frame)
            clock.sleep(3.0 if len(self.pictures) == 10 else 0.2, threading.Event())

    stage = play(BEFORE, heard=Slow())
    stage.until(60.0)
    handed, late = len(stage.heard.pictures), stage.camera.health().dropped["late"]
    assert handed == pytest.approx((60 - 3) / 0.2, abs=5)
    assert handed + late == pytest.approx(60 * 30, abs=8)
    assert stage.script.retrieved <= handed + 5  # what is late costs no decoding
    assert not stage.heard.losses


def test_a_listener_that_was_held_up_finds_a_slow_camera_well(play: Play, clock: VirtualClock) -> None:
    class HeldUp(Heard):
        def picture(self, frame: VideoFrame) -> None:
            super().picture(frame)
            clock.sleep(10.0 if len(self.pictures) == 3 else 0.0, threading.Event())

    stage = play(Part(-10.0, fps=1.0), heard=HeldUp())
    stage.until(30.0)
    assert not stage.heard.losses
    assert stage.heard.times[-1] > 28.0


def test_frames_that_come_within_one_millisecond_are_one(play: Play) -> None:
    stage = play(BEFORE, Part(1.0, fps=3000.0), Part(1.2))
    stage.until(2.0)
    assert stage.camera.health().dropped["out of order"] > 100
    assert np.all(np.diff(stage.heard.times) > 0)


def test_a_picture_from_before_a_loss_does_not_make_the_camera_frozen_after_it(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "same"), Part(8.0, "fail"), Part(13.0, "same"), Part(17.0))
    stage.until(20.0)
    assert stage.heard.kinds == []
    assert stage.heard.returns[0] < 16.5


def test_a_camera_may_come_back_with_another_size(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "fail"), Part(10.0, size=(96, 128)))
    stage.until(20.0)
    sizes = [frame.image.shape[:2] for frame in stage.heard.pictures]
    assert sizes[0] == (48, 64)
    assert sizes[-1] == (96, 128)
    assert (stage.camera.health().width_px, stage.camera.health().height_px) == (128, 96)


def test_stopping_takes_no_longer_than_a_second_even_if_the_reader_hangs(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "hang"))
    stage.until(5.5)
    before_s = stage.clock.now_s()
    stage.end()
    assert stage.clock.now_s() - before_s <= 1.0
    assert stage.camera.health().state == "stopped"
    said = len(stage.heard.said)
    stage.until(20.0)
    assert len(stage.heard.said) == said


def test_stopping_while_it_is_lost_and_a_release_that_hangs_holds_up_nobody(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "fail"), release_hangs=True)
    stage.until(9.0)
    before_s = stage.clock.now_s()
    stage.end()
    assert stage.clock.now_s() - before_s <= 1.0


def test_readers_that_hang_do_not_pile_up(play: Play) -> None:
    stage = play(BEFORE, Part(5.0, "hang"))
    stage.until(1200.0)
    assert len(stage.script.opened) <= MOST_HANGING + 1
    assert len(stage.heard.losses) == 1
    stage.script.parts.append(Part(ZERO_S + 1200.0))
    stage.script.freed.set()  # the driver lets them all go
    stage.until(1230.0)
    assert len(stage.heard.returns) == 1


def test_what_cannot_be_opened_says_so_and_leaves_nothing_open(play: Play) -> None:
    with pytest.raises(UsageError, match="not there: plug it in"):
        play(Part(-10.0, "absent"))
    with pytest.raises(UsageError, match="HD Webcam cannot be opened: RuntimeError"):
        play(Part(-10.0, "throw"))


@pytest.mark.parametrize("act", ["hang", "fail"])
def test_a_camera_without_a_first_picture_is_given_up_after_a_while(play: Play, act: str) -> None:
    with pytest.raises(UsageError, match="HD Webcam gives no picture"):
        play(Part(-10.0, act))
    with pytest.raises(UsageError, match=r"no picture comes from rtsp://10\.0\.0\.9/live"):
        play(Part(-10.0, act), choice=STREAM)
