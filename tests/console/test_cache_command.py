"""`live-sentiment cache` as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from live_sentiment.console.main import main
from tests.helpers.releases import lines, wav
from tests.helpers.tiny_text import save_encoder


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    wav(folder / "a.wav")
    lines(
        folder / "clips.csv", "file,text,emotion", ",i am so happy,joy", "a.wav,,anger", ",not this,boredom"
    )
    return folder


def test_without_an_encoder_it_says_what_there_is(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "--data", str(clips), "--corpus", "folder"]) == 0
    said = capsys.readouterr().out
    assert "mine: 2 samples (text 1, voice 1, vision 0)" in said
    assert "left out: 1 (label boredom)" in said


def test_embeddings_are_made_once_and_kept(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = save_encoder(tmp_path / "encoder")
    command = ["cache", "--data", str(clips), "--corpus", "folder", "--cache", str(tmp_path / "kept")]
    command += ["--offline", "--device", "cpu", "--encoder", "transformer", f"source={encoder}", "layers=[1]"]
    assert main(command) == 0
    assert "mine, text, transformer: 1 embedded, in " in capsys.readouterr().out
    (kept,) = (tmp_path / "kept").iterdir()
    (shard,) = kept.iterdir()
    made = shard.stat().st_mtime_ns
    assert main(command) == 0
    assert shard.stat().st_mtime_ns == made


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--encoder", "elmo"], "no encoder 'elmo'; there are transformer, word-lstm"),
        (["--encoder", "transformer", "layer=mix"], "did you mean 'layers'?"),
        (["--encoder", "resnet"], "the encoder resnet reads vision, of which mine has none to embed"),
        (["--encoder", "word-lstm"], "the encoder word-lstm starts from random weights"),
        (["--batch", "0"], "--batch takes a number from 1 on"),
    ],
)
def test_wrong_use_is_one_line(
    options: list[str], said: str, clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache", "--data", str(clips), "--corpus", "folder", *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_what_cannot_be_embedded_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines(tmp_path / "clips.csv", "id,text,emotion", "a,so happy,joy", "b,hate it,anger")
    encoder = save_encoder(tmp_path / "encoder")
    monkeypatch.setattr(
        "live_sentiment.models.encoders.text_transformer.TextTransformer.prepare",
        _refuses_hate(),
        raising=True,
    )
    command = ["cache", "--data", str(tmp_path), "--corpus", "folder", "--offline", "--device", "cpu"]
    assert main([*command, "--encoder", "transformer", f"source={encoder}"]) == 0
    said = capsys.readouterr().out
    assert "1 embedded, in cache/" in said
    assert "not embedded: no hate 1" in said


def _refuses_hate():
    from live_sentiment.models.encoders.text_transformer import TextTransformer

    prepare = TextTransformer.prepare

    def refusing(self, raw):
        if "hate" in raw:
            raise ValueError("no hate")
        return prepare(self, raw)

    return refusing
