"""A model of some kilobytes in two real wheels, and where it can be had from: a folder, an index, a hub."""

from __future__ import annotations

import hashlib
import http.server
import os
import threading
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

NAME = "toy"
REVISION = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = bytes(range(256)) * 800
CONFIG = b'{"layers": 1}\n'
FILES = {"weights.bin": WEIGHTS, "config.json": CONFIG}
HALF = len(WEIGHTS) // 2


def write_wheels(
    folder: Path, *, weights: bytes = WEIGHTS, config_member: str = "toy_part1/config.json"
) -> Path:
    """Write toy-part1 and toy-part2 1.0 into `folder`: one half of the weights each, stored uncompressed."""
    folder.mkdir(parents=True, exist_ok=True)
    members = {
        "toy_part1": {"toy_part1/weights.a": weights[:HALF], config_member: CONFIG},
        "toy_part2": {"toy_part2/weights.b": weights[HALF:]},
    }
    for package, data in members.items():
        information = f"{package}-1.0.dist-info"
        described = {
            # A package that would give itself away if any of its code ran.
            f"{package}/__init__.py": b"raise SystemExit('imported')\n",
            f"{information}/METADATA": b"Metadata-Version: 2.1\nName: %b\nVersion: 1.0\nRequires-Python: <3\n"
            % package.replace("_", "-").encode(),
            f"{information}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{information}/RECORD": b"",
        }
        with zipfile.ZipFile(folder / f"{package}-1.0-py3-none-any.whl", "w") as wheel:
            for name, content in {**data, **described}.items():
                wheel.writestr(name, content)
    return folder


def write_manifest(file: Path, *, packages: bool = True, hub: bool = False) -> Path:
    """Write the manifest that describes the toy."""
    lines = [
        f"[{NAME}]",
        'part = "text"',
        'description = "A toy"',
        'licence = "CC0-1.0"',
        'holder = "nobody"',
        'training_data = "nothing"',
    ]
    if packages:
        size = len(WEIGHTS) // 2
        lines.append(
            "packages = ["
            + ", ".join(f'{{ name = "toy-part{n}", version = "1.0", bytes = {size} }}' for n in (1, 2))
            + "]"
        )
    if hub:
        lines.append(f'hub = {{ repository = "toys/toy", revision = "{REVISION}" }}')
    members = {
        "weights.bin": ["toy_part1/weights.a", "toy_part2/weights.b"],
        "config.json": ["toy_part1/config.json"],
    }
    for name, content in FILES.items():
        lines += [
            f"[[{NAME}.files]]",
            f'name = "{name}"',
            f"bytes = {len(content)}",
            f'sha256 = "{hashlib.sha256(content).hexdigest()}"',
            f"members = {members[name]}",
        ]
    file.write_text("\n".join(lines))
    return file


def write_folder(folder: Path) -> Path:
    """Lay the toy out as a local folder does: FOLDER/toy/<file>."""
    (folder / NAME).mkdir(parents=True)
    for name, content in FILES.items():
        (folder / NAME / name).write_bytes(content)
    return folder


def pip_from(wheels: Path) -> dict[str, str]:
    """Environment in which pip knows nothing but a folder of wheels."""
    return {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_EXTRA_INDEX_URL": "",
    }


def pip_index(url: str) -> dict[str, str]:
    """Environment in which pip knows nothing but an index."""
    return {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "0",
        "PIP_INDEX_URL": url,
        "PIP_FIND_LINKS": "",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_RETRIES": "0",
    }


@dataclass
class Server:
    """A package index at /simple and a hub at /, on loopback.

    With `hold`, a wheel is sent up to its middle, `halfway` is set, and the rest waits for `release`; with
    `cut`, the connection ends there.
    """

    wheels: Path
    hold: bool = False
    cut: bool = False
    halfway: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    requested: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, format: str, *arguments: object) -> None:
                pass

            def do_HEAD(self) -> None:
                owner._answer(self, body=False)

            def do_GET(self) -> None:
                owner._answer(self, body=True)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, request: http.server.BaseHTTPRequestHandler, *, body: bool) -> None:
        self.requested.append(f"{request.command} {request.path}")
        path = request.path.strip("/")
        kind, _, rest = path.partition("/")
        content: bytes | None = None
        if kind == "simple":
            wheel = f"{rest.replace('-', '_')}-1.0-py3-none-any.whl"
            content = f'<a href="/wheels/{wheel}">{wheel}</a>'.encode()
        elif kind == "wheels":
            content = (self.wheels / rest).read_bytes()
        elif path.startswith(f"toys/toy/resolve/{REVISION}/"):
            content = FILES.get(path.rpartition("/")[2])
        request.send_response(404 if content is None else 200)
        if content is None:
            request.send_header("X-Error-Code", "EntryNotFound")
        if kind == "simple":
            request.send_header("Content-Type", "text/html")
        request.send_header("Content-Length", str(len(content or b"")))
        request.send_header("ETag", f'"{hashlib.sha256(content or b"").hexdigest()}"')
        request.send_header("X-Repo-Commit", REVISION)
        request.end_headers()
        if body and content is not None:
            middle = len(content) // 2 if kind == "wheels" and (self.hold or self.cut) else len(content)
            try:
                request.wfile.write(content[:middle])
                request.wfile.flush()
                if middle < len(content) and self.hold:
                    self.halfway.set()
                    self.release.wait()
                    request.wfile.write(content[middle:])
            except OSError:  # the asker was killed
                pass
