"""Which device computes, and how much of the machine each library may take: decided here and nowhere else.

One thread per library keeps the results of a run identical from machine to machine of the same kind, and
leaves the cores to the stages, which already run side by side.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from live_sentiment.core.config import ComputeConfig
from live_sentiment.core.errors import UsageError

ONEDNN_PRIMITIVES = 32
"""Compiled operations that oneDNN keeps, in torch and again in CTranslate2, instead of its own 1024. There is
one for every length of sound that was ever heard, which took up to 30 MB a minute; the face network, the one
of fixed size, has ten."""

if TYPE_CHECKING:
    import onnxruntime
    import torch


def apply(config: ComputeConfig) -> torch.device:
    """Set the thread counts of torch and OpenCV, quieten OpenCV, and return the device for torch modules.

    CTranslate2 and ONNX Runtime take theirs per model: `config.speech_threads` and `onnx_options`.

    Raises:
        UsageError: the device asked for by name is not there.
    """
    set_environment()
    import cv2
    import torch

    torch.set_num_threads(config.torch_threads)
    cv2.setNumThreads(config.opencv_threads)
    # OpenCV writes its warnings over the dashboard; none of them is for the user.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    return choose_device(config.device)


def set_environment() -> None:
    """Set what the libraries read when they are loaded; `apply` does so too."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(ONEDNN_PRIMITIVES))


def speech_device(config: ComputeConfig) -> Literal["cpu", "cuda"]:
    """Where CTranslate2 computes: on the GPU that torch takes, if it sees one too, or else the CPU.

    Without a GPU torch is not asked, as importing it takes longer than anything else at the start.

    Raises:
        UsageError: a GPU was asked for by name, and torch has none.
    """
    import ctranslate2

    if config.device in ("cpu", "mps") or not ctranslate2.get_cuda_device_count():
        return "cpu"
    return "cuda" if choose_device(config.device).type == "cuda" else "cpu"


def choose_device(name: str) -> torch.device:
    """Resolve `auto`, `cpu`, `cuda` or `mps` to a torch device that exists here.

    Raises:
        UsageError: the device asked for by name is not there.
    """
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(device for device, available in there.items() if available))
    if not there[name]:
        raise UsageError(f"no {name} device on this machine; use --device cpu or --device auto")
    return torch.device(name)


def quick_bfloat16() -> bool:
    """Whether this processor has instructions for half precision, without which it is the slower one."""
    import torch

    return bool(torch.cpu.get_capabilities().get("avx512_bf16"))


def onnx_options(config: ComputeConfig) -> onnxruntime.SessionOptions:
    """Session options with the configured thread count and no busy waiting."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = config.onnx_threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options
