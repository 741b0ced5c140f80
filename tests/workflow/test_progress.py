import io
import logging
from collections import deque
from datetime import datetime
from types import SimpleNamespace

import pytest
from snakemake.logging import DefaultFilter, logger
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from pipeline.workflow import progress
from tests.support.terminal import Terminal

NOW = datetime(2026, 3, 2, 13, 0)


def a_line(**changes) -> str:
    values = {"done": 120, "total": 4224, "steps_done": 0, "steps": 41, "rate": (38.4, 384), "left": 41040, "now": NOW}
    return progress.format_line(**(values | changes))


@pytest.fixture
def show():
    """Return a function that lets Snakemake log to a stream, with the line of three filters and one step more."""
    handlers = list(logger.handlers)
    level = logger.level

    def show(stream: io.StringIO, **settings) -> logging.Logger:
        usual = logging.StreamHandler(stream)
        usual.name = progress.STREAM_HANDLER
        usual.addFilter(
            DefaultFilter({Quietness.RULES}, debug_dag=False, verbose=False, dryrun=False, printshellcmds=False)
        )
        logger.handlers[:] = [usual]
        logger.setLevel(logging.INFO)
        rules = ["render", "render", "render", "site"]
        jobs = [
            SimpleNamespace(jobid=number, rule=SimpleNamespace(name=name), wildcards=SimpleNamespace(layer="deep"))
            for number, name in enumerate(rules)
        ]
        output = {"quiet": {Quietness.RULES}, "verbose": False, "printshellcmds": False} | settings
        progress.show_for(
            SimpleNamespace(
                is_main_process=True,
                output_settings=SimpleNamespace(**output),
                dag=SimpleNamespace(needrun_jobs=lambda: iter(jobs)),
            ),
            {"render"},
            {"render": {"deep": 4.0}, "site": {"deep": 1.0}},
        )
        return logger

    yield show
    logger.handlers[:] = handlers
    logger.setLevel(level)


def finish(log: logging.Logger, *jobs: int) -> None:
    for job in jobs:
        log.info(f"Finished jobid: {job}", extra={"event": LogEvent.JOB_FINISHED, "job_id": job})


def test_the_line_says_how_many_how_fast_and_until_when():
    assert a_line() == "120 of 4,224 filters; 38 a minute, until 14:46"


def test_an_end_on_another_day_names_the_day():
    assert a_line(rate=(2.55, 25.5)) == "120 of 4,224 filters; 2.5 a minute, until Tue 15:49"


def test_no_end_is_named_before_there_is_a_rate():
    assert a_line(done=0, rate=None) == "0 of 4,224 filters"


def test_after_the_filters_the_other_steps_count():
    assert a_line(done=4224, steps_done=3, left=0) == "4,224 of 4,224 filters; 3 of 41 other steps"


def test_a_run_that_renders_nothing_counts_its_steps():
    assert a_line(done=0, total=0, steps_done=1, steps=2, left=0) == "1 of 2 other steps"


def test_the_rate_is_that_of_late():
    finishes = deque([(0.0, 1, 9.0), (1.0, 1, 9.0), (900.0, 1, 9.0), (910.0, 1, 1.0), (930.0, 1, 4.0)])

    assert progress.rates_per_minute(finishes, now=960.0) == (2, 5)
    assert finishes[0] == (900.0, 1, 9.0)


def test_what_is_no_filter_adds_work_alone():
    finishes = deque([(0.0, 1, 9.0), (10.0, 1, 1.0), (30.0, 0, 4.0)])

    assert progress.rates_per_minute(finishes, now=60.0) == (1, 5)


@pytest.mark.parametrize("finishes", [[], [5.0], [5.0, 5.1, 20.0]])
def test_there_is_no_rate_before_there_is_enough_to_tell(finishes):
    assert progress.rates_per_minute(deque((time, 1, 1.0) for time in finishes), now=34.0) is None


def test_the_start_of_workers_does_not_count():
    # Two workers start for a minute, and then take ten seconds for a filter.
    finishes = deque((time, 1, 1.0) for time in (60.0, 61.0, 70.0, 71.0, 80.0, 81.0, 90.0, 91.0, 100.0))

    assert progress.rates_per_minute(finishes, now=100.0) == (12, 12)


def test_the_end_goes_by_the_work_that_is_left():
    line = a_line(done=2, total=12, rate=(6.0, 24.0), left=240.0)

    assert line == "2 of 12 filters; 6.0 a minute, until 13:10"


def test_the_end_is_named_as_long_as_there_is_work_of_any_kind():
    assert a_line(done=12, total=12, steps_done=3, left=384.0) == "12 of 12 filters; until 13:01; 3 of 41 other steps"
    assert a_line(total=0, done=0, steps_done=3, left=384.0) == "3 of 41 other steps; until 13:01"
    assert a_line(done=0, total=12, rate=(0.0, 24.0), left=240.0) == "0 of 12 filters; until 13:10"


def test_on_a_terminal_the_line_changes_in_place(show):
    terminal = Terminal()

    finish(show(terminal), 0, 1)

    first, second = terminal.getvalue().split(progress.ERASE_LINE)
    assert first.startswith("1 of 3 filters")
    assert second.startswith("2 of 3 filters")
    assert "\n" not in terminal.getvalue()


def test_a_message_stands_above_the_line(show):
    terminal = Terminal()
    log = show(terminal)

    finish(log, 0)
    log.warning("disk nearly full")

    assert f"{progress.ERASE_LINE}disk nearly full\n1 of 3 filters" in terminal.getvalue()


def test_messages_about_single_jobs_are_left_out(show):
    terminal = Terminal()
    log = show(terminal)

    log.info("Select jobs to execute...")
    log.info("Execute 2 jobs...", extra={"event": LogEvent.JOB_STARTED, "jobs": [1]})
    log.info(None, extra={"event": LogEvent.PROGRESS, "done": 1, "total": 4})

    assert terminal.getvalue() == ""


def test_a_failed_job_is_shown(show):
    terminal = Terminal()

    show(terminal).error("Error in rule render", extra={"event": LogEvent.JOB_ERROR})

    assert terminal.getvalue() == "Error in rule render\n"


def test_in_a_log_the_line_comes_now_and_then_and_last(show, monkeypatch):
    stream = io.StringIO()
    clock = iter([0.0, 10.0, 70.0, 80.0, 90.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))

    finish(show(stream), 0, 1, 2, 3)

    second, last = stream.getvalue().splitlines()
    assert second.startswith("2 of 3 filters")
    assert last == "3 of 3 filters; 1 of 1 other steps"


@pytest.mark.parametrize("settings", [{"verbose": True}, {"printshellcmds": True}, {"quiet": {Quietness.PROGRESS}}])
def test_who_wants_snakemakes_own_messages_gets_them(show, settings):
    assert not any(isinstance(one, progress.ProgressHandler) for one in show(Terminal(), **settings).handlers)


@pytest.mark.parametrize(("rules", "printed"), [(["render", "quality"], "the table\n"), (["render"], "")])
def test_a_table_is_told_only_where_the_run_was_asked_for_it(show, tmp_path, rules, printed):
    stream = io.StringIO()
    show(stream)
    (tmp_path / "quality.txt").write_text("the table\n")
    jobs = [SimpleNamespace(rule=SimpleNamespace(name=name)) for name in rules]

    progress.tell(SimpleNamespace(dag=SimpleNamespace(jobs=jobs)), "quality", str(tmp_path / "quality.txt"))

    assert stream.getvalue() == printed


def test_a_jobs_work_is_found_by_its_rule_and_its_layer_or_share():
    work = {"scan": {"1": 5.0}, "trust": {"deep": 3.0}, "tuning": {"": 2.0}}

    def work_of(rule: str, **wildcards: str) -> float:
        job = SimpleNamespace(rule=SimpleNamespace(name=rule), wildcards=SimpleNamespace(**wildcards))
        return progress._work_of(job, work)

    assert [work_of("scan", share="1"), work_of("trust", layer="deep"), work_of("tuning")] == [5, 3, 2]
    assert [work_of("scan", share="2"), work_of("site"), work_of("mosaic", layer="deep")] == [0, 0, 0]
