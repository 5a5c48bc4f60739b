"""Models of a hub by name: pinned on first use, offline afterwards, and refused when they change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from live_sentiment.core.config import ModelsConfig, SpeechConfig
from live_sentiment.core.errors import LiveSentimentError, RunError
from live_sentiment.models import transcriber_loading as loading
from live_sentiment.models.encoders.source import fetch_source
from live_sentiment.models.store.store import CACHE_VARIABLE, ModelStore

FIRST, SECOND = "1" * 40, "2" * 40


class FakeHub:
    """A hub that has revisions of any repository, and the cache of its client."""

    def __init__(self, cache: Path) -> None:
        self.cache, self.revisions = cache, {FIRST: b"weights"}
        self.asked: list[tuple[str, str | None]] = []
        """What went over the network."""

    @property
    def newest(self) -> str:
        return list(self.revisions)[-1]

    def folder(self, repository: str, revision: str) -> Path:
        return self.cache / f"models--{repository.replace('/', '--')}" / "snapshots" / revision

    def snapshot_download(
        self,
        repository: str,
        *,
        revision: str | None = None,
        local_files_only: bool = False,
        allow_patterns: Sequence[str] = (),
        **others: object,
    ) -> str:
        folder = self.folder(repository, revision or self.newest)
        if not local_files_only:
            self.asked.append((repository, revision))
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / "model.safetensors").exists():
                (folder / "model.safetensors").write_bytes(self.revisions[folder.name])
        elif not folder.is_dir():
            raise LocalEntryNotFoundError("it is not here")
        return str(folder)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    fake = FakeHub(tmp_path / "huggingface")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", fake.snapshot_download)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    return fake


def test_the_first_use_is_what_every_later_one_loads_without_the_network(hub: FakeHub) -> None:
    first = fetch_source("some/encoder", ModelStore(ModelsConfig()))
    hub.revisions[SECOND] = b"other weights"
    again = fetch_source("some/encoder", ModelStore(ModelsConfig()))
    assert (again.folder, again.sha256) == (first.folder, first.sha256)
    assert hub.asked == [("some/encoder", None)]
    assert fetch_source("some/encoder", ModelStore(ModelsConfig(offline=True))).folder == first.folder


def test_what_is_lost_is_fetched_again_at_the_same_revision(hub: FakeHub) -> None:
    first = fetch_source("some/encoder", ModelStore(ModelsConfig()))
    hub.revisions[SECOND] = b"other weights"
    (first.folder / "model.safetensors").unlink()
    assert fetch_source("some/encoder", ModelStore(ModelsConfig())).sha256 == first.sha256
    assert hub.asked[-1] == ("some/encoder", FIRST)


def test_a_change_is_refused_with_both_ways_out(hub: FakeHub, tmp_path: Path) -> None:
    store = ModelStore(ModelsConfig())
    folder = fetch_source("some/encoder", store).folder
    (folder / "model.safetensors").write_bytes(b"changed")
    with pytest.raises(RunError) as caught:
        fetch_source("some/encoder", store)
    message = str(caught.value)
    assert "some/encoder" in message
    assert "model.safetensors has the SHA-256" in message
    record = tmp_path / "cache" / "hub" / "encoder--some--encoder.json"
    assert message.endswith(str(record))
    assert str(hub.cache / "models--some--encoder") in message
    record.unlink()
    assert fetch_source("some/encoder", store).folder == folder


def test_a_hub_that_answers_with_other_bytes_for_the_same_revision_is_refused(hub: FakeHub) -> None:
    store = ModelStore(ModelsConfig())
    folder = fetch_source("some/encoder", store).folder
    (folder / "model.safetensors").unlink()
    hub.revisions[FIRST] = b"forged"
    with pytest.raises(RunError, match="is not what it was on first use"):
        fetch_source("some/encoder", store)


def test_a_record_that_is_damaged_is_no_leave_to_load_anything(hub: FakeHub, tmp_path: Path) -> None:
    store = ModelStore(ModelsConfig())
    fetch_source("some/encoder", store)
    (tmp_path / "cache" / "hub" / "encoder--some--encoder.json").write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        fetch_source("some/encoder", store)


def test_speech_models_by_size_are_pinned_too(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[Path] = []
    monkeypatch.setattr(loading, "Recogniser", lambda folder, **settings: loaded.append(folder))
    config = SpeechConfig(model="small")
    loading.load_recogniser(config, ModelStore(ModelsConfig()))
    hub.revisions[SECOND] = b"other weights"
    loading.load_recogniser(config, ModelStore(ModelsConfig()))
    assert loaded == [hub.folder("Systran/faster-whisper-small", FIRST)] * 2
    (loaded[0] / "model.safetensors").write_bytes(b"changed")
    with pytest.raises(RunError, match="is not what it was on first use"):
        loading.load_recogniser(config, ModelStore(ModelsConfig()))


def test_what_was_never_here_is_not_had_offline(hub: FakeHub) -> None:
    with pytest.raises(LiveSentimentError, match="the network is off"):
        fetch_source("some/encoder", ModelStore(ModelsConfig(offline=True)))
    assert hub.asked == []
