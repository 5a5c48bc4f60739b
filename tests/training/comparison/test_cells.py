from pathlib import Path

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.training.comparison.cells import Cells, Figures


class Counted:
    """Counts how often it had to compute."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Figures:
        self.times += 1
        return {"accuracy": 0.5, "by seed": (1, 2)}


def test_a_cell_is_computed_once(tmp_path: Path) -> None:
    make = Counted()
    first = Cells(tmp_path).get("MOSI, concat 0", {"seed": 0}, make)
    assert (
        Cells(tmp_path).get("MOSI, concat 0", {"seed": 0}, make)
        == first
        == {
            "accuracy": 0.5,
            "by seed": [1, 2],
        }
    )
    assert make.times == 1


def test_other_settings_are_another_cell(tmp_path: Path) -> None:
    make = Counted()
    for seed in (0, 1):
        Cells(tmp_path).get("one", {"seed": seed}, make)
    assert make.times == 2


def test_a_damaged_cell_and_one_that_is_wanted_anew_are_computed_again(tmp_path: Path) -> None:
    make = Counted()
    Cells(tmp_path).get("one", {}, make)
    (file,) = tmp_path.iterdir()
    file.write_text("{")
    Cells(tmp_path).get("one", {}, make)
    Cells(tmp_path, fresh=True).get("one", {}, make)
    assert make.times == 3


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot keep results"):
        Cells(tmp_path / "file" / "cells").get("one", {}, Counted())
