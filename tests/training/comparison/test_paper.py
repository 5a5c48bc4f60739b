"""The whole pipeline of the page of results, with the shipped weights, on a few samples of everything."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from live_sentiment.console.main import main
from live_sentiment.core.config import Config
from live_sentiment.core.errors import UsageError
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.comparison import mosi_features, sections
from live_sentiment.training.comparison.cells import Figures
from live_sentiment.training.comparison.context import Context, PaperTask, fingerprint_of_code
from live_sentiment.training.comparison.fixed_fit import FixedRecipe
from live_sentiment.training.comparison.paper import run_paper
from live_sentiment.training.comparison.paper_page import LEAD, LEAD_ENDS, lead_of, paper_page
from live_sentiment.training.comparison.sections import SECTIONS
from live_sentiment.training.data import fusion_voice
from live_sentiment.training.tasks.imputation import Recipe
from live_sentiment.training.tasks.voice_head import Schedule
from tests.helpers.paper_data import voice_pools, write_data


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is trained on the way is trained for a moment."""
    monkeypatch.setattr(mosi_features, "RECIPE", FixedRecipe(epochs=1))
    monkeypatch.setattr(sections, "Schedule", lambda: Schedule(steps=2, batch=8))
    monkeypatch.setattr(sections.imputation, "Recipe", lambda: Recipe(steps=2, batch=8))
    monkeypatch.setattr(sections.pairs, "PAIRS", 256)
    monkeypatch.setattr(fusion_voice, "voice_pools", voice_pools)


def test_what_leads_the_page_is_kept_when_it_is_written_again() -> None:
    facts = dict.fromkeys(("command", "date", "machine", "versions", "seeds", "took", "weights"), "x")
    lead = f"{LEAD}## What is printed\n\n| 74.1 |\n\n{LEAD_ENDS}"
    page = paper_page({}, facts, lead)
    assert page.startswith(f"# Results\n\n{lead}Every number below")
    assert paper_page({}, facts, lead_of(page)) == page
    assert lead_of(paper_page({}, facts)) == ""


@pytest.mark.models
def test_one_command_makes_the_page_and_a_second_one_uses_what_is_kept(
    tmp_path: Path,
    pulled: None,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, output = write_data(tmp_path / "data"), tmp_path / "results.md"
    command = ["compare", "--paper", "--data", str(data), "--output", str(output), "--seeds", "1"]
    command += ["--work", str(tmp_path / "work"), "--device", "cpu"]
    monkeypatch.setattr(PaperTask, "__init__", _with_one_seed(PaperTask.__init__))
    assert main(command) == 0
    page = output.read_text(encoding="utf-8")
    assert "Not measured" not in page
    for row in (
        "| logistic regression, all",
        "| cross-attention |",
        "| Self-MM",
        "| shipped text expert, each utterance alone |",
        "| ravdess | 7 | 5 |",
        "| FERPlus, clear majority",
        "| product-of-experts | text + voice + vision |",
        "| product-of-experts | vision |",
        "masking",
    ):
        assert row in page, row
    told = json.loads(output.with_suffix(".json").read_text(encoding="utf-8"))
    assert set(told["sections"]) == set(SECTIONS)
    assert str(tmp_path) not in page

    def never(*_arguments: object, **_options: object) -> Figures:
        raise AssertionError("computed again")

    for name in ("measure_mosi_text", "measure_meld", "measure_voices", "measure_faces", "measure_pairs"):
        monkeypatch.setattr(sections, name, never)
    capsys.readouterr()
    assert main(command) == 0
    assert capsys.readouterr().out.count("## ") == len(SECTIONS)


def _with_one_seed(make: object) -> object:
    def one_seed(self: PaperTask, **options: object) -> None:
        make(self, **options, voice_seeds=1, pair_seeds=1, imputation_seeds=1)  # type: ignore[operator]

    return one_seed


def test_a_missing_corpus_is_said_in_the_page_and_the_rest_goes_on(tmp_path: Path) -> None:
    def missing(context: Context) -> Figures:
        raise UsageError(f"no FERPlus in {context.task.data}/face")

    def there(context: Context) -> Figures:
        return context.cells.get(
            "meld", {}, lambda: {"context_utterances": 0, "alone": {"emotions": FIGURES, "polarity": FIGURES}}
        )

    task = PaperTask(data=tmp_path / "data", output=tmp_path / "results.md", work=tmp_path / "work")
    bars = Progress(console=Console(file=io.StringIO()))
    page = run_paper(task, Config(), ModelStore(Config().models), bars, {"faces": missing, "meld": there})
    assert "Not measured: no FERPlus in FOLDER/face." in page
    assert "| 60.0 [55.0, 65.0] |" in page


FIGURES = {
    "samples": 10,
    **{
        name: {"value": 0.6, "low": 0.55, "high": 0.65}
        for name in ("accuracy", "weighted_f1", "macro_f1", "precision", "uar", "ece")
    },
}


def test_a_cell_depends_on_the_code_that_makes_it() -> None:
    assert fingerprint_of_code("fusion/cores") != fingerprint_of_code("fusion/batch.py")
    assert fingerprint_of_code(mosi_features) == fingerprint_of_code("training/comparison/mosi_features.py")
    assert fingerprint_of_code("models/text_*.py") != fingerprint_of_code("models/face_*.py")
    with pytest.raises(FileNotFoundError, match="perception/gone"):
        fingerprint_of_code("perception/gone")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--paper", "--corpora", "meld"], "either --corpora"),
        ([], "either --corpora"),
        (["--paper", "--seeds", "0"], "--seeds"),
        (["--paper", "--output", "results.html"], "Markdown"),
        (["--paper", "--only", "everything"], "no section 'everything'"),
        (["--corpora", "meld", "--fusers", "magic"], "no fuser 'magic'"),
    ],
)
def test_wrong_options_are_one_line_and_exit_code_2(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "--data", str(tmp_path), *options]) == 2
    error = capsys.readouterr().err
    assert said in error.splitlines()[-1]


def test_a_data_folder_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--paper", "--data", str(tmp_path / "nowhere")]) == 2
    assert "no folder" in capsys.readouterr().err
