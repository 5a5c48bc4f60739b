"""A page is made of the session's own files, and what is written does not leave its folder through a link."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live_sentiment.console.main import main

ROOT = Path(__file__).parents[2]
SECRET = b"0123456789 a film of somebody else"
Line = dict[str, Any]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links and modes as POSIX has them")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.mp4"
    path.write_bytes(SECRET)
    return path


@pytest.fixture
def folder(make_session: Callable[..., Path], lines: list[Line]) -> Path:
    return make_session(lines)


@pytest.mark.parametrize("name", ["media.mkv", "demo.mp4"])
def test_a_link_is_not_embedded(
    folder: Path, secret: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "media.mkv":
        (folder / "session.json").write_text("{}")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    assert main(["report", str(folder), "--embed"]) == 2
    err = capsys.readouterr().err
    assert f"{name} is a link and not followed; name its file with --media" in err
    assert not (folder / "report.html").exists()
    assert main(["report", str(folder), "--embed", "--media", str(folder / name)]) == 0


@pytest.mark.parametrize("name", ["id_rsa", "../secret.mp4", "/etc/hostname", "..", "a\0b.mp4", "x" * 300])
def test_a_header_names_no_file_that_is_not_the_sessions(
    make_session: Callable[..., Path], lines: list[Line], secret: Path, name: str
) -> None:
    (secret.parent / "id_rsa").write_bytes(SECRET)
    (secret.parent / "deep").mkdir()
    lines[0]["source"]["name"] = name
    folder = make_session(lines, name="deep/within")
    assert main(["report", str(folder), "--embed"]) == 2


def test_the_recording_is_no_list_of_other_files(
    folder: Path, secret: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "session.json").write_text("{}")
    (folder / "media.mkv").write_text(f"#EXTM3U\n#EXTINF:5,\n{secret}\n#EXT-X-ENDLIST\n")
    for command in (["export", str(folder), "--to", "mp4"], ["replay", str(folder)]):
        assert main(command) != 0
        assert "media.mkv is no Matroska file" in capsys.readouterr().err


def test_a_session_with_a_linked_recording_is_not_replayed(
    folder: Path, secret: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "session.json").write_text("{}")
    (folder / "media.mkv").symlink_to(secret)
    assert main(["replay", str(folder)]) != 0
    assert "media.mkv: it is a link" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["report.html", "report.part.html"])
def test_a_page_takes_the_place_of_a_link(folder: Path, secret: Path, target: str) -> None:
    (folder / target).symlink_to(secret)
    assert main(["report", str(folder)]) == 0
    assert secret.read_bytes() == SECRET
    assert not (folder / "report.html").is_symlink()
    assert stat.S_IMODE((folder / "report.html").stat().st_mode) == 0o600


def test_a_page_in_a_ring_of_links_is_written(folder: Path) -> None:
    (folder / "report.html").symlink_to(folder / "report.html")
    (folder / "annotations.eaf").symlink_to(folder / "annotations.eaf")
    assert main(["report", str(folder)]) == 0
    assert main(["export", str(folder), "--to", "eaf"]) == 0


def test_a_session_of_no_length_has_a_page(
    make_session: Callable[..., Path], make_header: Callable[..., Line], make_point: Callable[..., Line]
) -> None:
    folder = make_session([make_header(), make_point(0.0)])
    assert main(["report", str(folder)]) == 0


PAGES = ("live_sentiment/report/assets/*.js", "live_sentiment/serve/page/*.js")
PARSERS = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"


@pytest.mark.parametrize("script", sorted(script for page in PAGES for script in ROOT.glob(page)))
def test_no_script_of_a_page_reads_text_as_html_or_code(script: Path) -> None:
    assert not re.search(PARSERS, script.read_text("utf-8"))
