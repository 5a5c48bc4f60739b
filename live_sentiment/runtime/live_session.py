"""One live session from its first moment to its finished files: what `live-sentiment run` does."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from live_sentiment.core.clock import Clock, MonotonicClock
from live_sentiment.core.config import Config
from live_sentiment.core.types import MODALITIES, Absence, Event, Modality, VideoFrame
from live_sentiment.fusion.tolerant import TolerantFusion
from live_sentiment.recording.session_file import AnalysisRecord, LagRecord
from live_sentiment.recording.session_recording import Recording, SessionProgress
from live_sentiment.runtime.degradation import Degradation, degradation_steps
from live_sentiment.runtime.lags import LagGauge
from live_sentiment.runtime.overload import Overload
from live_sentiment.runtime.pipeline import STAGES_BY_THREAD
from live_sentiment.runtime.session import BaseSession
from live_sentiment.runtime.snapshot import Box, LiveHealth, Snapshot
from live_sentiment.runtime.stages import Stages
from live_sentiment.sinks.guarded import Guarded
from live_sentiment.sinks.protocol import Sink
from live_sentiment.sinks.summary import Summary
from live_sentiment.sources.capture import CaptureDevice, Device
from live_sentiment.sources.device_feed import MODALITIES_OF, LiveFeed
from live_sentiment.streams.channel import OVERRUN

SWITCHED_OFF = "switched off"
PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class LiveOutcome:
    """What came of a live session."""

    summary: Summary
    folder: Path | None
    """Where its files are; None where nothing was kept."""
    outputs: tuple[Path, ...]
    elapsed_s: float
    frames_analysed: int
    frames_with_face: int
    provisional_lag_s: tuple[float, float]
    """p50 and p95 of the age of provisional results when they were published."""
    final_lag_s: tuple[float, float]
    """Likewise of final ones."""
    failures: tuple[str, ...] = ()
    """What could not be kept, and why."""

    def fields(self) -> dict[str, Any]:
        """As plain data, for `--json`."""
        return {
            "folder": None if self.folder is None else str(self.folder),
            **self.summary.fields(),
            "faces": {"frames": self.frames_analysed, "with_face": self.frames_with_face},
            "elapsed": round(self.elapsed_s, 3),
            "lag": {
                name: {"p50": round(p50_s, 3), "p95": round(p95_s, 3)}
                for name, (p50_s, p95_s) in (
                    ("provisional", self.provisional_lag_s),
                    ("final", self.final_lag_s),
                )
            },
            "outputs": [str(path) for path in self.outputs],
            "failures": list(self.failures),
        }


class LiveSession(BaseSession[LiveOutcome]):
    """Analyses a camera and a microphone until it is stopped.

    Args:
        config: the configuration that `stages` were loaded with.
        stages: loaded models.
        camera, microphone: opened and not yet started; None where there is none.
        folder: made for this session, for its files; None keeps nothing.
        keep_media: record picture and sound into it.
        blur_faces: hide every face in the recorded picture.
        duration_s: ends by itself after so long.
        sinks: are told the story too, beside the files; the session goes on without one that fails.
        clock: stamps, and measures lag.

    Raises:
        UsageError: the files cannot be created.
        RunError: the disk is full, or another session is being recorded there.
    """

    def __init__(
        self,
        config: Config,
        stages: Stages,
        *,
        camera: CaptureDevice | None,
        microphone: CaptureDevice | None,
        folder: Path | None,
        keep_media: bool = True,
        blur_faces: bool = False,
        duration_s: float | None = None,
        sinks: Sequence[Sink] = (),
        clock: Clock | None = None,
    ) -> None:
        clock = clock or MonotonicClock()
        self._zero_s = clock.now_s()
        self._duration_s = duration_s
        self._devices: dict[Device, CaptureDevice] = {}
        if camera is not None:
            self._devices["camera"] = camera
        if microphone is not None:
            self._devices["microphone"] = microphone
        absent: dict[Modality, str] = {
            modality: f"no {device}"
            for device, modalities in MODALITIES_OF.items()
            if device not in self._devices
            for modality in modalities
        }
        self._lags = LagGauge(clock, self._zero_s)
        self._recording: Recording | None = None
        if folder is not None:
            self._recording = Recording(
                folder,
                config,
                stages.models,
                self._devices,
                clock,
                keep_media=keep_media,
                blur_faces=blur_faces,
                on_failure=self._on_recording_stopped,
            )
        self._feed = LiveFeed(
            self._devices,
            absent,
            clock,
            self._zero_s,
            frame_rate_hz=config.perception.face.rate_hz,
            duration_s=duration_s,
            recorder=self._recording.recorder if self._recording else None,
        )
        super().__init__(
            " and ".join(device.health().name for device in self._devices.values()),
            config,
            stages,
            self._feed,
            clock,
            fusion=TolerantFusion(stages.fusion, self._on_fusion_failed),
            files=self._recording.sinks if self._recording else (),
            sinks=[self._lags, *(Guarded(sink, self._on_sink_failed) for sink in sinks)],
            backlog_s=config.overload.backlog_s,
            hang_s=config.watchdog.live_s,
            on_frame=None if self._recording is None else self._keep_faces,
            on_message=self._on_message,
            on_skip=self._on_skipped,
        )
        self._began_s = self._zero_s
        self._degradation = Degradation(
            degradation_steps(config.perception, stages, stages.smaller_recogniser)
        )
        self._overload = Overload(config.overload, self._degradation)
        self._switches = threading.Lock()
        self._off: set[Modality] = set()
        self._markers: list[tuple[float, str]] = []

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The files of the session that are there."""
        return self._recording.outputs if self._recording else ()

    def close(self) -> None:
        """Finish the files of a session that never came to `run`; otherwise nothing."""
        if self._state == "starting":
            self._state, self._ended_s = "failed", self._clock.now_s()
            self._analysis.finish(complete=False)
            self._finish()

    def stop(self) -> None:
        """End the session: what was captured is still analysed."""
        if self._state == "running":
            self._state = "finishing"
        self._feed.stop()

    def now_s(self) -> float:
        """Session time of this moment."""
        return self._clock.now_s() - self._zero_s

    def mark(self, note: str, at_s: float | None = None) -> None:
        """Drop a marker at a moment, by default this one; it is told now, whichever moment it speaks of."""
        at_s = self.now_s() if at_s is None else at_s
        self._markers.append((at_s, note))
        self._pipeline.event(Event(at_s, "marker", note or "marker"))

    def tell(self, kind: str, message: str) -> None:
        """Add an event of this moment to the story; from any thread."""
        self._pipeline.event(Event(self.now_s(), kind, message))

    def pause(self) -> None:
        """Stop analysing, or go on; what is recorded goes on all the while."""
        with self._switches:
            at_s, paused = self.now_s(), not self._feed.paused
            self._feed.pause(paused)
            said = "the analysis is paused" if paused else "the analysis goes on"
            self._pipeline.event(Event(at_s, PAUSED if paused else "resumed", said))
            for modality in MODALITIES:
                self._set_absent(modality, PAUSED, at_s, absent=paused)

    def switch(self, modality: Modality) -> None:
        """Leave a modality out of the result from now on, or take it in again."""
        with self._switches:
            off, at_s = modality not in self._off, self.now_s()
            self._off ^= {modality}
            said = f"{modality} is switched {'off' if off else 'on'}"
            self._pipeline.event(Event(at_s, f"switched-{'off' if off else 'on'}", said))
            self._set_absent(modality, SWITCHED_OFF, at_s, absent=off, masked=True)

    def outcome(self) -> LiveOutcome:
        """What has come of it so far."""
        return LiveOutcome(
            summary=self._summarizer.summary(),
            folder=self._recording.folder if self._recording else None,
            outputs=self.outputs,
            elapsed_s=self._elapsed_s,
            frames_analysed=self._stages.face.frames_analysed,
            frames_with_face=self._stages.face.frames_with_face,
            provisional_lag_s=self._lags.provisional.p50_p95,
            final_lag_s=self._lags.final.p50_p95,
            failures=tuple(self._recording.failures) if self._recording else (),
        )

    def snapshot(self) -> Snapshot:
        """The session at this moment."""
        return replace(
            super().snapshot(),
            source=" and ".join(device.health().name for device in self._devices.values()),
            duration_s=self._duration_s,
            live=LiveHealth(
                devices=tuple(device.health() for device in self._devices.values()),
                lag_s=self.backlog_s,
                provisional_lag_s=self._lags.provisional.p50_p95,
                final_lag_s=self._lags.final.p50_p95,
                real_time_factor=self._real_time_factor(),
                lowered=self._degradation.lowered,
                degradation_level=self._degradation.level,
                recording=self._recording.health() if self._recording else None,
                paused=self._feed.paused,
                switched_off=tuple(modality for modality in MODALITIES if modality in self._off),
                markers=len(self._markers),
            ),
        )

    @property
    def backlog_s(self) -> float:
        """What has been captured and neither analysed nor skipped, in seconds of media: the most of any
        stream."""
        return max(self._pipeline.pace.behind_s.values(), default=0.0)

    def _finish(self) -> None:
        try:
            # The models may serve another session.
            for _ in self._degradation.set_level(0):
                pass
        finally:
            if self._recording is not None:
                self._recording.finish(self._progress(), complete=self._state == "finished")

    def _keep_faces(self, frame: VideoFrame, faces: Sequence[Box]) -> None:
        if self._recording is not None:
            self._recording.looked(frame.time_s, faces)

    def _real_time_factor(self) -> float | None:
        """Of the busiest of the threads that a session has."""
        elapsed_s, stages = self._elapsed_s, self.gauges.stages()
        worked_s = [
            sum(stages[name].total_s for name in names if name in stages) for names in STAGES_BY_THREAD
        ]
        return max(worked_s) / elapsed_s if elapsed_s > 0 and any(worked_s) else None

    def _on_message(self) -> None:
        """Runs on the analysis' own thread after every message: load, and the record of the session."""
        now_s, ended = self.now_s(), self._analysis.complete
        for event in self._overload.observe(now_s, self.backlog_s, self._overruns(), ended=ended):
            self._analysis.event(event)
        if self._recording is not None:
            self._recording.keep(now_s, self._progress)

    def _progress(self) -> SessionProgress:
        dropped = {
            f"{name} {cause}": count
            for name, queue in self.gauges.queues().items()
            for cause, count in queue.dropped.items()
        }
        provisional, final = (
            LagRecord(p50_s=p50_s, p95_s=p95_s)
            for p50_s, p95_s in (self._lags.provisional.p50_p95, self._lags.final.p50_p95)
        )
        analysis = AnalysisRecord(dropped=dropped, provisional_lag=provisional, final_lag=final)
        return SessionProgress(self._elapsed_s, tuple(self._markers), self._feed.disconnects, analysis)

    def _overruns(self) -> int:
        return sum(queue.dropped.get(OVERRUN, 0) for queue in self.gauges.queues().values())

    def _set_absent(
        self, modality: Modality, reason: str, at_s: float, *, absent: bool, masked: bool = False
    ) -> None:
        if absent:
            self._pipeline.absent(Absence(modality, at_s, reason, masked))
        else:
            self._pipeline.back(modality, reason, at_s)

    def _on_recording_stopped(self, why: str) -> None:
        self._pipeline.event(Event(self.now_s(), "recording-stopped", why))

    def _on_skipped(self, modality: Modality, start_s: float, end_s: float) -> None:
        for event in self._overload.skipped(self.now_s(), modality, start_s, end_s):
            self._analysis.event(event)

    def _on_sink_failed(self, why: str) -> None:
        self._pipeline.event(Event(self.now_s(), "sink-failed", why))

    def _on_fusion_failed(self, at_s: float, why: str) -> None:
        message = f"the window that ends at {at_s:.2f} s has no result: {why}"
        self._pipeline.event(Event(at_s, "fusion-failed", message))
