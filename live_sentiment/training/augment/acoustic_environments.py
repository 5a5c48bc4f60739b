"""Where a voice is heard: room, noise, microphone, line and level, put onto studio clips.

Live, nothing sounds like a corpus. A head that is to hold elsewhere is trained on copies of the clips in
which every actor speaks in surroundings of their own, and read in the ones of `HARDSHIPS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from live_sentiment.core.resampling import resample
from live_sentiment.core.types import SAMPLE_RATE_HZ, FloatArray

Noise = Literal["white", "pink", "brown", "hum", "babble"]
Line = Literal["full", "muffled", "telephone"]

Sound = NDArray[np.float64]

FRAME = 320  # samples, 20 ms: the grain of a level
QUIET_DB = 30.0
"""Frames this far below the loudest are no speech where its level is measured."""
PRE_ECHO_S = 0.0025
"""Of the impulse response, the direct sound; what comes later is the room."""
BABBLE_VOICES = 5
TELEPHONE_HZ = (300, 3400)
MU = 255
"""Of the companding of ITU-T G.711, eight bits a sample."""
SLOPES: Mapping[Noise, float] = {"white": 0.0, "pink": 0.5, "brown": 1.0}
"""The amplitude of a coloured noise falls with this power of the frequency."""


@dataclass(frozen=True, slots=True)
class AcousticEnvironment:
    """One place to be heard in; as it stands, the studio itself."""

    speed: float = 1.0
    """Above 1 faster and higher: somebody with a shorter vocal tract."""
    reverberation_s: float = 0.0
    """Time in which the room's echo falls by 60 dB; 0: none."""
    direct_db: float = 6.0
    """Energy of the direct sound over that of the echo."""
    noise: Noise | None = None
    snr_db: float = 20.0
    """Level of the speech, its pauses not counted, over that of the noise."""
    tilt_db: float = 0.0
    """The microphone's gain at 8 kHz against that at 100 Hz, growing with the logarithm between."""
    line: Line = "full"
    cutoff_hz: float = 4000.0
    """Where a muffled line ends."""
    gain_db: float = 0.0

    def __call__(
        self, samples: FloatArray, voices: Sequence[FloatArray], random: np.random.Generator
    ) -> FloatArray:
        """Hear a clip there, shape (n,) to (n / speed,), clipped to full scale.

        Args:
            samples: the clip.
            voices: what a babble is mixed of.
            random: for the room and the noise; everything else is said by the fields.
        """
        sound = samples.astype(np.float64)
        if self.speed != 1.0:
            sound = _resampled(samples, self.speed)
        if self.reverberation_s:
            sound = _echoing(sound, self.reverberation_s, self.direct_db, random)
        if self.noise is not None:
            noise = _noise(self.noise, len(sound), voices, random)
            sound = sound + noise * speech_level(sound) * 10 ** (-self.snr_db / 20)
        if self.tilt_db:
            sound = _tilted(sound, self.tilt_db)
        sound = _LINES[self.line](sound * 10 ** (self.gain_db / 20), self.cutoff_hz)
        heard: FloatArray = np.clip(sound, -1, 1).astype(np.float32)
        return heard


HARDSHIPS: Mapping[str, AcousticEnvironment] = {
    "20 dB": AcousticEnvironment(snr_db=20),
    "10 dB": AcousticEnvironment(snr_db=10),
    "5 dB": AcousticEnvironment(snr_db=5),
}
"""What the trained head is read in; `hardship` adds the noise."""


def hardship(name: str, number: int) -> AcousticEnvironment:
    """Those of a name for the clip of a number: pink noise and babble take turns."""
    return replace(HARDSHIPS[name], noise=("pink", "babble")[number % 2])


def draw(random: np.random.Generator) -> AcousticEnvironment:
    """AcousticEnvironment for one speaker: any of them may be missing, seldom all."""
    noises: tuple[Noise, ...] = ("white", "pink", "brown", "hum", "babble", "babble")
    lines: tuple[Line, ...] = ("full", "full", "muffled", "telephone")
    return AcousticEnvironment(
        speed=float(np.round(random.uniform(0.88, 1.14), 2)),
        reverberation_s=float(random.choice((0.0, random.uniform(0.15, 0.9)))),
        direct_db=float(random.uniform(-3, 12)),
        noise=noises[random.integers(len(noises))] if random.random() < 0.75 else None,
        snr_db=float(random.uniform(2, 30)),
        tilt_db=float(random.uniform(-12, 12)),
        line=lines[random.integers(len(lines))],
        cutoff_hz=float(random.uniform(3000, 7000)),
        gain_db=float(random.uniform(-20, 8)),
    )


def speech_level(sound: NDArray[np.floating]) -> float:
    """Root mean square of the frames within 30 dB of the loudest; shape (n,) to full scale 1."""
    whole = len(sound) // FRAME * FRAME
    power = np.square(sound[:whole], dtype=np.float64).reshape(-1, FRAME).mean(axis=1)
    if not power.size or not power.max():
        return 0.0
    return float(np.sqrt(power[power >= power.max() * 10 ** (-QUIET_DB / 10)].mean()))


def _resampled(samples: FloatArray, speed: float) -> Sound:
    return resample(samples, round(100 * speed), 100).astype(np.float64)


def _echoing(sound: Sound, reverberation_s: float, direct_db: float, random: np.random.Generator) -> Sound:
    """Noise that dies away stands for the room (Polack 1988); the direct sound stays as loud as it was."""
    t = np.arange(round(reverberation_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tail = random.normal(0, 1, len(t)) * 10 ** (-3 * t / reverberation_s) * (t > PRE_ECHO_S)
    tail *= 10 ** (-direct_db / 20) / np.sqrt(np.square(tail).sum())
    tail[0] = 1.0
    echoing: Sound = signal.fftconvolve(sound, tail)[: len(sound)]
    return echoing


def _noise(kind: Noise, count: int, voices: Sequence[FloatArray], random: np.random.Generator) -> Sound:
    """Shape (count,), root mean square 1."""
    if kind == "babble":
        noise = np.zeros(count)
        for index in random.integers(len(voices), size=BABBLE_VOICES):
            voice = np.resize(voices[index], count)
            noise += np.roll(voice, random.integers(count)) / (speech_level(voice) or 1.0)
    elif kind == "hum":
        mains_hz = float(random.choice((50, 60)))
        t = np.arange(count) / SAMPLE_RATE_HZ
        noise = random.normal(0, 0.3, count)
        for harmonic in range(1, 9):
            phase = random.uniform(0, 2 * np.pi)
            noise += random.uniform(0, 1) * np.sin(2 * np.pi * mains_hz * harmonic * t + phase)
    else:
        spectrum = np.fft.rfft(random.normal(0, 1, count))
        hz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ)
        noise = np.fft.irfft(spectrum / np.maximum(hz, 20.0) ** SLOPES[kind], count)
    normed: Sound = noise / (np.sqrt(np.square(noise).mean()) or 1.0)
    return normed


def _tilted(sound: Sound, tilt_db: float) -> Sound:
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE_HZ), 100) / 100)
    gain = 10 ** (tilt_db * (octaves / octaves[-1] - 0.5) / 20)
    tilted: Sound = np.fft.irfft(np.fft.rfft(sound) * gain, len(sound))
    return tilted


def _muffled(sound: Sound, cutoff_hz: float) -> Sound:
    muffled: Sound = signal.sosfilt(signal.butter(6, cutoff_hz, fs=SAMPLE_RATE_HZ, output="sos"), sound)
    return muffled


def _telephone(sound: Sound, _: float) -> Sound:
    """The band of a telephone, its rate and its eight companded bits."""
    band = signal.butter(4, TELEPHONE_HZ, "bandpass", fs=SAMPLE_RATE_HZ, output="sos")
    narrow = np.clip(signal.resample_poly(signal.sosfilt(band, sound), 1, 2), -1, 1)
    pressed = np.sign(narrow) * np.log1p(MU * np.abs(narrow)) / np.log1p(MU)
    steps = np.round(pressed * 127) / 127
    spread = np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(MU)) / MU
    heard: Sound = signal.resample_poly(spread, 2, 1)[: len(sound)]
    return heard


_LINES: Mapping[Line, Callable[[Sound, float], Sound]] = {
    "full": lambda sound, _: sound,
    "muffled": _muffled,
    "telephone": _telephone,
}
