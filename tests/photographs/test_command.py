import subprocess
import sys

from pipeline.results import layout, photographs
from tests.photographs.test_folder import save


def run(tmp_path, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pipeline.photographs", "--results", str(tmp_path / "results"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_lists_a_folder_and_what_it_left_out(tmp_path):
    save(tmp_path / "pictures" / "a.jpg", 0)
    (tmp_path / "pictures" / "b.jpg").touch()

    done = run(tmp_path, "--folder", str(tmp_path / "pictures"))

    path = layout.photograph_files(tmp_path / "results")
    assert done.stdout == (
        f"left out: b.jpg: no picture that can be read (of no known kind)\n{path}: one photograph, one file left out\n"
    )
    listed = photographs.read_files(path)
    assert photographs.original(tmp_path / "results", listed, 0) == tmp_path / "pictures" / "a.jpg"


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    done = run(tmp_path, "--folder", str(tmp_path / "nowhere"))

    assert (done.returncode, done.stderr) == (1, f"error: {tmp_path}/nowhere: no such folder\n")
