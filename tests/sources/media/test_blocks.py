from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, Event, FloatArray
from live_sentiment.sources.media.blocks import BLOCK, SHORTEST, BlockAssembler

RATE_HZ = 16_000
FRAME = 320


def ramp(count: int, first: int = 0) -> FloatArray:
    """Samples that tell their own place."""
    return np.arange(first, first + count, dtype=np.float32) / 1e6


def assemble(
    assembler: BlockAssembler, frames: Iterable[tuple[FloatArray, float | None]], rate_hz: int = RATE_HZ
) -> tuple[list[AudioBlock], list[Event]]:
    items: list[AudioBlock | Event] = []
    for samples, stated in frames:
        exact = None if stated is None else Fraction(stated).limit_denominator(1_000_000)
        items += assembler.add(samples, rate_hz, exact)
    items += assembler.finish()
    blocks = [item for item in items if isinstance(item, AudioBlock)]
    return blocks, [item for item in items if isinstance(item, Event)]


def regular(count: int, start_s: float = 0.0) -> list[tuple[FloatArray, float]]:
    return [(ramp(FRAME, index * FRAME), start_s + index * FRAME / RATE_HZ) for index in range(count)]


def test_frames_become_blocks_that_join_without_loss() -> None:
    blocks, events = assemble(BlockAssembler(), regular(100, start_s=0.12))
    assert not events
    np.testing.assert_array_equal(np.concatenate([block.samples for block in blocks]), ramp(100 * FRAME))
    assert blocks[0].start_s == 0.12
    for before, after in pairwise(blocks):
        assert after.start_s == pytest.approx(before.end_s, abs=1e-9)
    assert {len(block.samples) for block in blocks[:-1]} == {BLOCK}
    assert SHORTEST <= len(blocks[-1].samples) < BLOCK + SHORTEST


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=30))
def test_no_block_is_shorter_than_a_voice_detector_needs(sizes: list[int]) -> None:
    frames = []
    done = 0
    for size in sizes:
        frames.append((ramp(size, done), done / RATE_HZ))
        done += size
    blocks, _ = assemble(BlockAssembler(), frames)
    np.testing.assert_array_equal(np.concatenate([block.samples for block in blocks]), ramp(done))
    assert len(blocks) == 1 or min(len(block.samples) for block in blocks) >= SHORTEST


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-0.035, 0.035), min_size=50, max_size=50))
def test_jitter_is_smoothed_by_counting_samples(jitter: list[float]) -> None:
    jitter[0] = 0.0
    stated = [(samples, time_s + late) for (samples, time_s), late in zip(regular(50), jitter, strict=True)]
    blocks, events = assemble(BlockAssembler(), stated)
    assert not events
    assert [block.start_s for block in blocks] == [index * BLOCK / RATE_HZ for index in range(len(blocks))]


def test_frames_without_timestamps_follow_on() -> None:
    frames = [(samples, None if index else 1.0) for index, (samples, _) in enumerate(regular(20))]
    blocks, _ = assemble(BlockAssembler(), frames)
    assert blocks[0].start_s == 1.0
    assert blocks[-1].end_s == pytest.approx(1.0 + 20 * FRAME / RATE_HZ)


def test_missing_sound_is_a_jump_and_an_event_with_its_length() -> None:
    frames = regular(50) + regular(100, start_s=0.5)[50:]
    blocks, events = assemble(BlockAssembler(), frames)
    (event,) = events
    assert (event.time_s, event.kind) == (1.0, "gap")
    assert "0.500 s" in event.message
    assert "missing" in event.message
    np.testing.assert_array_equal(np.concatenate([b.samples for b in blocks]), ramp(100 * FRAME))
    (jump,) = [
        index for index in range(1, len(blocks)) if blocks[index].start_s > blocks[index - 1].end_s + 0.01
    ]
    assert blocks[jump - 1].end_s == pytest.approx(1.0)
    assert blocks[jump].start_s == 1.5
    assert blocks[jump].samples[0] == ramp(1, 50 * FRAME)[0]


def test_sound_that_comes_twice_is_heard_once() -> None:
    frames = regular(50) + regular(100)[40:]  # the last 0.2 s of the first part again
    blocks, events = assemble(BlockAssembler(), frames)
    np.testing.assert_allclose(np.concatenate([b.samples for b in blocks]), ramp(100 * FRAME), atol=1e-9)
    (event,) = events
    assert (event.time_s, event.kind) == (1.0, "gap")
    assert "0.200 s" in event.message
    assert "twice" in event.message
    assert blocks[-1].end_s == pytest.approx(2.0)


def test_doubled_sound_that_is_followed_by_a_gap_is_placed_where_it_says() -> None:
    frames = regular(50) + regular(50)[40:45] + regular(60, start_s=1.0)
    blocks, events = assemble(BlockAssembler(), frames)
    assert [round(event.time_s, 6) for event in events] == [1.0]
    assert blocks[-1].end_s == pytest.approx(2.2)
    assert sum(len(block.samples) for block in blocks) == (50 + 60) * FRAME


def test_a_change_of_rate_keeps_the_time() -> None:
    assembler = BlockAssembler()
    items = [
        item for samples, time_s in regular(50) for item in assembler.add(samples, RATE_HZ, Fraction(time_s))
    ]
    second = np.full(48_000, 0.25, np.float32)
    items += [*assembler.add(second, 48_000, Fraction(1)), *assembler.finish()]
    blocks = [item for item in items if isinstance(item, AudioBlock)]
    assert sum(len(block.samples) for block in blocks) == 2 * SAMPLE_RATE_HZ
    assert blocks[-1].end_s == pytest.approx(2.0)
    assert blocks[-1].samples[-1000] == pytest.approx(0.25, abs=1e-3)


def test_sound_of_another_rate_that_comes_twice_is_heard_once() -> None:
    assembler = BlockAssembler()
    items = [
        item for samples, time_s in regular(50) for item in assembler.add(samples, RATE_HZ, Fraction(time_s))
    ]
    second = np.full(48_000, 0.25, np.float32)
    items += [*assembler.add(second, 48_000, Fraction(9, 10)), *assembler.finish()]
    (event,) = [item for item in items if isinstance(item, Event)]
    assert (event.time_s, event.kind) == (1.0, "gap")
    assert "0.100 s of sound come twice" in event.message
    assert [item for item in items if isinstance(item, AudioBlock)][-1].end_s == pytest.approx(1.9)


@pytest.mark.parametrize(("start_s", "end_s"), [(0.5, 1.25), (0.0, 0.01), (1.9999, 5.0)])
def test_only_what_was_asked_for_is_given_to_the_sample(start_s: float, end_s: float) -> None:
    start, end = (Fraction(value).limit_denominator(10_000) for value in (start_s, end_s))
    blocks, _ = assemble(BlockAssembler(start, end), regular(100))
    first, last = -(-start * RATE_HZ // 1), min(-(-end * RATE_HZ // 1), 100 * FRAME)
    np.testing.assert_array_equal(
        np.concatenate([block.samples for block in blocks]), ramp(int(last - first), int(first))
    )
    assert blocks[0].start_s == pytest.approx(float(first / RATE_HZ))


def test_no_sample_reaches_beyond_the_end_however_the_samples_lie() -> None:
    """A part of a file has as many windows as any other part of its length."""
    frames = [(samples, time_s + 1 / 48_000) for samples, time_s in regular(100)]
    blocks, _ = assemble(BlockAssembler(Fraction(1, 2), Fraction(5, 4)), frames)
    assert blocks[0].start_s >= 0.5
    assert 1.25 - 1 / RATE_HZ < blocks[-1].end_s <= 1.25


def test_the_end_is_passed_once_everything_before_it_is_known() -> None:
    assembler = BlockAssembler(end=Fraction(1))
    passed = []
    for samples, time_s in regular(100):
        list(assembler.add(samples, RATE_HZ, Fraction(time_s)))
        passed.append(assembler.past_end)
    assert not any(passed[:50])
    assert passed[-1]


def test_gaps_outside_the_wanted_part_are_not_told() -> None:
    frames = regular(50) + regular(100, start_s=0.5)[50:]
    assert not assemble(BlockAssembler(start=Fraction(2)), frames)[1]
    assert not assemble(BlockAssembler(end=Fraction(1)), frames)[1]


def test_a_stream_without_sound_gives_nothing() -> None:
    assert assemble(BlockAssembler(), []) == ([], [])
    assert BlockAssembler().due is None


def test_sound_that_goes_on_after_a_pause_is_placed_where_it_says() -> None:
    """A microphone that was lost and came back."""
    assembler = BlockAssembler()
    before = [
        item for samples, time_s in regular(50) for item in assembler.add(samples, RATE_HZ, Fraction(time_s))
    ]
    before += assembler.finish()
    after = [
        item
        for samples, time_s in regular(50, 3.0)
        for item in assembler.add(samples, RATE_HZ, Fraction(time_s))
    ]
    after += assembler.finish()
    for items, start_s in ((before, 0.0), (after, 3.0)):
        assert all(isinstance(item, AudioBlock) for item in items)
        blocks = [item for item in items if isinstance(item, AudioBlock)]
        assert blocks[0].start_s == start_s
        np.testing.assert_array_equal(np.concatenate([block.samples for block in blocks]), ramp(50 * FRAME))
