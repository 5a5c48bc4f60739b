"""Which of several tracks and channels is read, and what the user is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import AudioBlock, Event, FloatArray, ImageArray, VideoFrame
from live_sentiment.sources.media import excerpts
from live_sentiment.sources.media.choosing import Chosen, choose_tracks
from live_sentiment.sources.media.media import MediaSource
from live_sentiment.sources.media.track_choice import AS_STATED, MIX, TrackChoice
from tests.helpers import media_factory as factory
from tests.helpers.waves import RATE_HZ, Waves, noise, voice

SECONDS = 3.0
TONE: Waves = 0.3 * np.sin(2 * np.pi * 220 * np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ)
SPEECH = voice(SECONDS)
OTHER_SPEECH = voice(SECONDS, seed=3)
SILENCE = np.zeros(len(SPEECH))


class Judge:
    """Takes syllables for speech and bright pictures for faces, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def speech(self, samples: FloatArray) -> float:
        """How far the level goes up and down three times a second, beside how much there is at all."""
        self.asked += 1
        level = np.abs(samples[: len(samples) // 400 * 400]).reshape(-1, 400).mean(axis=1)
        return 0.0 if level.mean() < 1e-3 else float(min(level.std() / level.mean(), 1.0))

    def face_px(self, image: ImageArray) -> float:
        self.asked += 1
        return 200.0 if image.mean() > 150 else 0.0


def write(
    path: Path,
    sounds: Sequence[tuple[Waves, dict[str, str], Disposition]] = (),
    greys: Sequence[int] = (),
) -> Path:
    """A file with one audio track for each sound and one video track for each grey."""
    with av.open(str(path), "w") as container:
        films = []
        for _ in greys:
            film = container.add_stream("mpeg4", rate=25)
            film.width = film.height = 64
            film.pix_fmt = "yuv420p"
            films.append(film)
        tracks = []
        for wave, metadata, disposition in sounds:
            channels = 1 if wave.ndim == 1 else len(wave)
            track = container.add_stream(
                "pcm_s16le", rate=RATE_HZ, layout={1: "mono", 2: "stereo", 4: "quad"}[channels]
            )
            track.metadata.update(metadata)
            track.disposition = disposition
            tracks.append(track)
        for number in range(round(SECONDS * 25)):
            for film, grey in zip(films, greys, strict=True):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), grey, np.uint8), format="rgb24")
                container.mux(film.encode(frame))
            for track, (wave, _, _) in zip(tracks, sounds, strict=True):
                first = number * RATE_HZ // 25
                piece = np.atleast_2d(wave)[:, first : first + RATE_HZ // 25]
                samples = np.round(np.clip(piece, -1, 1) * 32767).astype(np.int16).T.reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=track.layout.name)
                frame.sample_rate, frame.pts = RATE_HZ, first
                container.mux(track.encode(frame))
        for stream in (*films, *tracks):
            container.mux(stream.encode(None))
    return path


PLAIN = Disposition(0)
DEFAULT = Disposition.default
COMMENT = Disposition.comment


def chosen(path: Path, wish: TrackChoice = AS_STATED, judge: Judge | None = None) -> Chosen:
    return choose_tracks(path, wish, judge or Judge(), language="en")


def heard(path: Path, choice: Chosen) -> FloatArray:
    return np.concatenate(
        [item.samples for item in MediaSource(path, chosen=choice) if isinstance(item, AudioBlock)]
    )


@pytest.mark.parametrize(
    ("sounds", "audio"),
    [
        ([(TONE, {}, DEFAULT), (SPEECH, {}, PLAIN)], 2),
        ([(SILENCE, {}, DEFAULT), (TONE, {}, PLAIN), (SPEECH, {}, PLAIN)], 3),
        ([(SPEECH, {}, PLAIN), (TONE, {}, DEFAULT)], 1),
        ([(SPEECH, {"language": "ger"}, DEFAULT), (SPEECH, {"language": "eng"}, PLAIN)], 2),
        ([(0.2 * TONE + SPEECH, {}, DEFAULT), (SPEECH, {}, COMMENT)], 1),
        ([(TONE, {}, DEFAULT), (SPEECH, {}, COMMENT)], 2),
    ],
    ids=["game first", "silent first", "default is a tone", "language", "commentary", "only commentary"],
)
def test_the_track_with_speech_is_read(tmp_path: Path, sounds: list[object], audio: int) -> None:
    path = write(tmp_path / "a.mkv", sounds)  # type: ignore[arg-type]
    choice = chosen(path)
    assert choice.tracks == TrackChoice(audio=audio)
    (reason,) = choice.reasons
    assert f"audio track {audio} of {len(sounds)} (pcm_s16le" in reason
    wave = sounds[audio - 1][0]  # type: ignore[index]
    sound = heard(path, choice)
    assert np.corrcoef(sound, wave[: len(sound)])[0, 1] > 0.99
    (event,) = [item for item in MediaSource(path, chosen=choice) if isinstance(item, Event)]
    assert (event.time_s, event.kind, event.message) == (0.0, "track", reason)


def test_of_tracks_alike_the_default_is_read_without_a_word(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", [(SPEECH, {}, PLAIN), (OTHER_SPEECH, {}, DEFAULT)])
    choice = chosen(path)
    assert choice == Chosen()
    assert np.corrcoef(heard(path, choice), OTHER_SPEECH)[0, 1] > 0.99


def test_the_track_with_faces_is_looked_at(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", [(SPEECH, {}, DEFAULT)], greys=[60, 220])
    choice = chosen(path)
    assert choice.tracks == TrackChoice(video=2)
    assert "video track 2 of 2 (mpeg4" in choice.reasons[0]
    frames = [item for item in MediaSource(path, chosen=choice) if isinstance(item, VideoFrame)]
    assert len(frames) == 75
    assert min(frame.image.mean() for frame in frames) > 200


@pytest.mark.parametrize(
    ("channels", "channel"),
    [
        ([SPEECH, noise(SECONDS, 0.4)], 1),
        ([noise(SECONDS, 0.4), SPEECH], 2),
        ([SPEECH, SILENCE], None),
        ([SPEECH, OTHER_SPEECH], None),
        ([SPEECH, 0.5 * SPEECH], None),
        ([SPEECH, -SPEECH], None),
        ([noise(SECONDS, 0.2, seed) for seed in range(3)] + [SPEECH], 4),
    ],
)
def test_a_channel_of_noise_does_not_drown_the_one_with_speech(
    tmp_path: Path, channels: list[Waves], channel: int | None
) -> None:
    path = write(tmp_path / "a.wav", [(np.stack(channels), {}, PLAIN)])
    choice = chosen(path)
    assert choice.tracks.channel == channel
    assert len(choice.reasons) == (channel is not None)
    assert np.corrcoef(heard(path, choice), SPEECH)[0, 1] ** 2 > 0.4
    assert chosen(path, TrackChoice(channel=MIX)).tracks.channel == MIX


def test_files_without_a_choice_are_not_judged(tmp_path: Path) -> None:
    judge = Judge()
    path = write(tmp_path / "a.mkv", [(SPEECH, {}, DEFAULT)], greys=[60])
    assert chosen(path, judge=judge) == Chosen()
    same = write(tmp_path / "b.wav", [(np.stack([SPEECH, 0.6 * SPEECH]), {}, PLAIN)])
    assert chosen(same, judge=judge) == Chosen()
    two = write(tmp_path / "c.mkv", [(TONE, {}, DEFAULT), (SPEECH, {}, PLAIN)], greys=[60, 220])
    asked_for = TrackChoice(1, 1, MIX)
    assert chosen(two, asked_for, judge) == Chosen(asked_for)
    assert judge.asked == 0


def test_a_long_file_is_judged_at_three_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Speech that only begins later is found; nothing beyond the places is decoded."""
    monkeypatch.setattr(excerpts, "LISTEN_S", 0.3)
    late = np.where(np.arange(len(SPEECH)) < len(SPEECH) // 3, 0, SPEECH)
    path = write(tmp_path / "a.mkv", [(SILENCE, {}, DEFAULT), (late, {}, PLAIN)], greys=[60])
    assert chosen(path).tracks.audio == 2


def test_what_is_asked_for_is_read_and_what_is_not_there_is_named(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.mkv",
        [(TONE, {"title": "Game"}, DEFAULT), (np.stack([SPEECH, TONE]), {"language": "eng"}, PLAIN)],
        greys=[60],
    )
    assert np.corrcoef(heard(path, chosen(path, TrackChoice(audio=1))), TONE)[0, 1] > 0.99
    left = chosen(path, TrackChoice(audio=2, channel=1))
    assert np.corrcoef(heard(path, left), SPEECH)[0, 1] > 0.99
    listed = r"no audio track 3: its audio tracks are 1 \(pcm_s16le, “Game”\), 2 \(pcm_s16le, eng\)"
    with pytest.raises(UsageError, match=listed):
        chosen(path, TrackChoice(audio=3))
    with pytest.raises(UsageError, match=r"no video track 2: its video tracks are 1 \(mpeg4\)"):
        chosen(path, TrackChoice(video=2))
    with pytest.raises(UsageError, match="has 2 channels, so there is no channel 3"):
        chosen(path, TrackChoice(audio=2, channel=3))


def test_cover_art_is_no_choice(tmp_path: Path) -> None:
    path = factory.write_media(
        tmp_path / "song.mp3",
        sound=factory.tone(1.0, rate_hz=44_100),
        audio_codec="libmp3lame",
        cover=factory.quadrants(),
    )
    assert chosen(path) == Chosen()
    with pytest.raises(UsageError, match="no video track 1: it holds no video"):
        chosen(path, TrackChoice(video=1))
