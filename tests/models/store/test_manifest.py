"""The manifest: complete for every model, strict about its own form."""

from __future__ import annotations

from pathlib import Path

import pydantic
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.models.store.manifest import load_manifest
from tests.helpers import toy_model

HASHES = {
    "whisper-tiny.en": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "whisper-base": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "all-minilm-l6-v2": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "yunet-2023mar": "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
}
"""The hashes that these weights are known by in public: of the hub's files and of OpenCV's model zoo."""


def test_the_weights_are_those_known_in_public() -> None:
    manifest = load_manifest()
    largest = {name: max(model.files, key=lambda file: file.bytes) for name, model in manifest.items()}
    assert {name: file.sha256 for name, file in largest.items()} == HASHES


def test_every_model_can_be_had_from_an_index_and_a_hub() -> None:
    for name, model in load_manifest().items():
        assert model.packages, name
        assert model.hub is not None, name
        assert all(file.members for file in model.files), name
        assert model.licence in {"MIT", "Apache-2.0"}


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"there are whisper-tiny\.en, whisper-base"):
        load_manifest()["qqqq"]
    assert "qqqq" not in load_manifest()
    assert len(load_manifest()) == 4


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ('name = "config.json"', 'name = "../config.json"'),
        ("[toy]", '["../toy"]'),
        ("bytes = 14", "bytes = 0"),
        ('licence = "CC0-1.0"', 'license = "CC0-1.0"'),
    ],
)
def test_a_manifest_that_could_do_harm_is_refused(tmp_path: Path, written: str, instead: str) -> None:
    file = toy_model.write_manifest(tmp_path / "manifest.toml")
    text = file.read_text().replace(written, instead).replace("[[toy.files]]", "[[toy.files]]")
    if instead.startswith('["'):
        text = text.replace("[[toy.files]]", '[["../toy".files]]')
    assert text != toy_model.write_manifest(file).read_text()
    file.write_text(text)
    with pytest.raises(pydantic.ValidationError):
        load_manifest(file)
