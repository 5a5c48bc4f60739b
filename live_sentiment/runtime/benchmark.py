"""What `live-sentiment bench replay` measures: speed and memory of one real replay, stage by stage."""

from __future__ import annotations

import math
import platform
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import psutil

from live_sentiment.core.clock import MonotonicClock
from live_sentiment.core.config import Config
from live_sentiment.runtime.file_session import FileSession, Outcome
from live_sentiment.runtime.stages import Stages
from live_sentiment.streams.gauges import QueueReading, StageReading

MEMORY_HZ = 4
"""How often resident memory is read; the peak is the system's own where it keeps one."""
MEMORY_STEPS = 10
"""The run is cut into so many parts of media time to see whether memory grows."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One replay, measured."""

    outcome: Outcome
    stages: Mapping[str, StageReading]
    queues: Mapping[str, QueueReading]
    loaded_s: float
    """From the start of the process until every model was loaded."""
    first_result_s: float | None
    """From the start of the process until the first result, provisional or final; None without any."""
    peak_mb: float
    """Highest resident memory of the process, in MB of 10^6 bytes."""
    memory_mb: tuple[float, ...]
    """Resident memory at the end of each MEMORY_STEPS-th of the media."""
    machine: str


def measure_replay(
    path: Path, config: Config, stages: Stages, *, length_s: float | None = None
) -> Measurement:
    """FileSession a clip at full speed, repeated up to `length_s` where that is given, and measure it.

    Raises:
        UsageError: the clip cannot be read.
    """
    process = psutil.Process()
    clock = MonotonicClock()
    # The clock's zero is arbitrary; the process's start is known on the wall clock alone.
    process_start_s = clock.now_s() - (time.time() - process.create_time())
    loaded_s = clock.now_s() - process_start_s
    with tempfile.TemporaryDirectory(prefix="live-sentiment-bench-") as folder:
        if length_s is not None:
            path = loop_clip(path, length_s, Path(folder) / "looped.mkv")
        replay = FileSession(path, config, stages, Path(folder), clock=clock)
        with _MemoryLog(process, replay) as memory:
            outcome = replay.run()
        first_result_s = replay.first_result_s
    return Measurement(
        outcome=outcome,
        stages=replay.gauges.stages(),
        queues=replay.gauges.queues(),
        loaded_s=loaded_s,
        first_result_s=None if first_result_s is None else first_result_s - process_start_s,
        peak_mb=memory.peak_mb(),
        memory_mb=memory.steps(),
        machine=describe_machine(),
    )


def loop_clip(path: Path, length_s: float, target: Path) -> Path:
    """Repeat a clip until it lasts `length_s`, by FFmpeg's concat demuxer, without decoding it."""
    with av.open(str(path)) as once:
        repeats = math.ceil(length_s * 1_000_000 / (once.duration or 1_000_000))
    entry = "file '{}'\n".format(str(path.absolute()).replace("'", "'\\''"))
    listed = target.with_suffix(".ffconcat")
    listed.write_text("ffconcat version 1.0\n" + entry * repeats)
    with (
        av.open(str(listed), format="concat", options={"safe": "0"}) as source,
        av.open(str(target), "w") as output,
    ):
        media = [stream for stream in source.streams if stream.type in {"video", "audio"}]
        copies = {stream.index: output.add_stream_from_template(stream) for stream in media}
        reached: dict[int, int] = {}
        for packet in source.demux(media):
            # At a seam the sound's priming samples lie over the end of the clip before; they are left out.
            index = packet.stream.index
            if packet.dts is not None and packet.dts > reached.get(index, packet.dts - 1):
                reached[index] = packet.dts
                packet.stream = copies[index]
                output.mux(packet)
    return target


def describe_machine() -> str:
    """Processor, cores and the versions that decide speed."""
    import ctranslate2
    import torch

    return (
        f"{_processor()}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 1e9:.0f} GB; "
        f"{platform.system()}, Python {platform.python_version()}, torch {torch.__version__}, "
        f"CTranslate2 {ctranslate2.__version__}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_steps(log: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Memory at the end of each MEMORY_STEPS-th of the media, from readings (media time in s, MB)."""
    end_s, last_mb = log[-1]
    ends = [end_s * step / MEMORY_STEPS for step in range(1, MEMORY_STEPS + 1)]
    # Rounding puts the last of them a hair behind the end now and then.
    return tuple(next((mb for at_s, mb in log if at_s >= step_s), last_mb) for step_s in ends)


class _MemoryLog:
    """Reads resident memory against media time while a replay runs."""

    def __init__(self, process: psutil.Process, replay: FileSession) -> None:
        self._process, self._replay = process, replay
        self._log: list[tuple[float, float]] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="memory", daemon=True)

    def __enter__(self) -> _MemoryLog:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._read()

    def peak_mb(self) -> float:
        """The system's own high-water mark where it keeps one, else the highest reading."""
        highest = max(mb for _, mb in self._log)
        try:
            import resource
        except ImportError:
            return highest
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return max(highest, peak / 1e6 if platform.system() == "Darwin" else peak * 1024 / 1e6)

    def steps(self) -> tuple[float, ...]:
        """Memory at the end of each part of the media."""
        return memory_steps(self._log)

    def _follow(self) -> None:
        while not self._stopped.wait(1 / MEMORY_HZ):
            self._read()

    def _read(self) -> None:
        self._log.append((self._replay.snapshot().position_s, self._process.memory_info().rss / 1e6))
