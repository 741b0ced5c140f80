import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.files import PROJECT
from pipeline.network import catalogue
from pipeline.weights import store


@pytest.fixture(scope="module")
def model(tmp_path_factory, keras) -> Path:
    keras.utils.set_random_seed(1)
    layers = [keras.Input((16, 16, 3)), keras.layers.Conv2D(4, 3, name="one"), keras.layers.Conv2D(2, 3, name="two")]
    path = tmp_path_factory.mktemp("model") / "mine.keras"
    keras.Sequential(layers).save(path)
    return path


def command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.weights", *map(str, arguments)],
        cwd=PROJECT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_keras_model_brings_its_own_weights(tmp_path, model):
    common = ("--model", model, "--preprocessing", "unit", "--output")

    own = command(*common, tmp_path / "own.npz", "--weights", "model")
    path = command(*common, tmp_path / "path.npz", "--weights", model)

    assert (own.returncode, path.returncode) == (0, 0), own.stderr + path.stderr
    loaded, by_path = store.load(tmp_path / "own.npz"), store.load(tmp_path / "path.npz")
    assert (loaded.sha256, loaded.source) == (by_path.sha256, by_path.source)
    assert (set(loaded.contents), set(by_path.contents)) == ({"model"}, {"model", "weights"})
    assert list(loaded.tensors) == ["one/kernel", "one/bias", "two/kernel", "two/bias"]
    assert loaded.sha256 in own.stdout


def test_the_file_that_it_wrote_is_itself_a_source_with_the_same_digest(tmp_path, model):
    common = ("--model", model, "--preprocessing", "unit", "--output")
    command(*common, tmp_path / "own.npz", "--weights", "model")
    again = command(*common, tmp_path / "again.npz", "--weights", tmp_path / "own.npz")

    assert again.returncode == 0, again.stderr
    assert store.load(tmp_path / "again.npz").sha256 == store.load(tmp_path / "own.npz").sha256


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--weights", "nowhere.h5"], "weights: nowhere.h5: no such file"),
        (["--weights", "model"], "say imagenet"),
        (["--model", "vg16"], "did you mean vgg16?"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_file(tmp_path, arguments, complaint):
    done = command("--output", tmp_path / "out" / "w.npz", *arguments)

    assert done.returncode == 1
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_imagenet_weights_are_not_offered_for_a_model_of_ones_own(tmp_path, model):
    done = command("--model", model, "--preprocessing", "unit", "--output", tmp_path / "w.npz")
    assert done.returncode == 1
    assert "imagenet is known for named networks only" in done.stderr


def test_a_file_that_cannot_be_written_to_its_end_is_not_left_half(tmp_path, model):
    # A limit on the size of files stands in for a full disk: the first bytes are written, the last are not.
    code = (
        "import resource, signal; from pipeline import errors; from pipeline.weights import __main__ as command;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500));"
        "errors.run(command.main)"
    )
    path = tmp_path / "w.npz"
    shapes = catalogue.load(str(model), "unit").parameters
    np.savez(path, **{name: np.ones(shape) for name, shape in shapes.items()})
    arguments = ["--model", str(model), "--preprocessing", "unit", "--weights", str(path)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--output", str(tmp_path / "out" / "w.npz")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "error: file too large\n"
    assert list((tmp_path / "out").iterdir()) == []


def test_neither_tensorflow_nor_keras_is_imported():
    code = "import sys, pipeline.weights.__main__; print({'tensorflow', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
