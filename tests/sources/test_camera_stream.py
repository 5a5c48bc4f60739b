"""A network camera: a real MJPEG stream on loopback, through OpenCV, on the machine's own clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.clock import MonotonicClock
from live_sentiment.core.config import CameraConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.sources.camera.camera import Camera
from live_sentiment.sources.camera.listing import choose_camera
from tests.helpers.heard import Heard
from tests.helpers.media_factory import steady, write_media
from tests.helpers.mjpeg import MjpegServer

WITHIN_S = 15.0
CONFIG = CameraConfig(lost_after_s=0.8)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MjpegServer]:
    noise = np.random.default_rng(0)
    pictures = ((time_s, noise.integers(0, 256, (96, 128, 3), np.uint8)) for time_s in steady(2.0))
    clip = write_media(tmp_path_factory.mktemp("clip") / "noise.mp4", pictures=pictures)
    with MjpegServer(clip) as running:
        yield running


def test_frames_come_at_the_rate_of_the_stream_and_a_server_that_was_away_is_taken_back(
    server: MjpegServer,
) -> None:
    camera = Camera(choose_camera(server.url), CONFIG, MonotonicClock())
    camera.open()
    heard = Heard()
    zero_s = time.monotonic()
    camera.start(heard, zero_s)
    heard.wait_for(lambda: len(heard.times) > 50, WITHIN_S)
    times = heard.times[:50]
    assert np.all(np.diff(times) > 0)
    assert all(round(time_s * 1000) == pytest.approx(time_s * 1000) for time_s in times)
    assert np.median(np.diff(times)) == pytest.approx(0.04, abs=0.015)
    assert heard.pictures[0].image.shape == (96, 128, 3)
    health = camera.health()
    assert (health.state, health.width_px, health.height_px) == ("running", 128, 96)
    assert health.rate_hz == pytest.approx(25, abs=8)

    server.kill()
    killed_s = time.monotonic() - zero_s
    heard.wait_for(lambda: heard.losses, WITHIN_S)
    (lost_s, reason), *_ = heard.losses
    assert reason == "camera lost"
    assert lost_s == pytest.approx(killed_s, abs=0.5)
    assert camera.health().state == "lost"

    server.start()
    heard.wait_for(lambda: heard.returns and heard.times[-1] > heard.returns[0] + 0.3, WITHIN_S)
    missing_s = heard.returns[0] - lost_s
    silent_s = max(np.diff(heard.times))
    assert silent_s == pytest.approx(missing_s, abs=0.002)
    assert camera.health().gaps == 1
    assert camera.health().gap_s == pytest.approx(missing_s, abs=0.002)
    assert len(heard.losses) == len(heard.returns) == 1
    assert heard.in_order()
    camera.stop()
    assert camera.join(WITHIN_S)
    assert camera.health().state == "stopped"


def test_a_stream_that_falls_silent_is_lost_though_the_connection_stands(server: MjpegServer) -> None:
    camera = Camera(choose_camera(server.url), CONFIG, MonotonicClock())
    camera.open()
    heard = Heard()
    camera.start(heard, time.monotonic())
    heard.wait_for(lambda: heard.times, WITHIN_S)
    server.hang()
    try:
        heard.wait_for(lambda: heard.losses, WITHIN_S)
    finally:
        server.go_on()
    heard.wait_for(lambda: heard.returns, WITHIN_S)
    camera.stop()
    assert camera.join(WITHIN_S)
    assert heard.in_order()


def test_a_camera_that_is_stopped_before_it_was_started_lets_the_stream_go(server: MjpegServer) -> None:
    camera = Camera(choose_camera(server.url), CONFIG, MonotonicClock())
    camera.open()
    camera.stop()
    assert camera.join(WITHIN_S)
    assert camera.health().state == "stopped"
    readers = [thread for thread in threading.enumerate() if thread.name == "camera reader"]
    for reader in readers:
        reader.join(WITHIN_S)
        assert not reader.is_alive()


def test_an_address_where_nobody_answers_says_what_to_check(server: MjpegServer, tmp_path: Path) -> None:
    server.kill()
    try:
        camera = Camera(choose_camera(server.url.replace("://", "://me:secret@")), CONFIG, MonotonicClock())
        with pytest.raises(
            UsageError, match=r"no picture comes from http://me:\*\*\*@127.*check the address"
        ):
            camera.open()
    finally:
        server.start()
