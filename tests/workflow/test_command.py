import sys

import pytest

from pipeline import files
from pipeline.errors import UserError
from pipeline.workflow import command


def test_it_is_snakemake_with_this_workflow_and_all_of_its_options():
    line = command.command(["--configfile", "my own.yaml", "-n"])

    assert line[:4] == [sys.executable, "-P", "-m", "snakemake"]
    assert line[line.index("--snakefile") + 1] == str(files.PROJECT / "Snakefile")
    assert line[-3:] == ["--configfile", "my own.yaml", "-n"]


@pytest.mark.parametrize(
    "options",
    [
        ["--cores", "2"],
        ["--cores=2"],
        ["-c2"],
        ["-j", "8"],
        ["--jobs=8"],
        ["--executor", "slurm"],
        ["--profile", "mine"],
    ],
    ids=" ".join,
)
def test_cores_are_named_where_the_user_does_not_say_how_many(options):
    assert "all" not in command.command(options)
    assert command.command(["-n"])[-3:] == ["--cores", "all", "-n"]


def test_a_package_without_its_workflow_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "PROJECT", tmp_path)

    with pytest.raises(UserError, match="install the package again"):
        command.command([])


def test_files_of_the_user_are_read_before_snakemake_reads_them(tmp_path):
    binary, empty, right = (tmp_path / name for name in ("binary.yaml", "empty.yaml", "right.yaml"))
    binary.write_bytes(b"\x00\x01\xff")
    empty.touch()
    right.write_text("seed: 1\n")

    command.check_files(["-n", "--configfile", str(right), "--config", "seed=2", "-c2"])
    with pytest.raises(UserError) as caught:
        command.check_files(["--configfile", str(right), str(binary), str(empty), "--cores", "2"])

    assert str(caught.value).splitlines() == [
        f"{binary}: byte 2 is not UTF-8; save it in that encoding",
        f"{empty}: empty; give at least one key, such as `filters: preview`",
    ]
