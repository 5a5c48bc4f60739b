"""What the way of speaking does to the fused result, by contrast with the speaker's own usual.

How high, how loud and how fast someone speaks means little by itself and much against how they usually do.
Each of the three is put to the usual in the sound, the others left as they are; the voice is read and fused
again, and the contrast's effect is what the leading emotion's probability loses by it. Loudness is put right
by a gain, the rate by a phase vocoder (Flanagan & Golden 1966), the pitch by the same and resampling.

The vocoder is heard by itself: it takes the edges off the sound, whatever the factor. So rate and pitch are
compared with what the vocoder makes of the voice as it is, by factors that nobody hears.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import log2
from statistics import fmean, median
from typing import Literal, Protocol, TypeAlias

import numpy as np

from live_sentiment.core.libraries import load_torchaudio
from live_sentiment.core.resampling import resample
from live_sentiment.core.types import EMOTIONS, BoolArray, FloatArray, Observation, Window
from live_sentiment.explain.words import Fuse, with_observations
from live_sentiment.perception.voice.prosody import Prosody
from live_sentiment.perception.voice.windows import SpokenWindow

Trait: TypeAlias = Literal["pitch", "energy", "rate"]

ENOUGH = 4
"""Observations of a speaker from which one can speak of a usual."""
FARTHEST = 2.0
"""A voice is raised, lowered, hurried or slowed at most by this factor: beyond it becomes another voice."""
UNHEARD = (0.99, 1.01)
"""Factors of pitch and rate that change nothing but what the vocoder changes in any sound."""

_UNCHANGED: Mapping[Trait, float] = {"energy": 0.0, "pitch": 1.0, "rate": 1.0}
_CONTROLS: Mapping[Trait, tuple[float, ...]] = {"energy": (0.0,), "pitch": UNHEARD, "rate": UNHEARD}
_N_FFT, _HOP = 512, 128
_QUIETEST = 1e-12  # mean square
_STEPS = 100  # Resampling by hundredths: a sixth of a semitone.


class VoiceReader(Protocol):
    """Reads speech: embedding, emotions and polarity. A `HeardVoice` is one."""

    def __call__(self, window: SpokenWindow) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Read a window."""


@dataclass(frozen=True, slots=True)
class ProsodyEffect:
    """One trait of the voice against the speaker's usual."""

    trait: Trait
    now: float
    """In Hz (pitch), dBFS (energy) or syllables per second (rate)."""
    usual: float
    """Likewise."""
    contrast: float
    """Semitones (pitch), dB (energy) or per cent (rate) above the usual."""
    effect: float
    """What the contrast adds to the probability of the leading emotion, in [-1, 1]."""

    def __str__(self) -> str:
        unit = {"pitch": "semitones", "energy": "dB", "rate": "%"}[self.trait]
        return f"{self.trait} {self.contrast:+.1f} {unit} against the usual: {100 * self.effect:+.1f} points"


@dataclass(frozen=True, slots=True)
class VoiceEffects:
    """The three traits of a window's voice."""

    emotion: str
    """The leading one: one of EMOTIONS."""
    probability: float
    """Its probability as the voice is."""
    traits: tuple[ProsodyEffect, ...]
    """The strongest effect first."""


def prosody_of(observations: Sequence[Observation]) -> Prosody:
    """Medians of what voice observations tell in their details.

    Raises:
        ValueError: no observation.
    """
    if not observations:
        raise ValueError("nobody spoke")
    of = {
        key: median(one.details[key] for one in observations)
        for key in ("pitch_hz", "energy_dbfs", "rate_hz")
    }
    return Prosody(**of)


def usual_voice(observations: Sequence[Observation], before_s: float) -> Prosody | None:
    """How the speaker spoke up to a moment; None where too little was heard to tell.

    Args:
        observations: of the voice, in any order.
        before_s: those from here on are not part of the usual.
    """
    earlier = [one for one in observations if one.modality == "voice" and one.time_s <= before_s]
    return prosody_of(earlier) if len(earlier) >= ENOUGH else None


def voice_effects(
    window: Window, heard: Sequence[SpokenWindow], usual: Prosody, read: VoiceReader, fuse: Fuse
) -> VoiceEffects | None:
    """Put each trait to the usual in turn; None where nobody spoke in the window.

    Args:
        window: with all that was said, heard and seen; its voice is read anew, the rest stays.
        heard: the sound behind its voice observations.
        usual: the speaker's own.
        read: the voice reader as it stood at the window; it learns nothing of the speaker from this.
        fuse: see `words.Fuse`.
    """
    observed = {one.time_s: one for one in window.observations.get("voice", ())}
    pairs = [(observed[one.time_s], one) for one in heard if one.time_s in observed]
    if not pairs:
        return None
    now = prosody_of([observation for observation, _ in pairs])

    def probabilities(changed: Callable[[SpokenWindow], SpokenWindow]) -> FloatArray | None:
        voice = tuple(_reread(observation, changed(sound), read) for observation, sound in pairs)
        affect = fuse(with_observations(window, {"voice": voice}))
        return None if affect is None else affect.emotions

    whole = probabilities(lambda sound: sound)
    if whole is None:
        return None
    leading = int(whole.argmax())

    def leads(changed: Callable[[SpokenWindow], SpokenWindow]) -> float:
        found = probabilities(changed)
        return 0.0 if found is None else float(found[leading])

    traits = []
    for trait, (value, normal, contrast) in _contrasts(now, usual).items():
        step = _step(trait, now, usual)
        effect = 0.0
        if step != _UNCHANGED[trait]:
            as_is = [leads(partial(_changed, trait=trait, step=one)) for one in _CONTROLS[trait]]
            effect = fmean(as_is) - leads(partial(_changed, trait=trait, step=step))
        traits.append(ProsodyEffect(trait, value, normal, contrast, effect))
    traits.sort(key=lambda one: -abs(one.effect))
    return VoiceEffects(EMOTIONS[leading], float(whole[leading]), tuple(traits))


def _step(trait: Trait, now: Prosody, usual: Prosody) -> float:
    """What puts a trait to the usual: a gain in dB, or a factor."""
    if trait == "energy":
        return usual.energy_dbfs - now.energy_dbfs
    if trait == "pitch":
        return round(_STEPS * _factor(usual.pitch_hz, now.pitch_hz)) / _STEPS
    return _factor(usual.rate_hz, now.rate_hz)


def _changed(sound: SpokenWindow, *, trait: Trait, step: float) -> SpokenWindow:
    """The sound with one trait changed."""
    samples, speech = sound.samples, sound.speech
    if trait == "energy":
        samples = louder(samples, step)
    elif trait == "pitch":
        samples = higher(samples, step)
    else:
        samples, speech = faster(samples, speech, step)
    return replace(sound, samples=samples, speech=speech)


def louder(samples: FloatArray, gain_db: float) -> FloatArray:
    """The sound with a gain, cut at full scale."""
    return np.asarray(np.clip(samples * 10 ** (gain_db / 20), -1, 1), np.float32)


def higher(samples: FloatArray, factor: float) -> FloatArray:
    """The sound with its pitch multiplied, as long as before, shape (n,)."""
    steps = round(_STEPS * factor)
    if steps == _STEPS:
        return samples
    longer = _stretched(samples, _STEPS / steps)
    return _of_length(resample(longer, steps, _STEPS), len(samples))


def faster(samples: FloatArray, speech: BoolArray, factor: float) -> tuple[FloatArray, BoolArray]:
    """The sound played so many times as fast in the same pitch, and which of its samples are speech."""
    if factor == 1:
        return samples, speech
    stretched = _stretched(samples, factor)
    source = (np.arange(len(stretched)) * factor).astype(np.int64).clip(max=len(speech) - 1)
    return stretched, speech[source]


def _stretched(samples: FloatArray, speed: float) -> FloatArray:
    import torch

    window = torch.hann_window(_N_FFT)
    spectrum = torch.stft(torch.from_numpy(samples), _N_FFT, _HOP, window=window, return_complex=True)
    advance = torch.linspace(0, torch.pi * _HOP, _N_FFT // 2 + 1)[:, None]
    changed = load_torchaudio().functional.phase_vocoder(spectrum, speed, advance)
    result: FloatArray = torch.istft(changed, _N_FFT, _HOP, window=window).numpy()
    # The vocoder takes some loudness away, which is not what is asked about.
    gain = float(np.sqrt(np.square(samples).mean() / max(np.square(result).mean(), _QUIETEST)))
    return _of_length(result * np.float32(gain), round(len(samples) / speed))


def _of_length(samples: FloatArray, length: int) -> FloatArray:
    """The sound cut, or followed by silence."""
    return np.asarray(np.pad(samples, (0, max(0, length - len(samples))))[:length], np.float32)


def _contrasts(now: Prosody, usual: Prosody) -> Mapping[Trait, tuple[float, float, float]]:
    """Value, usual and contrast of each trait."""
    return {
        "pitch": (now.pitch_hz, usual.pitch_hz, 12 * log2(_ratio(now.pitch_hz, usual.pitch_hz))),
        "energy": (now.energy_dbfs, usual.energy_dbfs, now.energy_dbfs - usual.energy_dbfs),
        "rate": (now.rate_hz, usual.rate_hz, 100 * (_ratio(now.rate_hz, usual.rate_hz) - 1)),
    }


def _ratio(one: float, other: float) -> float:
    """One over the other; 1 where either is nothing, as the rate of a hum."""
    return one / other if one > 0 and other > 0 else 1.0


def _factor(wanted: float, there: float) -> float:
    return min(max(_ratio(wanted, there), 1 / FARTHEST), FARTHEST)


def _reread(observation: Observation, sound: SpokenWindow, read: VoiceReader) -> Observation:
    embedding, emotions, polarity = read(replace(sound, new_speech_s=0.0))
    return replace(observation, embedding=embedding, emotions=emotions, polarity=polarity)
