from pathlib import Path

import pytest

from live_sentiment.console.main import main


def test_help_says_that_the_pairs_are_synthetic(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train", "fusion", "--help"])
    assert stopped.value.code == 0
    assert "SYNTHETIC pairs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--output", "weights.bin"], ".safetensors"),
        (["--output", "weights.safetensors", "--seeds", "0"], "--seeds"),
        (["--output", "weights.safetensors", "--steps", "-3"], "--steps"),
    ],
)
def test_wrong_options_are_one_line_and_exit_code_2(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "fusion", "--data", str(tmp_path), *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
