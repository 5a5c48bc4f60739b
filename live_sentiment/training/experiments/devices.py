"""On what a training computes, and how exactly."""

from __future__ import annotations

import torch

from live_sentiment.core.errors import UsageError
from live_sentiment.models.compute import choose_device
from live_sentiment.training.experiments.config import TrainingConfig

try:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState
    from accelerate.utils import DistributedDataParallelKwargs
except ImportError as error:
    raise UsageError("training needs accelerate: pip install 'live-sentiment[train]'") from error

_PRECISION = {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}


def accelerator_for(training: TrainingConfig, device: str) -> Accelerator:
    """One device, or all that `accelerate launch` started this process for.

    Sets the number of threads of torch and makes operations deterministic where the device lets one choose.

    Raises:
        UsageError: no such device here, or it cannot compute in the precision asked for.
    """
    torch.set_num_threads(training.threads)
    chosen = choose_device(device)
    precision = training.precision
    if precision == "auto":
        half = chosen.type == "cuda" and torch.cuda.is_bf16_supported()
        precision = "bfloat16" if half else "float32"
    if precision == "float16" and chosen.type != "cuda":
        raise UsageError("training.precision=float16 needs a GPU; use bfloat16 or float32")
    if chosen.type == "cuda":
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
    # A second training in one process may be of another precision.
    AcceleratorState._reset_state()
    return Accelerator(
        mixed_precision=_PRECISION[precision],
        cpu=chosen.type == "cpu",
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
