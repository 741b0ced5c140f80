"""The campaign of hostile inputs: how many of each kind were tried, and how many of them held (`make attack`).

A test that is marked `hostile("model files")` tries inputs of that kind: a property test as many as it has examples,
any other one. An input holds where its test passes: it is taken for what it is or refused in one line, in time.
"""

import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pytest

# What takes longer hangs. The slowest input so far takes a third of that, on two busy cores.
SECONDS = 10
MARK = "hostile"


@dataclass
class Tally:
    """What became of the inputs of one kind: how many were tried, how many broke something, and what the slowest took,
    of those that are made up."""

    tried: int = 0
    broken: int = 0
    slowest_seconds: float = 0.0


tallies: dict[str, Tally] = {}
_counting: list[Tally] = []


def counted(test: Callable[..., Any]) -> Callable[..., Any]:
    """Return a test that counts each call as an input that is tried, and fails where one takes too long, twice."""

    @functools.wraps(test)
    def tried(*arguments: Any, **named: Any) -> Any:
        for _ in range(2):
            start = time.monotonic()
            result = test(*arguments, **named)
            seconds = time.monotonic() - start
            # A busy machine may stall once; what hangs does so again.
            if seconds < SECONDS:
                break
        _count(seconds)
        return result

    return tried


def _count(seconds: float) -> None:
    for tally in _counting:
        tally.tried += 1
        tally.slowest_seconds = max(tally.slowest_seconds, seconds)
    assert seconds < SECONDS, f"{seconds:.0f} s"


def table() -> str:
    """Return the tallies as a table in Markdown."""
    total = Tally(
        sum(each.tried for each in tallies.values()),
        sum(each.broken for each in tallies.values()),
        max((each.slowest_seconds for each in tallies.values()), default=0.0),
    )
    rows = [
        f"| {kind} | {each.tried:,} | {each.tried - each.broken:,} | {each.broken:,} | {_seconds(each)} |"
        for kind, each in [*sorted(tallies.items()), ("all", total)]
    ]
    return "\n".join(
        ["| kind of input | tried | held | broken | slowest of the fuzzed |", "|---|---|---|---|---|", *rows]
    )


def _seconds(tally: Tally) -> str:
    return f"{tally.slowest_seconds:.2f} s" if tally.slowest_seconds else "–"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Count what a marked test tries."""
    marker = item.get_closest_marker(MARK)
    if marker is None:
        return (yield)
    tally = tallies.setdefault(marker.args[0], Tally())
    before = tally.tried
    _counting[:] = [tally]
    try:
        return (yield)
    except Exception:
        tally.broken += 1
        # What breaks in a property test ends before it is counted.
        tally.tried += 1
        raise
    finally:
        _counting.clear()
        if tally.tried == before:
            tally.tried += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand on what this process has counted, where it is one of several."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[MARK] = {kind: asdict(tally) for kind, tally in tallies.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add up what another process has counted."""
    for kind, found in getattr(node, "workeroutput", {}).get(MARK, {}).items():
        tally, more = tallies.setdefault(kind, Tally()), Tally(**found)
        tally.tried += more.tried
        tally.broken += more.broken
        tally.slowest_seconds = max(tally.slowest_seconds, more.slowest_seconds)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table where the hostile tests were asked for."""
    if MARK in config.getoption("markexpr"):
        terminalreporter.write_line(f"\n{table()}\n")
