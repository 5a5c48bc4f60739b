"""A network camera for tests: a clip as a live MJPEG stream on loopback, that can be killed and restarted.

It plays the clip over and over at its own pace, whether or not anybody watches; who connects sees it from
the present moment on, as with a real camera. It is a process of its own, so that it dies as a process does.

>>> with MjpegServer(clip) as server:
...     run_something_with(server.url)
...     server.kill()  # the connection breaks and further ones are refused
...     server.start()  # it is there again, at the same address
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

_BOUNDARY = "frame"
_START_S = 20.0


class MjpegServer:
    """Serves one clip at `url`; a context manager that starts it and ends it.

    Args:
        clip: anything that FFmpeg decodes; its pictures keep their times.
        seconds: no more than so much of it; then it begins again.
        quality: of the JPEG pictures, up to 100.
    """

    def __init__(self, clip: Path, *, seconds: float = 20.0, quality: int = 90) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mjpeg-")
        _encode(clip, Path(self._folder.name), seconds, quality)
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        """Chosen by the system on the first start, the same from then on."""
        self.zero_s = 0.0
        """What time.monotonic() showed, in any process of this machine, when the clip began the last time
        that the server was started: its picture of time t leaves the server at zero_s + t."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/camera.mjpg"

    def start(self) -> None:
        """Serve, on the same port as before; returns when it can be connected to."""
        command = [sys.executable, __file__, self._folder.name, str(self.port)]
        # It reads its input only to notice that whoever started it is gone.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the MJPEG server did not start"
        self.port, self.zero_s = int(line.split()[0]), float(line.split()[1])

    def kill(self) -> None:
        """End it without a farewell."""
        self._send(signal.SIGKILL)
        assert self._process is not None
        self._process.communicate(timeout=_START_S)
        self._process = None

    def hang(self) -> None:
        """Send no more, but keep the connections."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        """After `hang`: the clip has moved on meanwhile."""
        self._send(signal.SIGCONT)

    def __enter__(self) -> MjpegServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()
        self._folder.cleanup()

    def _send(self, signal_number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal_number)


def _encode(clip: Path, folder: Path, seconds: float, quality: int) -> None:
    """The pictures as JPEG one after the other, and an index of (time in s, first byte, bytes)."""
    import cv2

    from live_sentiment.core.types import VideoFrame
    from live_sentiment.sources.media.media import MediaSource

    index: list[tuple[float, int, int]] = []
    first_s: float | None = None
    with (folder / "pictures").open("wb") as pictures:
        for item in MediaSource(clip, end_s=seconds):
            if isinstance(item, VideoFrame):
                data = cv2.imencode(".jpg", item.image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
                first_s = item.time_s if first_s is None else first_s
                index.append((item.time_s - first_s, pictures.tell(), len(data)))
                pictures.write(data)
    (folder / "index.json").write_text(json.dumps(index))


class _Handler(BaseHTTPRequestHandler):
    """One viewer."""

    index: ClassVar[list[tuple[float, int, int]]]
    pictures: ClassVar[bytes]
    zero_s: ClassVar[float]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        try:
            self._play()
        except OSError:
            self.close_connection = True

    def _play(self) -> None:
        times = [entry[0] for entry in self.index]
        period_s = times[-1] + (times[-1] / (len(times) - 1) if len(times) > 1 else 1.0)
        for turn in count(int((time.monotonic() - self.zero_s) / period_s)):
            for time_s, first, size in self.index:
                wait_s = self.zero_s + turn * period_s + time_s - time.monotonic()
                if wait_s < -0.1:  # the past is not shown
                    continue
                time.sleep(max(wait_s, 0.0))
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {size}\r\n\r\n"
                self.wfile.write(head.encode() + self.pictures[first : first + size] + b"\r\n")

    def log_message(self, *_: Any) -> None:
        pass


def _serve(folder: Path, port: int) -> None:
    _Handler.index = json.loads((folder / "index.json").read_text())
    _Handler.pictures = (folder / "pictures").read_bytes()
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    server.daemon_threads = True
    _Handler.zero_s = time.monotonic()
    sys.stdout.write(f"{server.server_address[1]} {_Handler.zero_s!r}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
