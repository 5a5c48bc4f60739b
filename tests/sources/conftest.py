from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> None:
    """As `compute.apply` has it: small filters are slower on many threads that wait for each other."""
    torch.set_num_threads(1)
