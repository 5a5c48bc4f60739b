from __future__ import annotations

import sys
from pathlib import Path

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.sources.camera import listing as module
from live_sentiment.sources.camera.info import CameraChoice, CameraInfo
from live_sentiment.sources.camera.listing import choose_camera, list_cameras
from tests.helpers.media_factory import greys, steady, tone, write_media

CAMERAS = [
    CameraInfo(0, "Integrated IR Camera", "/dev/video0", problem="not permitted"),
    CameraInfo(2, "Logitech BRIO", "/dev/video2"),
    CameraInfo(4, "Logitech C920", "/dev/video4"),
]


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[CameraInfo]:
    cameras = list(CAMERAS)
    monkeypatch.setattr(module, "list_cameras", lambda: cameras)
    return cameras


@pytest.mark.parametrize(
    ("choice", "index"),
    [
        (None, 2),  # the first that may be used
        ("0", 0),
        (" 4 ", 4),
        ("/dev/video4", 4),
        ("Logitech C920", 4),
        ("logitech c920", 4),
        ("brio", 2),
    ],
)
def test_a_camera_is_chosen_by_number_node_name_or_a_part_of_it(
    plugged: list[CameraInfo], choice: str | None, index: int
) -> None:
    chosen = choose_camera(choice)
    assert (chosen.kind, chosen.index) == ("device", index)
    assert chosen.name == next(camera.name for camera in plugged if camera.index == index)


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("Logitec Brioo", r"did you mean 2 \(Logitech BRIO\)"),
        ("Logitech", r"may mean 2 \(Logitech BRIO\), 4 \(Logitech C920\); choose by number"),
        ("Elgato", r"no camera 'Elgato'.*there are 0 .*2 .*4 "),
        ("7", r"no camera 7; there are 0 \(Integrated IR Camera\), 2"),
        ("/dev/video9", r"no camera /dev/video9; there are 0"),
    ],
)
def test_what_is_not_there_or_not_clear_is_answered_with_what_there_is(
    plugged: list[CameraInfo], choice: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        choose_camera(choice)


def test_the_whole_name_of_one_camera_goes_before_a_part_of_another(plugged: list[CameraInfo]) -> None:
    plugged.append(CameraInfo(6, "Logitech BRIO Ultra"))
    assert choose_camera("Logitech BRIO").index == 2


def test_without_any_camera_it_is_said_what_to_do(plugged: list[CameraInfo]) -> None:
    plugged.clear()
    for choice in (None, "0", "BRIO"):
        with pytest.raises(UsageError, match=r"no camera was found: .*--no-camera"):
            choose_camera(choice)


def test_if_none_may_be_used_opening_the_first_will_say_why(plugged: list[CameraInfo]) -> None:
    del plugged[1:]
    assert choose_camera(None).index == 0


def test_an_address_keeps_its_password_and_does_not_show_it() -> None:
    address = "rtsp://admin:s3cret@10.0.0.9:554/live?channel=1"
    chosen = choose_camera(address)
    assert chosen == CameraChoice("stream", "rtsp://admin:***@10.0.0.9:554/live?channel=1", address=address)
    plain = "http://127.0.0.1:8080/camera.mjpg"
    assert choose_camera(plain) == CameraChoice("stream", plain, address=plain)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("file:///etc/passwd", "no address of a camera; it begins with one of http://"),
        ("http:///camera", "names no host"),
        ("http://[::1/camera", "is no address"),
    ],
)
def test_what_is_no_address_of_a_camera_is_refused(address: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        choose_camera(address)


def test_a_file_is_chosen_by_its_path(tmp_path: Path) -> None:
    file = write_media(tmp_path / "face.mp4", pictures=greys(steady(0.2)))
    assert choose_camera(str(file), loop=True) == CameraChoice(
        "file", "face.mp4", address=str(file), loop=True
    )


def test_a_file_that_cannot_be_a_camera_is_refused(tmp_path: Path, plugged: list[CameraInfo]) -> None:
    sound = write_media(tmp_path / "voice.wav", sound=tone(0.2), audio_codec="pcm_s16le")
    with pytest.raises(UsageError, match="sound but no pictures"):
        choose_camera(str(sound))
    with pytest.raises(UsageError, match="no such file"):
        choose_camera(str(tmp_path / "missing.mp4"))
    with pytest.raises(UsageError, match="only a video file can be shown over and over"):
        choose_camera("brio", loop=True)


def test_listing_opens_no_camera_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("live_sentiment.sources.camera.listing.opens", pytest.fail)
    monkeypatch.setattr("live_sentiment.sources.camera.v4l2.linux_cameras", lambda: CAMERAS)
    assert list_cameras() == CAMERAS


def test_on_windows_no_camera_is_opened_to_choose_one_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(module, "list_cameras", pytest.fail)
    assert choose_camera(None) == CameraChoice("device", "camera 0", 0)
    assert choose_camera("2") == CameraChoice("device", "camera 2", 2)


def test_elsewhere_the_system_is_asked_and_else_the_first_indexes_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("live_sentiment.sources.camera.listing.opens", lambda index: index == 1)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(module, "macos_cameras", lambda: CAMERAS)
    assert list_cameras() == CAMERAS
    monkeypatch.setattr(module, "macos_cameras", list)
    assert list_cameras() == [CameraInfo(1, "camera 1")]
    monkeypatch.setattr(sys, "platform", "win32")
    assert list_cameras() == [CameraInfo(1, "camera 1")]
