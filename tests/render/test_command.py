import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import errors
from pipeline.render import __main__ as command

QUICK = '{"steps": 3, "snapshots": [0], "jitter_px": 4}'


@pytest.fixture
def arguments(keras_file, keras_weights_file, tmp_path) -> dict[str, str]:
    """Return options, by name, of a render that takes a moment."""
    return {
        "--model": str(keras_file),
        "--preprocessing": "unit",
        "--weights": str(keras_weights_file),
        "--layer": "second",
        "--filter": "5",
        "--canvas": "32",
        "--precision": "float32",
        "--recipe": QUICK,
        "--output": str(tmp_path / "out" / "x.png"),
    }


def flat(options: dict[str, str]) -> list[str]:
    return [word for option in options.items() for word in option]


def run_here(options: dict[str, str], monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["render", *flat(options)])
    errors.run(command.main)


def files_of(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_two_processes_give_the_same_bytes_from_any_directory(arguments, tmp_path, monkeypatch, repository):
    run_here(arguments, monkeypatch)
    here = files_of(tmp_path / "out")
    (tmp_path / "elsewhere").mkdir()

    done = subprocess.run(
        [sys.executable, "-m", "pipeline.render", *flat(arguments | {"--output": "y/x.png"})],
        cwd=tmp_path / "elsewhere",
        env=os.environ | {"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert files_of(tmp_path / "elsewhere" / "y") == here
    assert here.keys() == {"x.png", "x.json", "x.snapshots.webp"}
    assert len(json.loads(here["x.json"])["activations"]) == 4


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--layer", "secnd", "did you mean second?"),
        ("--filter", "6", "second has no filter 6: its filters are 0 to 5"),
        ("--canvas", "1", "image_size: 1 is "),
        ("--recipe", '{"stepz": 3}', "recipe: unknown key 'stepz'; did you mean steps?"),
        ("--weights", "missing.npz", "missing.npz: no such file"),
        ("--output", "x.jpg", "the picture is a PNG file"),
        ("--animate", "x.mp4", "--animate: x.mp4: give it a name that ends in .webp or .gif"),
        ("--every", "0", "--every: 0: steps from one frame to the next"),
        ("--output", "/proc/version/x.png", "/proc/version"),
        ("--output", "/proc/nowhere/x.png", "/proc/nowhere"),
        ("--model", "missing.keras", "model: missing.keras: no such file"),
        ("--preprocessing", "unti", "did you mean unit?"),
        ("--seed", "-1", "seed: -1 is out of bounds"),
    ],
)
def test_a_mistake_is_one_line_and_no_file(arguments, tmp_path, monkeypatch, option, value, message):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as caught:
        run_here(arguments | {option: value}, monkeypatch)

    assert caught.value.code.startswith("error: ")
    assert message in caught.value.code
    assert "\n" not in caught.value.code
    assert list(tmp_path.iterdir()) == []


def test_an_animation_is_written_and_the_same_at_every_run(arguments, tmp_path, monkeypatch):
    for name in ("a.webp", "b.webp", "c.gif"):
        run_here(arguments | {"--animate": str(tmp_path / name), "--every": "2"}, monkeypatch)

    made = files_of(tmp_path / "out")
    assert sorted(made) == ["x.json", "x.png", "x.snapshots.webp"]
    assert (tmp_path / "a.webp").read_bytes() == (tmp_path / "b.webp").read_bytes()
    assert (tmp_path / "c.gif").read_bytes().startswith(b"GIF89a")


def test_help_comes_without_tensorflow_and_shows_an_example(repository):
    script = (
        "import sys; sys.argv = ['render', '--help']\nfrom pipeline.render import __main__ as command\n"
        "try:\n    command.main()\nfinally:\n    print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=repository, capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert "Example: python -m pipeline.render" in done.stdout
    assert done.stdout.endswith("False\n")
