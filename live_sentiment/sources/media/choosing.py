"""Choosing the tracks of a file by what is in them: speech in the sound, faces in the pictures.

Recorders write the game before the microphone and the shared screen before the camera. Where a file has more
than one track of a kind, or channels that differ, a few seconds at three places of it are decoded and judged,
the same ones each time. All other files are not touched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from live_sentiment.core.types import FloatArray, ImageArray
from live_sentiment.sources.media.container import open_container
from live_sentiment.sources.media.excerpts import PLACES, decoded, listen_each_s, listening_places
from live_sentiment.sources.media.levels import usual_scale
from live_sentiment.sources.media.mixdown import Mixdown
from live_sentiment.sources.media.pictures import PictureConverter
from live_sentiment.sources.media.sound import make_resampler, planes
from live_sentiment.sources.media.track_choice import (
    AS_STATED,
    TrackChoice,
    audio_tracks,
    can_be_decoded,
    described,
    has_flag,
    preferred,
    video_tracks,
)

LOOKS = 2
"""Pictures at each place."""
TIE = 0.1
"""Tracks whose speech or faces differ by no more are alike: what the file states decides."""
LEAST = 0.1
"""A track with less speech or face than this has none."""
CLEARLY_BETTER = 0.2
"""A channel is heard alone where it has this much more speech than the mix, of which the rest is noise ..."""
CORRELATED = 0.7
"""... which channels with this correlation do not differ enough for."""
FULL_FACE_PX = 120.0
"""A face of this size is as good as a larger one."""

_ASIDES = ("comment", "hearing_impaired", "visual_impaired", "descriptions", "karaoke", "clean_effects")
"""Tracks that somebody else speaks on, or that are not meant to be heard alone."""


class Judge(Protocol):
    """What listens and looks."""

    def speech(self, samples: FloatArray) -> float:
        """How much of a sound, 16 kHz mono, is speech, in [0, 1]."""
        ...

    def face_px(self, image: ImageArray) -> float:
        """Size of the largest face in a BGR picture; 0 without one."""
        ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be read of a file, and why."""

    tracks: TrackChoice = AS_STATED
    reasons: tuple[str, ...] = ()
    """One sentence for each choice there was."""


NO_CHOICE = Chosen()
"""One track of a kind, or tracks alike: what the file states is read."""


@dataclass(slots=True)
class _Heard:
    """One audio track, as it comes."""

    track: Any
    mono: list[FloatArray] = field(default_factory=list)
    channels: list[FloatArray] = field(default_factory=list)
    """Pieces of shape (channels, n)."""
    rate_hz: int = 0
    seconds: float = 0.0
    mix: Mixdown = field(default_factory=Mixdown)

    def take(self, frame: Any) -> None:
        samples, _ = planes(frame)
        if self.rate_hz and (frame.sample_rate != self.rate_hz or len(samples) != len(self.channels[0])):
            return
        self.rate_hz = frame.sample_rate
        self.mono.append(self.mix(frame))
        self.channels.append(samples)
        self.seconds += samples.shape[1] / frame.sample_rate

    def sound(self, pieces: Sequence[FloatArray]) -> FloatArray:
        if not pieces:
            return np.zeros(0, np.float32)
        resampler = make_resampler(self.rate_hz)
        whole = np.nan_to_num(np.concatenate(pieces, axis=-1), posinf=0.0, neginf=0.0)
        whole /= np.float32(usual_scale(whole))
        return np.concatenate([resampler(whole), resampler.flush()])


def choose_tracks(
    path: Path,
    wish: TrackChoice,
    judge: Judge,
    *,
    language: str | None = None,
    span_s: tuple[float, float | None] = (0.0, None),
) -> Chosen:
    """What to read of a file.

    Args:
        path: the media file.
        wish: what is not to be chosen, but was asked for.
        judge: listens and looks.
        language: that words are recognised in, as "en"; of equal tracks, one in it is taken.
        span_s: the part of the file that will be read, in seconds from its beginning.

    Raises:
        UsageError: the file cannot be read, or does not hold what was asked for.
    """
    with open_container(path, tracks=wish) as container:
        video, audio = video_tracks(container), audio_tracks(container)
        sounds = [track for track in audio if can_be_decoded(track)]
        films = [track for track in video if can_be_decoded(track)]
        listen = wish.audio is None and len(sounds) > 1
        look = wish.video is None and len(films) > 1
        places = [*listening_places(container, span_s)]
        reasons, chosen = [], wish
        if look:
            scores = _look(container, films, places, judge)
            best = _best(films, scores, language=None)
            if _differ(scores):
                chosen = replace(chosen, video=video.index(films[best]) + 1)
                reasons.append(_sentence("video", video, films, scores, best))
        only = preferred(audio)
        if not listen and (wish.channel is not None or only is None or not _has_channels(only)):
            return Chosen(chosen, tuple(reasons))
        heard = [_Heard(track) for track in (sounds if listen else [only])]
        _listen(container, heard, places)
        best = 0
        if listen:
            scores = [judge.speech(one.sound(one.mono)) for one in heard]
            best = _best(sounds, scores, language=language)
            if _differ(scores) or sounds[best] is not only:
                chosen = replace(chosen, audio=audio.index(sounds[best]) + 1)
                reasons.append(_sentence("audio", audio, sounds, scores, best))
        if wish.channel is None and (channel := _channel(heard[best], judge)) is not None:
            chosen = replace(chosen, channel=channel)
            reasons.append(f"only channel {channel} of the sound is heard: the others hold next to no speech")
        return Chosen(chosen, tuple(reasons))


def _has_channels(track: Any) -> bool:
    return len(track.codec_context.layout.channels) > 1


def _listen(container: Any, heard: Sequence[_Heard], places: Sequence[Fraction]) -> None:
    by_index = {one.track.index: one for one in heard}
    each_s = listen_each_s(places)
    for number, place in enumerate(places, start=1):
        for track, frame in decoded(container, [one.track for one in heard], place):
            one = by_index[track.index]
            if one.seconds < number * each_s:
                one.take(frame)
            if all(one.seconds >= number * each_s for one in heard):
                break


def _look(container: Any, films: Sequence[Any], places: Sequence[Fraction], judge: Judge) -> list[float]:
    """Mean size of the largest face, 1 for FULL_FACE_PX and more."""
    sizes: dict[int, list[float]] = {film.index: [] for film in films}
    convert = {film.index: PictureConverter(film, longest_px=1920) for film in films}
    spots = places if len(places) > 1 else [places[0] + second for second in range(len(PLACES))]
    for number, place in enumerate(spots, start=1):
        for film, frame in decoded(container, films, place):
            seen = sizes[film.index]
            if len(seen) < number * LOOKS and float(frame.time or 0) >= float(place):
                seen.append(judge.face_px(convert[film.index](frame)))
            if all(len(seen) >= number * LOOKS for seen in sizes.values()):
                break
    return [
        float(np.mean(np.minimum(np.array(sizes[film.index]) / FULL_FACE_PX, 1)))
        if sizes[film.index]
        else 0.0
        for film in films
    ]


def _best(tracks: Sequence[Any], scores: Sequence[float], *, language: str | None) -> int:
    """Index of the track with the most; of equals, the one in the right language, the default, the first."""
    numbers = range(len(tracks))
    proper = [n for n in numbers if not any(has_flag(tracks[n], name) for name in _ASIDES)]
    if not proper or max(scores[n] for n in proper) < LEAST <= max(scores):
        proper = list(numbers)
    most = max(scores[n] for n in proper)

    def rank(number: int) -> tuple[bool, bool, int]:
        stated = tracks[number].language
        foreign = language is not None and stated not in {None, "und"} and stated[:2] != language[:2]
        return foreign, not has_flag(tracks[number], "default"), number

    return min((n for n in proper if scores[n] >= most - TIE), key=rank)


def _differ(scores: Sequence[float]) -> bool:
    return max(scores) - min(scores) > TIE


def _sentence(
    kind: str, all_tracks: Sequence[Any], tracks: Sequence[Any], scores: Sequence[float], best: int
) -> str:
    number = all_tracks.index(tracks[best]) + 1
    what = "speech" if kind == "audio" else "faces"
    others = ", ".join(
        f"{round(100 * score)} % in track {all_tracks.index(track) + 1}"
        for place, (track, score) in enumerate(zip(tracks, scores, strict=True))
        if place != best
    )
    return (
        f"{kind} track {number} of {len(all_tracks)} ({described(tracks[best])}) is analysed: "
        f"{round(100 * scores[best])} % {what} where it was looked into, {others}; "
        f"--{kind}-track chooses another"
    )


def _channel(heard: _Heard, judge: Judge) -> int | None:
    """The channel that alone holds the speech while the others drown it; None where they are to be mixed."""
    if not heard.channels or len(heard.channels[0]) < 2:
        return None
    channels = np.concatenate(heard.channels, axis=1)
    usual = np.clip(np.nan_to_num(channels) / usual_scale(channels), -8, 8)
    power = (usual**2).mean(axis=1)
    audible = [number for number in range(len(channels)) if power[number] > max(power.max() * 1e-4, 1e-8)]
    if len(audible) < 2:
        return None
    alike = np.corrcoef(usual[audible])
    if np.abs(alike).min() > CORRELATED:
        return None
    mixed = judge.speech(heard.sound(heard.mono))
    alone = {number: judge.speech(heard.sound([channels[number]])) for number in audible}
    best = max(audible, key=lambda number: alone[number])
    better = alone[best] >= mixed + CLEARLY_BETTER and not math.isclose(alone[best], 0)
    return best + 1 if better else None
