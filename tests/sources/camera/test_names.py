from __future__ import annotations

import json
import sys

import pytest

from live_sentiment.sources.camera.info import CameraInfo
from live_sentiment.sources.camera.names import macos_cameras, run_tool, windows_cameras

MACOS = {
    "SPCameraDataType": [
        {"_name": "USB Camera", "spcamera_unique-id": "0x11000000c45636d"},
        {"_name": "FaceTime HD Camera", "spcamera_unique-id": "0x1020000005ac8514"},
    ]
}


def test_macos_counts_cameras_by_their_unique_id_as_opencv_does() -> None:
    listed = macos_cameras(lambda _: json.dumps(MACOS))
    assert listed == [CameraInfo(0, "FaceTime HD Camera"), CameraInfo(1, "USB Camera")]


@pytest.mark.parametrize("answer", ["", "not JSON", "{}", "[]", '{"SPCameraDataType": [{"no": "name"}]}'])
def test_a_tool_that_does_not_answer_as_expected_names_no_camera(answer: str) -> None:
    assert macos_cameras(lambda _: answer) == []


def test_windows_names_a_camera_only_where_there_is_no_doubt_which() -> None:
    assert windows_cameras(lambda index: index == 0, lambda _: "HD Webcam\r\n\r\n") == [
        CameraInfo(0, "HD Webcam")
    ]
    two = windows_cameras(lambda index: index < 2, lambda _: "HD Webcam\r\nUSB Camera\r\n")
    assert two == [CameraInfo(0, "camera 0"), CameraInfo(1, "camera 1")]
    assert windows_cameras(lambda _: False, lambda _: "HD Webcam\n") == []


def test_a_tool_of_the_system_is_asked_and_may_be_missing_or_fail() -> None:
    assert run_tool([sys.executable, "-c", "print('Kamera für alle')"]).strip() == "Kamera für alle"
    assert run_tool([sys.executable, "-c", "raise SystemExit(1)"]) == ""
    assert run_tool(["no-such-tool-anywhere"]) == ""
