"""CMU-MOSI as utterance features in the split of Poria et al. (ACL 2017), with binary labels.

The text and video features were evidently fitted on the labels of its training part: a validation set carved
from that says nothing. Hyper-parameters are to be fixed beforehand, and several seeds reported. Most of the
standard split's test utterances are in this training part, so that the two never mix.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.training.data.corpora.finding import find, finished, no_corpus
from live_sentiment.training.data.labels import polarity
from live_sentiment.training.data.samples import Corpus, Sample, Split

FILE = "mosi_acl17_utterance_features.npz"
ARRAYS: dict[Modality, str] = {"text": "text", "voice": "audio", "vision": "video"}
"""What the file calls the modalities."""

_SPLITS: tuple[Split, ...] = ("train", "test")


def read_mosi_acl17(folder: Path) -> Corpus:
    """One embedding per modality and utterance: text 100, voice 73, vision 100 wide.

    Raises:
        UsageError: it is not there, or its arrays do not fit together.
    """
    expected = f"{FILE} (text_train, audio_train, video_train, label_train, video_id_train, and for test)"
    place = find(folder, ("mosi", "cmumosi"), lambda path: (path / FILE).is_file())
    if place is None:
        raise no_corpus("CMU-MOSI, ACL 2017 split", folder, expected)
    samples = []
    try:
        with np.load(place / FILE, allow_pickle=False) as arrays:
            for split in _SPLITS:
                features = {name: arrays[f"{ARRAYS[name]}_{split}"].astype(np.float32) for name in MODALITIES}
                labels, videos = arrays[f"label_{split}"], arrays[f"video_id_{split}"]
                if len({len(labels), len(videos), *map(len, features.values())}) != 1:
                    raise ValueError(f"arrays of different lengths in {split}")
                samples += [
                    Sample(
                        key=f"{split}/{row}",
                        split=split,
                        speaker=str(videos[row]),
                        features={name: table[row : row + 1] for name, table in features.items()},
                        polarity=polarity("positive" if labels[row] else "negative"),
                    )
                    for row in range(len(labels))
                ]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"cannot read {place / FILE}: {error}") from error
    note = "features fitted on the train labels: no validation can be carved from train"
    return finished(Corpus("CMU-MOSI, ACL 2017 split", "research use", samples, notes=(note,)), expected)
