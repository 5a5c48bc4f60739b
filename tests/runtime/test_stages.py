"""Loading: where the libraries are imported."""

from __future__ import annotations

import subprocess
import sys

from live_sentiment.core.config import Config
from live_sentiment.models.store.store import ModelStore

LOAD = """
import sys, threading

on_a_thread = []
def look(event, arguments):
    if event == "import" and threading.current_thread() is not threading.main_thread():
        on_a_thread.append(arguments[0])
sys.addaudithook(look)

from live_sentiment.core.config import Config
from live_sentiment.runtime.stages import load_stages
from live_sentiment.models.store.store import ModelStore

config = Config()
load_stages(config, ModelStore(config.models), live=True)
print(len(sys.modules), on_a_thread)
"""


def test_loading_imports_nothing_on_a_thread_of_its_own(model_store: ModelStore) -> None:
    # Two threads that import a package and a module inside it for the first time wait for each other.
    for name in model_store.needed(Config().perception):
        model_store.pull(name)
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded, on_a_thread = done.stdout.split(maxsplit=1)
    assert int(loaded) > 1000
    assert on_a_thread.strip() == "[]"
