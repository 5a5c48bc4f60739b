"""What encoders get of a sample: sound cut and placed in time, faces cut out of videos."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.models.face_detector import Detection
from live_sentiment.models.store.store import FACE_DETECTOR, ModelStore
from live_sentiment.perception.face.align import TEMPLATE
from live_sentiment.training.data import raw
from live_sentiment.training.data.raw import RawReader, UnreadableError, decode_frames, decode_sound
from live_sentiment.training.data.samples import Sample, Span
from tests.helpers.media_factory import beeps, greys, steady, tone, write_media
from tests.helpers.places import DATA, needs_data
from tests.helpers.releases import clip, wav


def test_text_and_pictures_come_as_they_are() -> None:
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4)
    (text,) = RawReader().read(Sample("a", text=" well "), "text")
    (face,) = RawReader().read(Sample("a", picture=grey), "vision")
    assert (text.raw, text.offset_s) == (" well ", 0)
    assert face.raw.shape == (4, 4, 3)
    assert (face.raw == grey[..., None]).all()


@pytest.mark.parametrize(
    ("sample", "modality", "why"),
    [
        (Sample("a", text=" "), "text", "no text"),
        (Sample("a"), "voice", "no sound"),
        (Sample("a"), "vision", "no picture"),
    ],
)
def test_what_has_nothing_to_read_says_why(sample: Sample, modality, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        RawReader().read(sample, modality)


def test_a_stretch_of_a_videos_sound_is_where_it_should_be(tmp_path: Path) -> None:
    video = write_media(
        tmp_path / "a.mkv", pictures=greys(steady(3.0)), sound=beeps(3.0, 1.5), audio_codec="flac"
    )
    whole, part = decode_sound(Span(video)), decode_sound(Span(video, 1.0, 2.0))
    assert len(whole) == pytest.approx(48_000, abs=400)
    assert len(part) == pytest.approx(16_000, abs=400)
    assert np.flatnonzero(np.abs(whole) > 0.1)[0] == pytest.approx(24_000, abs=100)
    assert np.flatnonzero(np.abs(part) > 0.1)[0] == pytest.approx(8_000, abs=100)


def test_a_gap_in_the_sound_stays_one(tmp_path: Path) -> None:
    sound = tone(2.0)
    sound.jumps = [(1.0, 0.5)]
    video = write_media(tmp_path / "a.mkv", sound=sound, audio_codec="flac")
    heard = decode_sound(Span(video))
    assert len(heard) == pytest.approx(40_000, abs=800)
    assert np.abs(heard[17_500:22_500]).max() < 0.01


def test_a_video_without_sound_or_picture(tmp_path: Path) -> None:
    silent = clip(tmp_path / "a.mp4", sound=False)
    with pytest.raises(UnreadableError, match="no sound"):
        RawReader().read(Sample("a", sound=Span(silent)), "voice")
    with pytest.raises(UnreadableError, match="no picture"):
        RawReader().read(Sample("a", video=Span(wav(tmp_path / "a.wav"))), "vision")


class Finder:
    """Sees a face where a picture is bright."""

    def __init__(self, folder: Path, size_px: int) -> None:
        self.folder, self.size_px = folder, size_px

    def __call__(self, image) -> list[Detection]:
        if image.mean() < 60:
            return []
        landmarks = (TEMPLATE / 48 * 64).astype(np.float32)
        small = Detection((0, 0, 4, 4), landmarks * 0.1, 0.99)
        return [small, Detection((0, 0, 60, 60), landmarks, 0.9)]


def test_faces_of_a_video_are_taken_evenly_with_their_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "FaceDetector", Finder)
    video = write_media(tmp_path / "a.mp4", pictures=greys(steady(2.0, 10)))
    looks = RawReader(tmp_path, frames_per_s=5, max_frames=4).read(Sample("a", video=Span(video)), "vision")
    offsets = [look.offset_s for look in looks]
    # The first pictures are dark: there is no face in them.
    assert offsets == pytest.approx([-1.2, -0.6, 0.0])
    assert all(look.raw.shape == (112, 112, 3) for look in looks)
    assert [int(look.raw.mean()) for look in looks] == sorted(int(look.raw.mean()) for look in looks)
    with pytest.raises(UnreadableError, match="no face"):
        RawReader(tmp_path).read(Sample("a", video=Span(video, 0.0, 0.3)), "vision")


def test_a_video_needs_a_detector(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="videos need the face detector"):
        RawReader().read(Sample("a", video=Span(clip(tmp_path / "a.mp4"))), "vision")


def test_settings_that_change_what_is_seen_change_the_fingerprint() -> None:
    assert RawReader().fingerprint == RawReader(Path("anywhere")).fingerprint
    assert RawReader().fingerprint != RawReader(max_frames=3).fingerprint


def test_frames_are_at_most_as_many_as_asked_for(tmp_path: Path) -> None:
    video = write_media(tmp_path / "a.mp4", pictures=greys(steady(2.0, 20)))
    assert len(decode_frames(Span(video), 4.0)) == 8
    assert len(decode_frames(Span(video, 1.0, 1.5), 4.0)) == 2


@needs_data
@pytest.mark.models
def test_a_real_face_is_found_in_a_video(tmp_path: Path, model_store: ModelStore) -> None:
    with np.load(DATA / "face/ferplus_test.npz") as arrays:
        face = arrays["images"][int(arrays["votes"][:, 1].argmax())]
    canvas = np.full((320, 320, 3), 127, np.uint8)
    canvas[64:256, 64:256] = cv2.resize(face, (192, 192), interpolation=cv2.INTER_CUBIC)[..., None]
    video = write_media(tmp_path / "face.mp4", pictures=((time_s, canvas) for time_s in steady(1.0)))
    looks = RawReader(model_store.path(FACE_DETECTOR)).read(Sample("a", video=Span(video)), "vision")
    assert [look.offset_s for look in looks] == pytest.approx([-0.48, 0.0], abs=0.05)
