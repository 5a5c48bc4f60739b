"""`live-sentiment run --serve` as a user types it: who listens hears what the file holds."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

from live_sentiment.console.main import main
from live_sentiment.sinks.reader import read_timeline

pytestmark = [pytest.mark.models, pytest.mark.realtime, pytest.mark.timeout(180)]

DEMO = Path(__file__).parents[2] / "recordings/demo.mp4"
DEVICES = ("--camera", str(DEMO), "--no-microphone")
SERVED = ("--serve", "127.0.0.1:0", "--output")


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "live_sentiment", *arguments, "--no-dashboard", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"live results at (http://127\.0\.0\.1:\d+/)$", line.rstrip()):
            return found[1]
    raise AssertionError(f"no address was printed: {said}")


async def listen(url: str) -> tuple[list[dict[str, Any]], int | None, str]:
    """All messages, the code with which the server closed, and the metrics of a moment in between."""
    metrics = ""
    messages = []
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}ws") as socket:
        async for received in socket:
            messages.append(json.loads(received.data))
            if not metrics and sum(message.get("final", False) for message in messages) == 8:
                async with session.get(f"{url}metrics") as response:
                    metrics = await response.text()
        return messages, socket.close_code, metrics


def test_who_listens_hears_what_the_file_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with command("run", *DEVICES, "--duration", "6", *SERVED, str(tmp_path)) as process:
        messages, code, metrics = asyncio.run(listen(address(process)))
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert code == aiohttp.WSCloseCode.OK
    assert json.loads(out)["complete"] is True

    timeline = read_timeline(Path(json.loads(out)["folder"]) / "timeline.jsonl")
    finals = [{k: v for k, v in m.items() if k != "final"} for m in messages if m.get("final")]
    assert len(finals) > 20
    assert finals == list(timeline.points)
    for kind in ("event", "episode", "turning_point"):
        assert [m for m in messages if m["type"] == kind] == list(timeline.of(kind))
    assert any(point["presence"]["vision"]["present"] for point in finals)
    assert (messages[0]["type"], messages[-1]["type"]) == ("hello", "end")
    assert messages[-1]["complete"] is True

    assert main(["schema", "live"]) == 0
    validator = jsonschema.Draft202012Validator(json.loads(capsys.readouterr().out))
    for message in messages:
        validator.validate(message)

    figures = {
        (sample.name.removeprefix("live_sentiment_"), *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
    }
    assert figures["points_total", "final"] >= 8
    assert 0 < figures["lag_seconds", "0.5", "final"] <= figures["lag_seconds", "0.95", "final"]
    assert figures["camera_fps",] > 5
    assert figures["state", "running"] == 1


def test_a_port_in_use_ends_the_command_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from live_sentiment.serve.listening import listen, parse

    with listen(parse("127.0.0.1:0")) as taken:
        port = taken.getsockname()[1]
        folder = tmp_path / "none"
        assert main(["run", *DEVICES, "--serve", f"127.0.0.1:{port}", "--output", str(folder)]) == 2
    assert f"cannot serve at 127.0.0.1:{port}: the port is in use" in capsys.readouterr().err
    assert not folder.exists()


def test_a_recording_is_served_at_its_own_pace(tmp_path: Path) -> None:
    excerpt = ("--end", "4", "--speed", "1")
    with command("replay", str(DEMO), *excerpt, *SERVED, str(tmp_path)) as process:
        messages, code, _ = asyncio.run(listen(address(process)))
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert code == aiohttp.WSCloseCode.OK
    timeline = read_timeline(Path(json.loads(out)["outputs"][0]))
    assert [m["time"] for m in messages if m.get("final")] == [point["time"] for point in timeline.points]
    assert any(message.get("final") is False for message in messages), "words settle later than pixels"
    assert any(message["type"] == "words" and message["committed"] for message in messages)


def test_serving_many_recordings_or_in_a_hurry_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(DEMO), "--serve"]) == 2
    assert "add --speed 1" in capsys.readouterr().err
    clips = [tmp_path / "one.mp4", tmp_path / "two.mp4"]
    for clip in clips:
        shutil.copy(DEMO, clip)
    assert main(["replay", *map(str, clips), "--speed", "1", "--serve"]) == 2
    assert "name one clip" in capsys.readouterr().err
