from dataclasses import replace

import pytest

from live_sentiment.console.main import main
from live_sentiment.core.config import TextConfig
from live_sentiment.core.types import EMOTIONS, POLARITIES, Word
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.models.text_encoder import TextEncoder
from live_sentiment.training.tasks.text import TextTraining, train_text
from live_sentiment.training.tasks.text_recipe import BROAD, NEAR, TuneSettings
from tests.helpers.stages import text_stage
from tests.helpers.tiny_text import CPU, save_encoder

SAID = {
    ("joy", "positive"): "love love happy {}",
    ("anger", "negative"): "hate terrible angry {}",
    ("neutral", "neutral"): "the meeting at {}",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An encoder and two corpora: one with everything, one with sentiment only."""
    folder = tmp_path_factory.mktemp("training")
    save_encoder(folder / "encoder")
    for corpus, columns in (("talk", "text\temotion\tsentiment\tdialogue"), ("reviews", "text\tsentiment")):
        (folder / "data" / corpus).mkdir(parents=True)
        for split, count in (("train", 80), ("dev", 8), ("test", 8)):
            rows = [columns]
            for number in range(count):
                for (emotion, polarity), text in SAID.items():
                    labels = f"{emotion}\t{polarity}\t{number}" if corpus == "talk" else polarity
                    rows.append(f"{text.format(number)}.\t{labels}")
            (folder / "data" / corpus / f"{split}.tsv").write_text("\n".join(rows))
    return folder


def train(folder, output, *more):
    files = ["--data", str(folder / "data"), "--output", str(output), "--encoder", str(folder / "encoder")]
    return main(["train", "text", *files, "--frozen", "--reference", "talk", "--seeds", "2", *more])


@pytest.fixture(scope="module")
def head_file(folder):
    file = folder / "out" / "head.safetensors"
    assert train(folder, file) == 0
    return file


def reads_what_it_was_taught(analyzer):
    for (emotion, polarity), text in SAID.items():
        analyzer.reset()
        words = [Word(word, n, n + 0.5, 1.0) for n, word in enumerate(text.format("nine").split())]
        last = analyzer(words).observations[-1]
        assert EMOTIONS[int(last.emotions.argmax())] == emotion
        assert POLARITIES[int(last.polarity.argmax())] == polarity


def test_the_trained_head_reads_what_it_was_taught(folder, head_file):
    reads_what_it_was_taught(text_stage(TextConfig(head=str(head_file)), folder / "encoder"))


def test_the_metadata_says_what_it_is_and_how_good(head_file):
    metadata = load_shipped(str(head_file)).metadata
    assert metadata["emotion_prior"] == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3, 0, 0, 0], abs=1e-4)
    assert metadata["polarity_prior"] == pytest.approx([1 / 3] * 3, abs=1e-4)
    assert metadata["trained_on"] == {"reviews": 240, "talk": 240}
    assert metadata["encoder"]["name"] == "encoder"
    assert metadata["development"]["emotions"]["as written"]["weighted_f1"] > 0.9
    assert metadata["development"]["polarity"]["plain"]["accuracy"] > 0.9
    assert "test" not in metadata, "the weights are written before the test sets are looked at"


def test_a_second_run_takes_the_embeddings_of_the_first_and_writes_the_same_bytes(folder, head_file, capsys):
    cache = head_file.parent / "cache"
    before = {file: file.stat().st_mtime_ns for file in cache.iterdir()}
    again = folder / "again" / "head.safetensors"
    assert train(folder, again, "--cache", str(cache)) == 0
    assert {file: file.stat().st_mtime_ns for file in cache.iterdir()} == before
    assert again.read_bytes() == head_file.read_bytes()
    assert "talk test, emotions, as written: accuracy" in capsys.readouterr().out


TUNE = TuneSettings(
    rank=4,
    inner_size=16,
    batch=16,
    broad=replace(BROAD, epochs=2, descent_epochs=4, learning_rate=5e-3, averaging=0.9),
    near=replace(NEAR, epochs=2, descent_epochs=2, learning_rate=5e-3, averaging=0.9),
)


def tune(folder, output, **settings):
    task = TextTraining(
        data=folder / "data",
        output=output,
        encoder_name="tiny",
        cache=folder / "cache",
        reference="talk",
        seeds=2,
        tune=TUNE,
        **settings,
    )
    return train_text(task, TextEncoder(folder / "encoder", CPU))


@pytest.fixture(scope="module")
def tuned(folder):
    file = folder / "tuned" / "text.safetensors"
    return file, tune(folder, file)


def test_a_tuned_encoder_reads_what_it_was_taught_word_by_word(folder, tuned):
    file, _ = tuned
    analyzer = text_stage(TextConfig(head=str(file), context_utterances=1), folder / "encoder")
    reads_what_it_was_taught(analyzer)


def test_seeds_and_their_average_are_told_apart_and_the_best_by_development_is_taken(tuned):
    _, metadata = tuned
    losses = metadata["development_log_loss"]
    assert set(losses) == {"seed 0", "seed 1", "average of the seeds"}
    assert losses[metadata["chosen"]] == min(losses.values())
    assert set(metadata["test"]) == {"talk", "talk, in context", "reviews"}
    assert metadata["test"]["talk"]["emotions"]["as written"]["recalls"]["joy"] > 0.9
    assert set(metadata["test"]["reviews"]["polarity"]) == {"as written"}
    assert metadata["context_utterances"] == 2


def test_the_card_says_how_good_on_what_and_with_which_licence(tuned):
    file, metadata = tuned
    text = file.with_suffix(".md").read_text()
    assert "rank 4" in text
    figure = 100 * metadata["test"]["talk"]["polarity"]["plain"]["weighted_f1"]
    assert (
        f"| weighted F1 | {100 * metadata['test']['talk']['emotions']['as written']['weighted_f1']:.1f} ("
        in text
    )
    assert f"{figure:.1f} (" in text
    assert "| talk | 240 | of your own |" in text
    assert "RoBERTa" not in text


def test_a_finished_training_is_not_trained_again_and_gives_the_same_bytes(folder, tuned, monkeypatch):
    file, _ = tuned
    before = file.read_bytes()
    monkeypatch.setattr(
        "live_sentiment.training.tasks.text_steps.StageRun.learn", lambda *_: pytest.fail("trained again")
    )
    tune(folder, file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--reference", "reviews"), "'reviews' needs a train set with emotions and sentiment"),
        (("--reference", "meld"), "'meld' needs a train set"),
        (("--seeds", "0"), "--seeds takes a number from 1 on"),
        (("--output", "head.pt"), "--output takes a .safetensors file"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(folder, tmp_path, capsys, more, message):
    assert train(folder, tmp_path / "head.safetensors", *more) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("*.safetensors"))
