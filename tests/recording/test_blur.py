"""Faces are hidden in the stored picture: all that were found near its time, or everything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.config import RecordingConfig
from live_sentiment.core.types import ImageArray, VideoFrame
from live_sentiment.recording import recorder
from live_sentiment.recording.blur import HOLD_S, MARGIN_S, FaceBlur
from live_sentiment.recording.recorder import MediaRecorder
from live_sentiment.sources.media.media import MediaSource

BOX = (40.0, 30.0, 20.0, 20.0)


def striped(time_s: float) -> VideoFrame:
    """A picture in which nothing survives pixelation."""
    image = np.zeros((96, 128, 3), np.uint8)
    image[:, ::2] = 255
    return VideoFrame(image, time_s)


def changed(blur: FaceBlur, time_s: float) -> ImageArray:
    """Where the stored picture differs from the taken one, shape (height, width)."""
    frame = striped(time_s)
    return (blur(frame) != frame.image).any(axis=2)


def looked(blur: FaceBlur, faces: dict[float, list], until_s: float = 3.0) -> FaceBlur:
    """Let the analysis look at ten pictures a second, with faces at some of them."""
    for tenth in range(round(until_s * 10) + 1):
        blur.saw(tenth / 10, faces.get(tenth / 10, []))
    return blur


@pytest.mark.parametrize(
    ("time_s", "hidden"), [(0.9, False), (1.0, True), (1.5, True), (2.0, True), (2.1, False)]
)
def test_a_face_is_hidden_half_a_second_before_and_after_it_was_seen(time_s, hidden):
    where = changed(looked(FaceBlur(), {1.5: [BOX]}), time_s)
    assert where[30:50, 40:60].any() == hidden
    assert not where[:, 90:].any()
    assert not where[70:].any()


def test_more_than_the_face_is_hidden_and_all_of_them():
    where = changed(looked(FaceBlur(), {1.5: [BOX, (90.0, 5.0, 10.0, 10.0)]}), 1.5)
    assert where[26:54, 36:64].mean() > 0.9
    assert where[4:16, 90:100].mean() > 0.9


@pytest.mark.parametrize(
    "box", [(-10.0, -10.0, 30.0, 30.0), (120.0, 90.0, 30.0, 30.0), (500.0, 500.0, 9.0, 9.0)]
)
def test_a_box_may_reach_beyond_the_picture(box):
    where = changed(looked(FaceBlur(), {1.5: [box]}), 1.5)
    assert where.any() == (box[0] < 128)
    assert where.mean() < 0.3


def test_what_the_analysis_has_not_reached_is_hidden_as_a_whole():
    blur = looked(FaceBlur(), {}, until_s=2.0)
    assert blur.knows(2.0 - MARGIN_S)
    assert not blur.knows(2.0 - MARGIN_S + 0.01)
    assert not changed(blur, 1.5).any()
    assert changed(blur, 1.6).mean() > 0.9
    assert changed(FaceBlur(), 0.0).mean() > 0.9


def test_a_time_at_which_the_analysis_looked_away_is_hidden_as_a_whole():
    blur = looked(FaceBlur(), {}, until_s=1.0)
    blur.saw(9.0, [])
    assert changed(blur, 1.2).mean() > 0.9
    assert changed(blur, 5.0).mean() > 0.9
    assert changed(blur, 8.8).mean() > 0.9


def test_the_picture_that_was_taken_is_left_as_it_is():
    frame = striped(1.5)
    before = frame.image.copy()
    looked(FaceBlur(), {1.5: [BOX]})(frame)
    np.testing.assert_array_equal(frame.image, before)


def test_it_forgets_what_is_long_past():
    blur = FaceBlur()
    for tenth in range(100_000):
        blur.saw(tenth / 10, [BOX])
    assert len(blur._seen) < 1000


def recorded(path: Path, blur: FaceBlur, times: list[float], tell) -> list[VideoFrame]:
    """Record, with the analysis told of after each picture by `tell`; the pictures as they were stored."""
    writer = MediaRecorder(path, RecordingConfig(crf=1), has_video=True, has_audio=False, blur=blur)
    for time_s in times:
        writer.picture(striped(time_s))
        tell(time_s)
    writer.close()
    return list(MediaSource(path, recording=True))


def grey(image: ImageArray) -> np.ndarray:
    """How much of the stripes is gone, at each place."""
    return np.abs(np.diff(image[..., 1].astype(int), axis=1)) < 100


def test_the_recorder_waits_for_an_analysis_that_lags(tmp_path):
    blur = FaceBlur()
    times = [tenth / 10 for tenth in range(60)]
    stored = recorded(
        tmp_path / "media.mkv",
        blur,
        times,
        lambda now_s: blur.saw(round(now_s - 1.0, 3), [BOX] if now_s >= 3.0 else []),
    )
    assert [frame.time_s for frame in stored] == times
    faces = {frame.time_s: grey(frame.image)[32:48, 42:58].mean() > 0.5 for frame in stored}
    whole = {frame.time_s: grey(frame.image)[:, 80:].mean() > 0.5 for frame in stored}
    assert not any(whole[time_s] for time_s in times if time_s <= 4.4)
    assert all(whole[time_s] for time_s in times if time_s > 4.5)
    assert next(time_s for time_s in times if faces[time_s]) == 1.5


@pytest.mark.parametrize("bound", ["seconds", "bytes"])
def test_an_analysis_that_does_not_come_costs_the_picture_not_the_memory(tmp_path, monkeypatch, bound):
    if bound == "bytes":
        monkeypatch.setattr(recorder, "HELD_BYTES", 5 * striped(0).image.nbytes)
    times = [tenth / 10 for tenth in range(50)]
    writer = MediaRecorder(
        tmp_path / "media.mkv", RecordingConfig(), has_video=True, has_audio=False, blur=FaceBlur()
    )
    for time_s in times:
        writer.picture(striped(time_s))
        assert len(writer._held) <= {"bytes": 6, "seconds": HOLD_S * 10 + 1}[bound]
    writer.close()
    stored = list(MediaSource(tmp_path / "media.mkv", recording=True))
    assert [frame.time_s for frame in stored] == times
    assert all(grey(frame.image).mean() > 0.9 for frame in stored)


@pytest.mark.models
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("whole", [False, True])
def test_a_detector_finds_no_face_in_what_is_stored(tmp_path, model_store, scale, whole):
    import cv2
    from skimage.data import astronaut

    from live_sentiment.models.face_detector import FaceDetector
    from live_sentiment.models.store.store import FACE_DETECTOR

    image = np.ascontiguousarray(cv2.resize(astronaut()[:, :, ::-1], None, fx=scale, fy=scale))
    detect = FaceDetector(model_store.path(FACE_DETECTOR), 640, 0.3)
    faces = [face.box for face in detect(image)]
    assert faces
    blur = FaceBlur()
    writer = MediaRecorder(
        tmp_path / "media.mkv", RecordingConfig(), has_video=True, has_audio=False, blur=blur
    )
    for time_s in (0.0, 0.5, 1.0, 1.5):
        writer.picture(VideoFrame(image, time_s))
        if not whole:
            blur.saw(time_s, faces if time_s == 1.0 else [])
    writer.close()
    for frame in MediaSource(tmp_path / "media.mkv", recording=True):
        if whole or frame.time_s >= 0.5:
            assert not detect(frame.image)
