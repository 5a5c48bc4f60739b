"""The feature cache: what it gives, what it makes again, and what a killed run leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.core.types import FloatArray
from live_sentiment.models.encoders.encoder import Encoded
from live_sentiment.training.data.features import FeatureCache, Features
from live_sentiment.training.data.samples import Corpus, Sample, Span
from tests.helpers.toy_encoders import SoundLevels, WordLengths

TEXTS = ("so it is", "never", "I have told you before", "  ", "well well")


def texts(*written: str) -> Corpus:
    return Corpus("Talk", "ours", [Sample(f"talk/{row}", text=text) for row, text in enumerate(written)])


def embedded(features: Features) -> dict[str, list[float]]:
    return {key: feature.embeddings[:, 0].tolist() for key, feature in features.items()}


def test_every_sample_has_the_embeddings_of_its_own_words(tmp_path: Path) -> None:
    features = FeatureCache(tmp_path).features(texts(*TEXTS), WordLengths(), batch=2)
    assert embedded(features) == {
        "talk/0": [2, 2, 2],
        "talk/1": [5],
        "talk/2": [1, 4, 4, 3, 6],
        "talk/4": [4, 4],
    }
    assert features["talk/2"].times_s.tolist() == [-4, -3, -2, -1, 0]
    assert features.absent == {"talk/3": "no text"}
    assert features.missing() == "no text 1"


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    cache, encoder, seen = FeatureCache(tmp_path, shard=2), WordLengths(), []
    first = cache.features(texts(*TEXTS), encoder, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5, 5)
    assert seen == sorted(seen)
    calls = encoder.calls
    assert embedded(cache.features(texts(*TEXTS), encoder)) == embedded(first)
    assert encoder.calls == calls


def test_a_shard_that_is_lost_or_damaged_is_made_again_and_no_other(tmp_path: Path) -> None:
    cache, encoder = FeatureCache(tmp_path, shard=1), WordLengths()
    first = embedded(cache.features(texts(*TEXTS), encoder))
    shards = sorted(cache.folder_of(texts(*TEXTS), encoder).iterdir())
    shards[0].unlink()
    shards[2].write_bytes(shards[2].read_bytes()[:40])
    calls = encoder.calls
    assert embedded(cache.features(texts(*TEXTS), encoder)) == first
    assert encoder.calls == calls + 2


def test_another_encoder_corpus_or_setting_has_its_own_features(tmp_path: Path) -> None:
    cache, corpus = FeatureCache(tmp_path), texts(*TEXTS)
    other = WordLengths()
    with torch.no_grad():
        other.factor.fill_(2.0)
    other.trained = frozenset({"factor"})
    places = {
        cache.folder_of(corpus, WordLengths()),
        cache.folder_of(corpus, other),
        cache.folder_of(texts("so it was", *TEXTS[1:]), WordLengths()),
        FeatureCache(tmp_path, bfloat16=True).folder_of(corpus, WordLengths()),
    }
    assert len(places) == 4
    relabelled = Corpus("Talk", "ours", [Sample(one.key, "test", text=one.text) for one in corpus.samples])
    assert cache.folder_of(relabelled, WordLengths()) in places
    assert embedded(cache.features(corpus, other))["talk/1"] == [10]


def test_sound_is_decoded_and_cut(tmp_path: Path) -> None:
    import soundfile

    loud = np.repeat(np.array([0.25, 0.5, 0.75], np.float32), 16_000)
    soundfile.write(tmp_path / "steps.wav", loud, 16_000, subtype="FLOAT")
    soundfile.write(tmp_path / "short.wav", loud[:100], 16_000)
    corpus = Corpus(
        "Steps",
        "ours",
        [
            Sample("all", sound=Span(tmp_path / "steps.wav")),
            Sample("middle", sound=Span(tmp_path / "steps.wav", 1.0, 2.0)),
            Sample("nothing", sound=Span(tmp_path / "short.wav")),
        ],
    )
    features = FeatureCache(tmp_path / "kept").features(corpus, SoundLevels())
    assert embedded(features)["all"] == pytest.approx([0.25, 0.5, 0.75])
    assert embedded(features)["middle"] == pytest.approx([0.5])
    assert features.absent == {"nothing": "hardly any sound"}


def test_half_precision_is_computed_in_it(tmp_path: Path) -> None:
    features = FeatureCache(tmp_path, bfloat16=True).features(texts("never"), WordLengths())
    assert features["talk/0"].embeddings.dtype == np.float32


class Broken(WordLengths):
    def forward(self, inputs: torch.Tensor, mask: torch.Tensor) -> Encoded:
        encoded = super().forward(inputs, mask)
        return Encoded(encoded.embeddings / 0, encoded.mask, encoded.times_s)


def test_what_cannot_be_embedded_is_said(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    with pytest.raises(UsageError, match="Talk has no voice to embed"):
        cache.features(texts("a"), SoundLevels())
    with pytest.raises(RunError, match="not finite for talk/0"):
        cache.features(texts("a"), Broken())
    gone = Corpus("Steps", "ours", [Sample("a", sound=Span(tmp_path / "gone.wav"))])
    with pytest.raises(UsageError, match=r"cannot read .*gone\.wav"):
        cache.features(gone, SoundLevels())


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("live_sentiment.training.data.features.replace_file", full)
    with pytest.raises(RunError, match=r"cannot keep features in .*No space left"):
        FeatureCache(tmp_path).features(texts("a"), WordLengths())


_VICTIM = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.helpers.toy_encoders import WordLengths
from live_sentiment.training.data.features import FeatureCache
from live_sentiment.training.data.samples import Corpus, Sample

class Killed(WordLengths):
    def forward(self, inputs, mask):
        if self.calls == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(inputs, mask)

corpus = Corpus("Talk", "ours", [Sample(f"talk/{row}", text="word " * (row + 1)) for row in range(8)])
FeatureCache(Path(sys.argv[1]), shard=2).features(corpus, Killed(), batch=1)
"""


def test_killed_in_the_middle_it_goes_on_after_the_last_whole_shard(tmp_path: Path) -> None:
    tests = Path(__file__).parents[3]
    victim = subprocess.run(
        [sys.executable, "-c", _VICTIM, str(tmp_path), str(tests)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert victim.returncode == -signal.SIGKILL
    corpus = Corpus("Talk", "ours", [Sample(f"talk/{row}", text="word " * (row + 1)) for row in range(8)])
    cache, encoder = FeatureCache(tmp_path, shard=2), WordLengths()
    left = [path.name for path in sorted(cache.folder_of(corpus, encoder).iterdir())]
    assert left == ["00000.safetensors", "00001.safetensors"]
    features = cache.features(corpus, encoder, batch=1)
    assert encoder.calls == 4
    lengths: list[FloatArray] = [features[f"talk/{row}"].embeddings for row in range(8)]
    assert [len(one) for one in lengths] == list(range(1, 9))
