"""A real Slurm of one node, all of it under one folder of its own, for as long as a test needs it."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMANDS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "sinfo", "squeue")
# For the node to say that it is idle, and for a daemon to end: both take about a second.
READY_SECONDS = 30
LOOK_SECONDS = 0.1

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobs.log
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=100
SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0
EnforcePartLimits=ALL
ReturnToService=2
MinJobAge=600
KillWait=2
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory={memory_mb} State=UNKNOWN
PartitionName=main Nodes=n1 Default=YES MaxTime=INFINITE State=UP
"""

# Jobs start `srun` without the variable that says where this cluster's configuration is.
SRUN = """\
#!/bin/sh
SLURM_CONF={folder}/slurm.conf exec {srun} "$@"
"""


@dataclass(frozen=True)
class Cluster:
    """A running cluster, and the environment in which its commands and jobs find it."""

    folder: Path
    environment: Mapping[str, str]

    def call(self, *command: str | Path, **options) -> str:
        """Run one of Slurm's commands; return what it prints."""
        run = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True, **options)
        return run.stdout.strip()

    def finished_jobs(self) -> list[dict[str, str]]:
        """Return what Slurm's own log says of each job that has ended, by key."""
        log = self.folder / "jobs.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [dict(part.split("=", 1) for part in line.split() if "=" in part) for line in lines]


def why_not() -> str:
    """Return why no cluster can be started here, or nothing if one can."""
    missing = [command for command in COMMANDS if not shutil.which(command)]
    if missing:
        return f"no {', '.join(missing)}: apt-get install slurm-wlm munge"
    return "" if os.getuid() == 0 else "Slurm's daemons are started by root alone"


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """Yield a cluster in an empty folder with a short path; end it, and all its jobs, after."""
    host = socket.gethostname().split(".")[0]
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    configuration = CONFIGURATION.format(
        folder=folder,
        host=host,
        controller_port=_free_port(),
        node_port=_free_port(),
        memory_mb=int(0.9 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20),
    )
    (folder / "slurm.conf").write_text(configuration)
    srun = folder / "bin/srun"
    srun.write_text(SRUN.format(folder=folder, srun=shutil.which("srun")))
    srun.chmod(0o755)
    paths = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    cluster = Cluster(folder, os.environ | paths)
    try:
        munge = [f"--{name}-file={folder / file}" for name, file in (("key", "munge.key"), ("pid", "munged.pid"))]
        munge += [f"--log-file={folder / 'munged.log'}", f"--seed-file={folder / 'munged.seed'}"]
        cluster.call("munged", "--force", f"--socket={folder / 'munge.socket'}", *munge)
        cluster.call("slurmctld", "-f", folder / "slurm.conf")
        cluster.call("slurmd", "-N", "n1", "-f", folder / "slurm.conf")
        _wait(lambda: cluster.call("sinfo", "-h", "-n", "n1", "-o", "%t") == "idle", f"no idle node: {folder}")
        yield cluster
    finally:
        if (folder / "slurmctld.pid").exists():
            subprocess.run(["scancel", "--user=root"], env=cluster.environment, capture_output=True)
            _wait(lambda: not cluster.call("squeue", "-h"), "jobs that do not end")
        for name in ("slurmd", "slurmctld", "munged"):
            _end(folder / f"{name}.pid")


def _end(pid_file: Path) -> None:
    if pid_file.exists():
        pid = int(pid_file.read_text())
        os.kill(pid, signal.SIGTERM)
        _wait(lambda: not Path(f"/proc/{pid}").exists(), f"{pid_file.stem} does not end")


def _wait(is_so, message: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(message)
        time.sleep(LOOK_SECONDS)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
