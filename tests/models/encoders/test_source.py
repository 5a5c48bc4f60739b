"""Where weights come from, and what is said when they cannot be had."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch

from live_sentiment.core.config import EncoderConfig, ModelsConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.models.encoders.registry import ENCODERS, build_encoder
from live_sentiment.models.encoders.source import fetch_source
from live_sentiment.models.store.store import ModelStore
from tests.helpers.encoder_cases import CPU, Case

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def downloaded(networks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a repository that was downloaded from the hub before."""
    repository = tmp_path / "models--someone--tiny-bert"
    shutil.copytree(networks / "bert", repository / "snapshots" / REVISION)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(REVISION)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    return "someone/tiny-bert"


def test_a_name_of_the_hub_is_a_source(downloaded: str, networks: Path, offline_store: ModelStore) -> None:
    config = EncoderConfig(name="transformer", source=downloaded)
    encoder = build_encoder("text", config, offline_store, CPU)
    assert encoder.source is not None
    assert encoder.source.name == downloaded
    assert (
        encoder.fingerprint == Case("text", "transformer", "bert").build(networks, offline_store).fingerprint
    )


def test_offline_a_name_that_is_not_here_is_refused(
    downloaded: str, offline_store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="network is off"):
        fetch_source("someone/else", offline_store)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UsageError, match="network is off"):
        fetch_source("someone/else", ModelStore(ModelsConfig()))


def test_a_folder_is_named_by_its_full_path(
    networks: Path, offline_store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(networks)
    assert fetch_source("./bert", offline_store).name == str(networks / "bert")


def test_weights_in_several_files_have_a_hash_of_their_own(
    networks: Path, offline_store: ModelStore, tmp_path: Path
) -> None:
    content = (networks / "bert/model.safetensors").read_bytes()
    for name in ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"):
        (tmp_path / name).write_bytes(content)
    one, two = fetch_source(str(networks / "bert"), offline_store), fetch_source(str(tmp_path), offline_store)
    assert one.sha256 != two.sha256


def test_no_other_format_is_read(networks: Path, offline_store: ModelStore, tmp_path: Path) -> None:
    shutil.copy(networks / "bert/config.json", tmp_path)
    torch.save({}, tmp_path / "pytorch_model.bin")
    for name in ("transformer", "wav2vec2", "whisper", "resnet", "vit"):
        modality = next(modality for modality, names in ENCODERS.items() if name in names)
        with pytest.raises(UsageError, match="no other format is read"):
            build_encoder(modality, EncoderConfig(name=name, source=str(tmp_path)), offline_store, CPU)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("transformer", "resnet"),
        ("wav2vec2", "bert"),
        ("whisper", "bert"),
        ("resnet", "vit"),
        ("vit", "resnet"),
    ],
)
def test_a_network_of_another_kind_is_refused(
    name: str, kind: str, networks: Path, offline_store: ModelStore
) -> None:
    modality = next(modality for modality, names in ENCODERS.items() if name in names)
    with pytest.raises(UsageError):
        build_encoder(modality, EncoderConfig(name=name, source=str(networks / kind)), offline_store, CPU)


def test_damaged_files_are_refused(networks: Path, offline_store: ModelStore, tmp_path: Path) -> None:
    for kind, name in (("bert", "transformer"), ("whisper", "whisper")):
        modality = next(modality for modality, names in ENCODERS.items() if name in names)
        folder = tmp_path / kind
        shutil.copytree(networks / kind, folder)
        (folder / "model.safetensors").write_bytes(b"damaged")
        with pytest.raises(UsageError, match=r"cannot (load|read)"):
            build_encoder(modality, EncoderConfig(name=name, source=str(folder)), offline_store, CPU)


def test_a_text_encoder_needs_its_tokenizer(
    networks: Path, offline_store: ModelStore, tmp_path: Path
) -> None:
    for file in ("config.json", "model.safetensors"):
        shutil.copy(networks / "bert" / file, tmp_path)
    with pytest.raises(UsageError, match="no tokenizer"):
        build_encoder("text", EncoderConfig(name="transformer", source=str(tmp_path)), offline_store, CPU)


def test_damaged_settings_are_refused(networks: Path, offline_store: ModelStore, tmp_path: Path) -> None:
    shutil.copytree(networks / "resnet", tmp_path / "resnet")
    (tmp_path / "resnet/preprocessor_config.json").write_text("{")
    with pytest.raises(UsageError, match="damaged"):
        Case("vision", "resnet", "resnet").build(tmp_path, offline_store)


def test_what_the_folder_says_of_its_input_is_followed(
    networks: Path, offline_store: ModelStore, tmp_path: Path
) -> None:
    settings = {"image_mean": [0, 0, 0], "image_std": [1, 1, 1], "size": {"shortest_edge": 40}}
    shutil.copytree(networks / "resnet", tmp_path / "resnet")
    (tmp_path / "resnet/preprocessor_config.json").write_text(json.dumps(settings))
    encoder = Case("vision", "resnet", "resnet").build(tmp_path, offline_store, size_px=None)
    white = torch.full((40, 40, 3), 255, dtype=torch.uint8).numpy()
    assert encoder.prepare(white).shape == (1, 3, 40, 40)
    assert bool((encoder.prepare(white) == 1).all())


def test_names_and_settings_that_there_are_not_are_refused(offline_store: ModelStore) -> None:
    def build(modality: str, **settings: object) -> None:
        build_encoder(modality, EncoderConfig.model_validate(settings), offline_store, CPU)

    with pytest.raises(UsageError, match="no text encoder 'resnet'; there are transformer, word-lstm"):
        build("text", name="resnet")
    with pytest.raises(UsageError, match="give it a source"):
        build("voice", name="wav2vec2")
    with pytest.raises(UsageError, match="depth 18 or 50, not 34"):
        build("vision", name="resnet", depth=34)
    with pytest.raises(UsageError, match="no multiple"):
        build("vision", name="vit", size_px=50)
    with pytest.raises(UsageError, match="'last' or one of 1 to 4"):
        build("vision", name="resnet", layers="mix")
    with pytest.raises(UsageError, match="not an expression network"):
        build("vision", name="face-expression", source="voice-emotion")


def test_every_name_has_its_module() -> None:
    package = Path(__file__).parents[3] / "live_sentiment/models/encoders"
    for modules in ENCODERS.values():
        assert all((package / f"{module}.py").is_file() for module in modules.values())
