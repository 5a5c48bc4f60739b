from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.sources.microphone.ring import BlockNote, SampleRing


def counted(first: int, frames: int, channels: int = 2) -> np.ndarray:
    """Samples that tell their own place."""
    return np.repeat(np.arange(first, first + frames, dtype=np.float32)[:, None], channels, axis=1)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=60))
def test_what_goes_in_comes_out_in_order_over_the_seam(blocks: list[int]) -> None:
    ring = SampleRing(capacity=8, channels=2)
    given_so_far = 0
    for number, frames in enumerate(blocks):
        ring.write(counted(given_so_far, frames), float(number), 0.5, overflow=number == 3)
        note = ring.take()
        assert note == BlockNote(given_so_far, frames, float(number), 0.5, number == 3)
        assert np.array_equal(ring.read(frames), counted(given_so_far, frames))
        given_so_far += frames
        assert ring.take() is None


def test_what_it_gives_is_not_written_over() -> None:
    ring = SampleRing(capacity=4, channels=1)
    ring.write(counted(0, 4, 1), 0.0, 0.0, False)
    ring.take()
    samples = ring.read(4)
    ring.write(counted(4, 4, 1), 0.0, 0.0, False)
    assert samples.ravel().tolist() == [0, 1, 2, 3]


def test_a_reader_too_slow_sees_by_the_count_how_much_is_missing() -> None:
    ring = SampleRing(capacity=10, channels=1)
    for number in range(5):
        ring.write(counted(4 * number, 4, 1), float(number), 0.0, False)
    notes = [ring.take(), ring.take()]
    assert ring.take() is None, "two blocks of four fit in ten"
    assert ring.read(8).ravel().tolist() == list(range(8))
    ring.write(counted(20, 4, 1), 5.0, 0.0, False)
    notes.append(ring.take())
    assert [note.count for note in notes if note] == [0, 4, 20]
    assert ring.read(4).ravel().tolist() == [20, 21, 22, 23]


def test_a_reader_too_slow_for_many_short_blocks_loses_whole_blocks_too() -> None:
    ring = SampleRing(capacity=100, channels=1, notes=3)
    for number in range(5):
        ring.write(counted(number, 1, 1), float(number), 0.0, False)
    assert [note.count for note in iter(ring.take, None)] == [0, 1, 2]
    ring.read(3)
    ring.write(counted(5, 1, 1), 5.0, 0.0, False)
    note = ring.take()
    assert note is not None
    assert note.count == 5
    assert ring.read(1).item() == 5


def test_it_tells_that_the_callback_lives_even_where_there_is_no_room() -> None:
    ring = SampleRing(capacity=4, channels=1)
    assert ring.heard_s is None
    for number in range(3):
        ring.write(counted(0, 4, 1), float(number), 0.0, False)
    assert ring.heard_s == 2.0


@pytest.mark.parametrize("channels", [1, 6])
def test_a_writer_and_a_reader_on_threads_of_their_own_lose_nothing_unseen(channels: int) -> None:
    ring, blocks, rng = SampleRing(capacity=1000, channels=channels), 3000, np.random.default_rng(0)
    sizes = rng.integers(1, 64, blocks).tolist()
    writing = threading.Event()

    def write() -> None:
        place = 0
        for frames in sizes:
            ring.write(counted(place, frames, channels), float(place), 0.0, False)
            place += frames
        writing.set()

    writer = threading.Thread(target=write)
    writer.start()
    heard = missed = expected = 0
    while True:
        last = writing.is_set()
        while (note := ring.take()) is not None:
            missed += note.count - expected
            assert np.array_equal(ring.read(note.frames), counted(note.count, note.frames, channels))
            assert note.host_s == note.count, "the note is that of its own block"
            heard += note.frames
            expected = note.count + note.frames
        if last:
            break
    writer.join()
    assert heard + missed + (sum(sizes) - expected) == sum(sizes)
    assert heard > 0
