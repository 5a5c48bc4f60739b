"""Devices and thread counts."""

from __future__ import annotations

import subprocess
import sys

import ctranslate2
import cv2
import pytest
import torch

from live_sentiment.core.config import ComputeConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.models import compute


def test_thread_counts_are_those_of_the_configuration() -> None:
    before = torch.get_num_threads(), cv2.getNumThreads()
    try:
        assert compute.apply(ComputeConfig(device="cpu", torch_threads=2, opencv_threads=2)).type == "cpu"
        assert (torch.get_num_threads(), cv2.getNumThreads()) == (2, 2)
        options = compute.onnx_options(ComputeConfig(onnx_threads=2))
        assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_an_error_that_says_what_to_do(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UsageError, match="--device auto"):
        compute.choose_device(device)
    assert compute.choose_device("auto").type == "cpu"


def test_auto_takes_a_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert compute.choose_device("auto").type == "cuda"


LENGTHS = """
import ctypes, os
from live_sentiment.models import compute
from live_sentiment.core.config import ComputeConfig
compute.apply(ComputeConfig(device="cpu"))
import torch
layer = torch.nn.Conv1d(80, 256, 3, padding=1)
def hear(lengths):
    with torch.inference_mode():
        for length in lengths:
            layer(torch.zeros(1, 80, length))
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
hear(range(100, 400))
before = resident()
hear(range(400, 1300))
print((resident() - before) / 1e6)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory as Linux tells it")
def test_sound_of_ever_new_lengths_takes_no_more_memory() -> None:
    """Without a bound oneDNN keeps an operation for each length: 300 MB here, against 30."""
    run = subprocess.run([sys.executable, "-c", LENGTHS], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 150.0


@pytest.mark.parametrize(
    ("asked", "seen", "torch_has", "taken"),
    [("auto", 0, True, "cpu"), ("auto", 1, True, "cuda"), ("auto", 1, False, "cpu"), ("cpu", 1, True, "cpu")],
)
def test_speech_takes_the_gpu_that_both_libraries_see(
    asked: str, seen: int, torch_has: bool, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: seen)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: torch_has)
    assert compute.speech_device(ComputeConfig(device=asked)) == taken  # type: ignore[arg-type]
