import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import rate_limiter

SNAKEFILE = """
import threading
from pathlib import Path
from pipeline import rate_limiter
onstart:
    rate_limiter.disarm(workflow) if config["disarm"] else None
onsuccess:
    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    Path("timers").write_text(str(len(timers)))
rule all:
    input: expand("{number}", number=range(3))
rule one:
    output: "{number}"
    shell: "touch {output}"
"""


@pytest.mark.parametrize("disarm", [True, False], ids=["disarmed", "as it is"])
def test_only_without_the_limiter_are_there_no_timers(tmp_path, repository, disarm):
    # Where it fails "as it is", Snakemake has mended it, and the cure can go; else Snakemake has changed under it.
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--config", f"disarm={disarm}"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(repository)},
        check=True,
        capture_output=True,
    )

    timers = int(Path(tmp_path, "timers").read_text())

    assert (timers == 0) == disarm


def test_jobs_of_a_cluster_stay_limited():
    scheduler = SimpleNamespace(job_rate_limiter="100 a second")

    rate_limiter.disarm(SimpleNamespace(local_exec=False, scheduler=scheduler))

    assert scheduler.job_rate_limiter == "100 a second"


def test_a_snakemake_without_the_limiter_is_left_alone():
    scheduler = SimpleNamespace()

    rate_limiter.disarm(SimpleNamespace(local_exec=True, scheduler=scheduler))

    assert vars(scheduler) == {}
