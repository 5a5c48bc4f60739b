"""`live-sentiment run --serve` as a user types it: who listens hears what the file holds."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

from live_sentiment.console.main import main
from live_sentiment.sinks.reader import read_timeline
from live_sentiment.weights.store import ModelStore

pytestmark = [pytest.mark.models, pytest.mark.timeout(180)]

DEMO = Path(__file__).parents[2] / "recordings/demo.mp4"
ARGUMENTS = ["--camera", str(DEMO), "--no-microphone", "--no-dashboard", "--json"]
SERVED = ["--serve", "127.0.0.1:0", "--output"]


@pytest.fixture(scope="module", autouse=True)
def pulled(model_store: ModelStore) -> None:
    for name in ("whisper-tiny.en", "all-minilm-l6-v2", "yunet-2023mar"):
        model_store.path(name)


@pytest.fixture
def command(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "live_sentiment",
            "run",
            *ARGUMENTS,
            "--duration",
            "6",
            *SERVED,
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
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


def test_who_listens_hears_what_the_file_holds(
    command: subprocess.Popen[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    messages, code, metrics = asyncio.run(listen(address(command)))
    out, err = command.communicate(timeout=60)
    assert command.returncode == 0, err
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
        assert main(["run", *ARGUMENTS, "--serve", f"127.0.0.1:{port}", "--output", str(folder)]) == 2
    assert f"cannot serve at 127.0.0.1:{port}: the port is in use" in capsys.readouterr().err
    assert not folder.exists()
