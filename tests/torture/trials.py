"""Runs many small trials in a process of their own, and notices those that raise, are slow or need much memory."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from samples.untrusted import CONTROL

from pulumi_poetry_layer.errors import PoetryLayerError
from torture.ledger import Ledger

MOST_SECONDS = 5.0
"""Processor time that one trial may take."""

MOST_MEMORY = 200 << 20
"""Bytes of memory that the process may have."""

LONGEST_MESSAGE = 100_000
"""Characters of an error message."""

_LITTLE_MEMORY = 32 << 20  # bytes
_HANGS = 90.0  # seconds without an answer, after which a trial does not end
_ADDRESS_SPACE = 8 << 30  # bytes; so that a finding does not stop the machine

Trial = Callable[[int, Random], str]
"""Tries one input, by its number or from random numbers, and returns what happened. An error of the package is a
refusal.
"""


def run_trials(
    ledger: Ledger, trial: Trial, seed: str, until: float, *, numbers: range, describe: Callable[[int], str] = str
) -> None:
    """Run trials until a time of the monotonic clock.

    Args:
        ledger: where to note what happened.
        trial: the trial.
        seed: the seed; with the number of a trial, it decides what is tried.
        until: when to stop.
        numbers: the numbers of the trials.
        describe: what a number stands for, for findings.
    """
    number = numbers.start
    context = multiprocessing.get_context("fork")
    while number in numbers and time.monotonic() < until:
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(
            target=_run, args=(trial, f"{seed}/{ledger.name}", range(number, numbers.stop), until, sender), daemon=True
        )
        process.start()
        sender.close()
        number = _listen(ledger, receiver, number, describe)
        if process.is_alive() and number >= 0:
            process.kill()
        process.join()
        if number < 0:
            return


def _listen(ledger: Ledger, receiver: Connection, number: int, describe: Callable[[int], str]) -> int:
    """Note what a process reports. Return the number of the trial to continue with, -1 if all are done."""
    while True:
        if not receiver.poll(_HANGS):
            ledger.find(f"{ledger.name} {describe(number)}: no end after {_HANGS:.0f} seconds")
            return number + 1
        try:
            outcome, finding = receiver.recv()
        except EOFError:
            ledger.find(f"{ledger.name} {describe(number)}: the process has died")
            return number + 1
        if outcome == "":
            return -1
        if finding:
            ledger.find(f"{ledger.name} {describe(number)}: {finding}")
            if finding.startswith("memory"):  # the peak of a process never falls
                return number + 1
        else:
            ledger.add(outcome)
        number += 1


def _run(trial: Trial, seed: str, numbers: range, until: float, sender: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    for number in numbers:
        if time.monotonic() > until:
            break
        sender.send(_tried(trial, number, Random(f"{seed}/{number}")))
    sender.send(("", ""))


def _tried(trial: Trial, number: int, random: Random) -> tuple[str, str]:
    """What happened, and what must not have happened."""
    started, before = time.process_time(), _peak()
    outcome, finding = "refused", ""
    try:
        outcome = trial(number, random)
    except PoetryLayerError as error:
        text = str(error)
        if CONTROL.search(text):
            finding = f"a control character in the message {text!r}"
        elif len(text) > LONGEST_MESSAGE:
            finding = f"a message of {len(text)} characters: {text[:200]}"
    except BaseException as error:  # everything else is a finding
        finding = f"{_place(error)}{type(error).__name__}: {str(error)[:300]}"
    seconds = time.process_time() - started
    if not finding and seconds > MOST_SECONDS:
        finding = f"{seconds:.1f} seconds of processor time"
    # The process that it was forked from may need more already, such as one that has run other tests.
    if not finding and _peak() > (MOST_MEMORY if before < MOST_MEMORY else before + _LITTLE_MEMORY):
        finding = f"memory: {_peak() >> 20} MB"
    return outcome, finding


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "pulumi_poetry_layer" in Path(frame.filename).parts]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno} " if own else ""


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10
