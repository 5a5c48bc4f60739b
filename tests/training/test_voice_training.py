"""`train voice` from sound files to a head that loads, on voices and an encoder made for the test."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from rich.console import Console
from rich.progress import Progress

from live_sentiment.console.main import main
from live_sentiment.core.config import VoiceConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS
from live_sentiment.models.voice_emotion import load_head
from live_sentiment.models.voice_encoder import VoiceEncoder
from live_sentiment.training.augment.acoustic_conditions import AcousticCondition, copy
from live_sentiment.training.augment.acoustic_environments import HARDSHIPS, AcousticEnvironment
from live_sentiment.training.data.voice_corpora import read_corpora
from live_sentiment.training.data.voice_windows import embed_corpora
from live_sentiment.training.tasks.voice import VoiceTraining, train_voice
from live_sentiment.training.tasks.voice_head import Schedule
from tests.helpers.stages import voice_stage
from tests.helpers.voices import RATE, hum, silence, write_whisper

CPU = torch.device("cpu")
LABELS = ("neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised")
TINY = Schedule(steps=2, batch=16)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two corpora of three speakers; an emotion is a pitch and a level."""
    folder = tmp_path_factory.mktemp("corpora")
    lines = ["file,label,speaker"]
    for corpus in ("one", "two"):
        (folder / corpus).mkdir()
        for speaker in range(3):
            for index, label in enumerate(LABELS):
                voice = hum(1.3, 108 + 5 * index + 3 * speaker) * (0.7 + 0.05 * index)
                name = f"{corpus}/{speaker}-{label}.wav"
                soundfile.write(folder / name, np.concatenate((voice, silence(0.2))), RATE)
                lines.append(f"{name},{label},{corpus}-{speaker}")
    (folder / "index.csv").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_whisper(tmp_path_factory.mktemp("whisper"))


def task(corpora: Path, whisper: Path, folder: Path) -> VoiceTraining:
    return VoiceTraining(
        data=corpora,
        output=folder / "mine.safetensors",
        whisper=whisper,
        encoder_name="a small one",
        cache=folder / "cache",
        seeds=1,
        schedule=TINY,
    )


def quiet() -> Progress:
    return Progress(console=Console(file=io.StringIO()))


def test_from_clips_to_a_head_that_loads(corpora: Path, whisper: Path, tmp_path: Path) -> None:
    said: list[str] = []
    metadata = train_voice(task(corpora, whisper, tmp_path), VoiceConfig(), said.append, quiet())
    head = load_head(str(tmp_path / "mine.safetensors"))
    assert head.temperature == metadata["temperature"]
    assert head.weight.shape == (7, 4 * 128)
    assert head.expert.embedding_dim == 128
    assert head.expert.model == "a small one, 4 layers, mine"
    assert any("one, 7 labels: UAR" in line for line in said)
    card = (tmp_path / "mine.md").read_text()
    assert "| one, 7 labels |" in card
    assert "| corpora | two | 21 |" in card
    assert all(f"| corpora | {place} |" in card for place in HARDSHIPS)
    assert "{" not in card
    assert max(len(line) for line in card.splitlines() if not line.startswith(("|", "-", " "))) <= 110

    # The same again, from the cache: the same bytes, but for what the clock measured.
    before = load_head(str(tmp_path / "mine.safetensors"))
    train_voice(task(corpora, whisper, tmp_path), VoiceConfig(), said.append, quiet())
    again = load_head(str(tmp_path / "mine.safetensors"))
    np.testing.assert_array_equal(before.weight, again.weight)
    assert before.temperature == again.temperature

    analyzer = voice_stage(VoiceConfig(head=str(tmp_path / "mine.safetensors")), whisper)
    assert analyzer.expert.sha256 == again.expert.sha256


def test_embeddings_are_kept_until_something_changes(corpora: Path, whisper: Path, tmp_path: Path) -> None:
    clips, encoder = read_corpora(corpora)[:3], VoiceEncoder(whisper, CPU)
    done: list[int] = []
    first = embed_corpora(clips, encoder, VoiceConfig(), tmp_path, done.append)
    assert done == [1, 2, 3]
    assert (first.embedding == first.embedding.astype(np.float16)).all()
    kept = embed_corpora(clips, encoder, VoiceConfig(head="another"), tmp_path, done.append)
    assert done == [1, 2, 3], "nothing was embedded again"
    np.testing.assert_array_equal(kept.embedding, first.embedding)
    embed_corpora(clips, encoder, VoiceConfig(context_s=3), tmp_path, done.append)
    embed_corpora(clips[:2], encoder, VoiceConfig(), tmp_path, done.append)
    assert done == [1, 2, 3, 1, 2, 3, 1, 2]
    assert first.last.sum() == 3
    assert (first.speech_s >= VoiceConfig().enough_speech_s - 1e-6).all()


def test_an_interrupted_run_goes_on_where_it_stopped(
    corpora: Path, whisper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live_sentiment.training.data.voice_windows.SHARD", 2)
    clips, encoder = read_corpora(corpora)[:5], VoiceEncoder(whisper, CPU)

    def stop(done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_corpora(clips, encoder, VoiceConfig(), tmp_path, stop)
    done: list[int] = []
    windows = embed_corpora(clips, encoder, VoiceConfig(), tmp_path, done.append)
    assert done == [3, 4, 5]
    assert list(np.unique(windows.clip)) == [0, 1, 2, 3, 4]


def test_a_copy_keeps_two_windows_and_counts_all_speech(corpora: Path, whisper: Path, tmp_path: Path) -> None:
    clips, encoder = read_corpora(corpora)[:2], VoiceEncoder(whisper, CPU)
    everything = embed_corpora(clips, encoder, VoiceConfig(hop_s=0.1), tmp_path)
    kept = AcousticCondition("kept", (0, 1), lambda number: AcousticEnvironment(), keep=2)
    some = embed_corpora(clips, encoder, VoiceConfig(hop_s=0.1), tmp_path, hearing=kept)
    assert len(everything.clip) > len(some.clip) == 4
    for number in (0, 1):
        assert some.new_speech_s[some.clip == number].sum() == pytest.approx(
            everything.new_speech_s[everything.clip == number].sum()
        )
    one, again = (
        embed_corpora(clips, encoder, VoiceConfig(), tmp_path / run, hearing=copy(clips, 0)) for run in "ab"
    )
    np.testing.assert_array_equal(one.embedding, again.embedding)


def test_corpora_that_cannot_serve(corpora: Path, whisper: Path, tmp_path: Path) -> None:
    lines = (corpora / "index.csv").read_text().splitlines()
    for kept, message in (
        ([line for line in lines if "fearful" not in line], "the corpora lack fear"),
        ([line for line in lines if not line.endswith(("one-1", "one-2"))], "one has fewer than 3 actors"),
    ):
        folder = tmp_path / message.replace(" ", "-")
        folder.mkdir()
        for corpus in ("one", "two"):
            (folder / corpus).symlink_to(corpora / corpus)
        (folder / "index.csv").write_text("\n".join(kept))
        with pytest.raises(UsageError, match=message):
            train_voice(task(folder, whisper, tmp_path), VoiceConfig(), lambda line: None, quiet())


def test_the_command(
    corpora: Path,
    whisper: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "head.safetensors"
    arguments = [
        "train",
        "voice",
        "--data",
        str(corpora),
        "--whisper",
        str(whisper),
        "--steps=2",
        "--seeds=1",
        "--output",
    ]
    assert main([*arguments, str(output)]) == 0
    assert "ms per second of sound" in capsys.readouterr().out
    assert load_head(str(output)).weight.shape == (len(EMOTIONS), 4 * 128)
    assert main([*arguments, str(tmp_path / "head.bin")]) == 2
    assert ".safetensors" in capsys.readouterr().err
