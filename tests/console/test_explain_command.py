"""`live-sentiment explain`: a clip in, the effect of its words out, and nothing written."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from live_sentiment.console.main import main
from live_sentiment.core.types import EMOTIONS
from tests.helpers import media_factory as factory
from tests.helpers.places import MEDIA, needs_media

CLIP = MEDIA / "speech_8s_512p25.mp4"


def test_a_folder_of_several_clips_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.wav", "b.wav"):
        factory.write_media(tmp_path / name, sound=factory.tone(0.2), audio_codec="pcm_s16le")
    assert main(["explain", str(tmp_path)]) == 2
    assert "stands for 2 files" in capsys.readouterr().err


@pytest.mark.models
def test_a_clip_without_words_says_so(
    pulled: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = factory.write_media(tmp_path / "hum.wav", sound=factory.tone(1.0), audio_codec="pcm_s16le")
    assert main(["explain", str(clip)]) == 0
    assert "hum.wav: no words" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["hum.wav"]


@needs_media
@pytest.mark.media
@pytest.mark.models
def test_every_word_of_a_clip_has_its_effects(
    pulled: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explain", str(CLIP), "--start", "4.5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["source"] == CLIP.name
    words = [word for one in found["utterances"] for word in one["words"]]
    assert " ".join(word["text"] for word in words).lower().startswith("in addition to learning")
    assert any(word["effect"] for word in words)
    assert any(word["polarity"] for word in words)
    assert {one["emotion"] for one in found["utterances"]} <= set(EMOTIONS)
    assert all(set(one["effects"]) == {"text", "voice", "vision"} for one in found["utterances"])
    assert list(tmp_path.iterdir()) == []


@needs_media
@pytest.mark.media
@pytest.mark.models
def test_the_words_are_explained_without_torchaudio(
    pulled: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torchaudio", None)
    assert main(["explain", str(CLIP), "--end", "5"]) == 0
    printed = capsys.readouterr()
    assert "the voice is not explained: torchaudio" in printed.err
    assert "congressional" in printed.out
    assert "against usual" not in printed.out
