"""What the soak run makes of what it has seen."""

from bench import soak
from bench.soak import Look

MEBIBYTE = 2**20


def looks(*, main=lambda done: 100, files=lambda done: 10):
    """Return a look after every tenth of 800 renders: Snakemake's memory in MiB and open files as functions of them."""
    size = [(done, (main(done) * MEBIBYTE, files(done))) for done in range(10, 801, 10)]
    return [Look(seconds=done, done=done, main=each, pool=each, workers=each) for done, each in size]


STEADY = [float(number) for number in range(800)]


def test_a_steady_run_has_grown_nowhere():
    rows = soak.parts(looks(), STEADY)

    assert len(rows) == soak.PARTS
    assert {round(rate) for _, rate in rows} == {60}
    assert soak.grown(rows) == []


def test_a_leak_is_named():
    rows = soak.parts(looks(main=lambda done: 100 + done // 4), STEADY)

    assert soak.grown(rows)[0] == "memory of main: 150 to 300 MiB"


def test_open_files_that_pile_up_are_named():
    rows = soak.parts(looks(files=lambda done: done // 10), STEADY)

    assert "open files of pool: 20 to 80" in soak.grown(rows)


def test_a_run_that_slows_down_is_named():
    rows = soak.parts(looks(), [number**1.5 for number in range(800)])

    assert [problem.split(":")[0] for problem in soak.grown(rows)] == ["rate"]
