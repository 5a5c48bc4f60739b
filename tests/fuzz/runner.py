"""Runs many cases of the command, each in a process of its own, and reports which of them end badly.

A case ends badly with a traceback, a crash, a hang, too much memory, an exit code that no command has, or an
error of which nothing was said. The same seed gives the same cases. A fuzzer is a module with a function that
makes them:

    def cases(seed: int, count: int) -> Iterator[Case]: ...

    if __name__ == "__main__":
        sys.exit(main(cases, count=300))

and runs as `python -m tests.fuzz.NAME [--count N] [--seed N] [--only N] [--keep DIR]` from the repository.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

MEMORY_BYTES = 1_500_000_000
"""Resident memory that no case may exceed."""
DANGEROUS_BYTES = 2 * MEMORY_BYTES
"""Above this a case is ended, for the sake of the machine."""
LIMIT_S = 120.0
"""Time after which a case counts as hung, on a machine that does other work as well."""
POLL_S = 0.02
EXIT_CODES = {0, 1, 2}
MARKS = ("Traceback (most recent call last)", "Exception ignored in", "Fatal Python error")
"""What a user must never see."""


@dataclass(frozen=True)
class Case:
    """One run of the command in an empty folder of its own."""

    name: str
    """What is odd about it, for the table."""
    prepare: Callable[[Path], Sequence[str]]
    """Makes the files in the folder that it is given, which is the current one; returns the arguments of
    `live-sentiment`. Runs in the process of the case."""
    check: Callable[[Finished], str | None] = lambda finished: None
    """What else is wrong with the result, in a few words; None is nothing."""


@dataclass(frozen=True)
class Finished:
    """What one case left behind."""

    folder: Path
    exit_code: int
    """Negative: the signal that ended it."""
    out: str
    err: str
    seconds: float
    peak_bytes: int
    hung: bool = False

    def fault(self) -> str | None:
        """What no run may do, in a few words; None is nothing of the kind."""
        crash = signal.Signals(-self.exit_code).name if self.exit_code < 0 else ""
        faults = {
            "hang": self.hung,
            f"memory: {self.peak_bytes / 1e6:.0f} MB": self.peak_bytes > MEMORY_BYTES,
            f"crash: {crash}": bool(crash),
            "traceback": any(mark in self.err or mark in self.out for mark in MARKS),
            f"exit code {self.exit_code}": self.exit_code not in EXIT_CODES,
            f"exit code {self.exit_code} without a word": self.exit_code and not self.err.strip(),
        }
        return next((fault for fault, found in faults.items() if found), None)


@dataclass(frozen=True)
class Finding:
    """A case that ended badly."""

    index: int
    case: Case
    fault: str
    finished: Finished


@dataclass
class _Running:
    index: int
    case: Case
    folder: Path
    began_s: float
    hung: bool = False


class Runner:
    """Runs cases, some at a time.

    The libraries are imported once, here, and every case is a fork of this process: that takes tenths of a
    second where a new interpreter takes seconds. Nothing may be computed before: threads do not survive it.

    Args:
        scratch: holds a folder for each running case, and for each that ended badly.
        jobs: how many run at a time.
        limit_s: time after which a case counts as hung.
    """

    def __init__(self, scratch: Path, *, jobs: int = 2, limit_s: float = LIMIT_S) -> None:
        self._scratch, self._jobs, self._limit_s = scratch, jobs, limit_s
        self._running: dict[int, _Running] = {}
        self.counts: Counter[str] = Counter()
        """How many cases ended in which way."""
        self.slowest_s = 0.0
        self.peak_bytes = 0

    def run(self, cases: Iterable[tuple[int, Case]], *, until_s: float) -> Iterator[Finding]:
        """Run numbered cases and yield what is found; none begins after `until_s` of the monotonic clock."""
        try:
            for index, case in cases:
                if time.monotonic() > until_s:
                    self.counts["not begun"] += 1
                    continue
                while len(self._running) >= self._jobs:
                    yield from self._reap()
                self._begin(index, case)
            while self._running:
                yield from self._reap()
        finally:
            for pid in self._running:
                _kill(pid)

    def _begin(self, index: int, case: Case) -> None:
        folder = self._scratch / f"{index:05d}"
        (folder / "work").mkdir(parents=True)
        pid = os.fork()
        if pid == 0:
            _be(case, folder)
        self._running[pid] = _Running(index, case, folder, time.monotonic())

    def _reap(self) -> Iterator[Finding]:
        """Wait a little; judge what has ended, and end what takes too much."""
        time.sleep(POLL_S)
        for pid, running in list(self._running.items()):
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if not ended:
                self._bound(pid, running)
                continue
            _kill(pid)
            del self._running[pid]
            finished = _finished(running, os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)
            self.slowest_s = max(self.slowest_s, finished.seconds)
            self.peak_bytes = max(self.peak_bytes, finished.peak_bytes)
            fault = finished.fault() or running.case.check(finished)
            if fault is None:
                self.counts["done" if finished.exit_code == 0 else f"refused, {finished.exit_code}"] += 1
                shutil.rmtree(running.folder)
            else:
                self.counts["ended badly"] += 1
                yield Finding(running.index, running.case, fault, finished)

    def _bound(self, pid: int, running: _Running) -> None:
        with contextlib.suppress(psutil.Error):
            if psutil.Process(pid).memory_info().rss > DANGEROUS_BYTES:
                _kill(pid)
        late_s = time.monotonic() - running.began_s - self._limit_s
        if late_s > 0 and not running.hung:
            running.hung = True
            # Says where every thread is.
            os.kill(pid, signal.SIGUSR1)
        elif late_s > 1:
            _kill(pid)


def _be(case: Case, folder: Path) -> None:
    """The process of one case, from its first breath to its end."""
    code = 70
    try:
        os.setsid()
        for number, name in ((0, os.devnull), (1, folder / "out"), (2, folder / "err")):
            opened = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
            os.dup2(opened, number)
            os.close(opened)
        faulthandler.enable(file=2)
        faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
        os.chdir(folder / "work")
        from live_sentiment.__main__ import main as program

        try:
            sys.argv[1:] = case.prepare(folder / "work")
            code = program()
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
        # As the interpreter does it before it ends.
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _kill(pid: int) -> None:
    """End a case and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _finished(running: _Running, exit_code: int, peak_bytes: int) -> Finished:
    out, err = ((running.folder / name).read_text("utf-8", "replace") for name in ("out", "err"))
    seconds = time.monotonic() - running.began_s
    return Finished(running.folder / "work", exit_code, out, err, seconds, peak_bytes, running.hung)


def _summary(runner: Runner, seconds: float) -> str:
    ways = ", ".join(f"{count} {way}" for way, count in sorted(runner.counts.items()))
    most = f"slowest {runner.slowest_s:.1f} s, {runner.peak_bytes / 1e6:.0f} MB at most"
    return f"{runner.counts.total()} cases in {seconds:.0f} s: {ways}; {most}"


def _table(findings: Sequence[Finding]) -> Table:
    table = Table()
    for column in ("number", "case", "what", "last line"):
        table.add_column(column)
    for finding in findings:
        last = (finding.finished.err.strip().splitlines() or [""])[-1]
        table.add_row(str(finding.index), ascii(finding.case.name), finding.fault, ascii(last))
    return table


def main(
    cases: Callable[[int, int], Iterable[Case]],
    *,
    count: int,
    preload: Sequence[str] = (
        "live_sentiment.runtime.file_session",
        "live_sentiment.runtime.stages",
        "torch",
        "rich.table",
    ),
) -> int:
    """The command of a fuzzer; the exit code is 1 if anything was found.

    Args:
        cases: makes `count` cases from a seed.
        count: how many, where the command line does not say it.
        preload: modules that are imported before the cases are forked.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=count, help=f"cases; default: {count}")
    parser.add_argument("--seed", type=int, default=0, help="other cases; default: 0")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="one case of them, by its number")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at a time; default: 2")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds for one case")
    parser.add_argument("--seconds", type=float, default=3600.0, help="after so many none is begun any more")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the folders of what ended badly")
    options = parser.parse_args()
    for module in preload:
        import_module(module)

    numbered = enumerate(cases(options.seed, options.count))
    chosen = (one for one in numbered if options.only in {None, one[0]})
    scratch = Path(tempfile.mkdtemp(prefix="live-sentiment-fuzz-")) if options.keep is None else options.keep
    runner = Runner(scratch, jobs=options.jobs, limit_s=options.limit)
    console = Console(width=160)
    began_s = time.monotonic()
    findings: list[Finding] = []
    try:
        for finding in runner.run(chosen, until_s=began_s + options.seconds):
            findings.append(finding)
            console.print(f"{finding.index}: {finding.case.name!a}: {finding.fault}", markup=False)
            if options.only is not None:
                console.print(finding.finished.err, markup=False)
    finally:
        if options.keep is None:
            shutil.rmtree(scratch, ignore_errors=True)
    if findings:
        console.print(_table(findings))
    console.print(_summary(runner, time.monotonic() - began_s), markup=False)
    return int(bool(findings))
