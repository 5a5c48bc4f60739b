from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.types import AudioBlock, Event, VideoFrame
from live_sentiment.sources.media.decoder import spawn_decoder
from live_sentiment.sources.media.media import MediaItem, MediaSource
from live_sentiment.sources.media.pacing import Pacer
from live_sentiment.streams.channel import Channel
from tests.helpers import media_factory as factory
from tests.helpers.virtual_clock import VirtualClock

PATIENCE_S = 60.0


class Items:
    """A source of ready-made items that remembers whether it was closed, and may fail at the end."""

    def __init__(self, items: Iterable[MediaItem], error: Exception | None = None) -> None:
        self._items, self._error = list(items), error
        self.closed = threading.Event()
        self.given = 0

    def __iter__(self) -> Generator[MediaItem, None, None]:
        try:
            for item in self._items:
                self.given += 1
                yield item
            if self._error:
                raise self._error
        finally:
            self.closed.set()


def frames(count: int) -> list[VideoFrame]:
    return [VideoFrame(np.zeros((2, 2, 3), np.uint8), index * 0.04) for index in range(count)]


def blocks(count: int) -> list[AudioBlock]:
    return [AudioBlock(np.zeros(2048, np.float32), index * 0.128) for index in range(count)]


class Collector:
    """Consumes one channel on a thread of its own."""

    def __init__(self, channel: Channel[VideoFrame] | Channel[AudioBlock]) -> None:
        self.items: list[VideoFrame | AudioBlock] = []
        self.error: Exception | None = None
        self._channel = channel
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for item in self._channel:
                self.items.append(item)
        except OSError as error:
            self.error = error

    def wait(self) -> Collector:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "a consumer is stuck"
        return self


def narrow() -> tuple[Channel[VideoFrame], Channel[AudioBlock]]:
    return Channel(2), Channel(2)


def ignore(_: Event) -> None:
    pass


def test_frames_sound_and_events_each_go_their_way() -> None:
    event = Event(1.0, "gap", "…")
    video, audio = narrow()
    looks, sounds, events = Collector(video), Collector(audio), []
    source = Items([*frames(5), event, *blocks(3)])
    decoder = spawn_decoder(source, video, audio, events.append)
    assert looks.wait().items == frames_of(source)
    assert len(sounds.wait().items) == 3
    assert events == [event]
    assert decoder.join(PATIENCE_S)
    assert source.closed.is_set()


def frames_of(source: Items) -> list[MediaItem]:
    return [item for item in source._items if isinstance(item, VideoFrame)]


@pytest.mark.parametrize("first", ["pictures", "sound"])
def test_no_interleaving_however_bad_locks_the_decoder_up(first: str) -> None:
    items: list[MediaItem] = (
        [*frames(500), *blocks(200)] if first == "pictures" else [*blocks(200), *frames(500)]
    )
    video, audio = narrow()
    looks, sounds = Collector(video), Collector(audio)
    spawn_decoder(Items(items), video, audio, ignore)
    assert len(looks.wait().items) == 500
    assert len(sounds.wait().items) == 200


def test_a_real_file_with_all_its_pictures_before_its_sound(tmp_path: Path) -> None:
    path = factory.write_media(
        tmp_path / "bad.mkv",
        pictures=factory.greys(factory.steady(5.0)),
        sound=factory.tone(5.0),
        audio_codec="pcm_s16le",
        interleaved=False,
        options={"max_interleave_delta": "1"},
    )
    order = [type(item) for item in MediaSource(path)]
    assert order.index(AudioBlock) > 100, "the file is interleaved after all"
    video, audio = narrow()
    looks, sounds = Collector(video), Collector(audio)
    spawn_decoder(MediaSource(path), video, audio, ignore)
    assert len(looks.wait().items) == 125
    assert sounds.wait().items[-1].end_s == pytest.approx(5.0)  # type: ignore[union-attr]


def test_an_error_reaches_both_consumers_after_what_came_before_it() -> None:
    video, audio = narrow()
    looks, sounds = Collector(video), Collector(audio)
    spawn_decoder(Items([*frames(3), *blocks(2)], OSError("the disk is gone")), video, audio, ignore)
    for consumer, count in ((looks.wait(), 3), (sounds.wait(), 2)):
        assert len(consumer.items) == count
        assert str(consumer.error) == "the disk is gone"


def test_the_sound_goes_on_when_nobody_looks_any_more() -> None:
    video, audio = narrow()
    video.cancel()
    sounds = Collector(audio)
    spawn_decoder(Items([*frames(50), *blocks(50)]), video, audio, ignore)
    assert len(sounds.wait().items) == 50


def test_decoding_ends_when_both_consumers_have_left() -> None:
    video, audio = narrow()
    source = Items([*frames(1), *blocks(1), *frames(10_000)])
    video.cancel()
    audio.cancel()
    decoder = spawn_decoder(source, video, audio, ignore)
    assert decoder.join(PATIENCE_S)
    assert source.closed.is_set()
    assert source.given == 2


def test_stopping_closes_the_channels_and_keeps_what_was_decoded() -> None:
    video, audio = narrow()
    source = Items([*frames(2), *blocks(100)])
    decoder = spawn_decoder(source, video, audio, ignore)
    audio.get()
    decoder.stop()
    rest = Collector(audio).wait().items
    assert decoder.join(PATIENCE_S)
    assert len(list(video)) == 2
    assert len(rest) < 99
    assert source.closed.is_set()


def test_a_paced_recording_arrives_at_its_own_pace_and_is_the_same() -> None:
    clock = VirtualClock()
    arrivals: list[tuple[float, float]] = []

    class Watched(Channel[VideoFrame]):
        def put(self, item: VideoFrame) -> bool:
            arrivals.append((item.time_s, clock.now_s()))
            return super().put(item)

    video, audio = Watched(2, clock=clock), Channel[AudioBlock](2, clock=clock)
    looks, sounds = Collector(video), Collector(audio)
    items = sorted(
        [*frames(50), *blocks(15)], key=lambda i: i.time_s if isinstance(i, VideoFrame) else i.end_s
    )
    spawn_decoder(Items(items), video, audio, ignore, Pacer(clock, speed=2.0))
    assert len(looks.wait().items) == 50
    assert len(sounds.wait().items) == 15
    for time_s, now_s in arrivals:
        assert now_s == pytest.approx(time_s / 2.0)
