"""What else than the path of a file a person may give, and what is said to each."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from live_sentiment.core.errors import UsageError

_URL = re.compile(r"([a-z][a-z0-9+.-]+)://|(file|https?|ftps?):/", re.IGNORECASE)
_STREAMS = {"rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp"}
_AT_ONCE = "an analysis needs a file that it can read from any place"

_KINDS = {
    stat.S_ISFIFO: f"a named pipe, and {_AT_ONCE}: save what comes out of it to one first",
    stat.S_ISSOCK: f"a socket, and {_AT_ONCE}: save what it sends to one first",
    stat.S_ISCHR: "a device, not a file; cameras and microphones belong to `live-sentiment run`",
    stat.S_ISBLK: "a device, not a file; name a file on it",
    stat.S_ISDIR: "a folder, not a file",
}


def local_path(argument: str) -> Path:
    """The path that a person means: `~` is their home, and `file:///…` is what programs hand over.

    Raises:
        UsageError: nothing, standard input, or the address of something on the network.
    """
    if not argument.strip():
        raise UsageError("an empty argument names no file; is a variable of the shell unset?")
    if argument == "-":
        raise UsageError(
            f"- is standard input, and {_AT_ONCE}: save it to one first, as with `cat > talk.mkv`; "
            "a file of that name is ./-"
        )
    url = _URL.match(argument)
    if url is None or Path(argument).exists():
        try:
            return Path(argument).expanduser()
        except RuntimeError as error:
            raise UsageError(f"there is no home folder of that user: {argument}") from error
    scheme = (url[1] or url[2]).lower()
    if scheme == "file":
        return Path(url2pathname(urlsplit(argument).path))
    if scheme in _STREAMS:
        hint = "`live-sentiment run --camera` takes the address of a live stream"
    else:
        hint = "download it first; `live-sentiment run --camera` takes the address of a live stream"
    raise UsageError(f"{argument} is an address, and only files are replayed: {hint}")


def what_it_is(path: Path) -> str:
    """Of something that is there and no regular file: what it is, and what to do."""
    mode = path.stat().st_mode
    return next((kind for test, kind in _KINDS.items() if test(mode)), "not a file")
