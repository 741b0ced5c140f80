"""The command `python -m pipeline.tuning`."""

import subprocess
import sys

from pipeline.files import PROJECT
from pipeline.results import layout, tuning
from pipeline.weights import store
from tests.support.networks import functional, tensors_of


def run(*arguments):
    command = [sys.executable, "-m", "pipeline.tuning", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_it_writes_a_document_for_each_layer_and_says_what_it_found(tmp_path):
    model, network = functional(lambda images, layers: layers.Conv2D(3, 3, activation="relu", name="conv")(images))
    tensors = tensors_of(model)
    store.save(tmp_path / "weights.npz", store.Weights(tensors, store.digest(tensors, tensors), "a test"))
    common = ("--model", network.model, "--preprocessing", "unit", "--weights", tmp_path / "weights.npz")

    done = run(*common, "--results", tmp_path, "--layers", "conv")

    path = layout.tuning(tmp_path, "conv")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{path}: 3 of 3 filters answer to a grating\n"
    assert tuning.read(path).name == "conv"


def test_a_layer_that_is_not_there_is_a_line(tmp_path):
    done = run("--results", tmp_path, "--layers", "block9_conv1")

    assert done.returncode == 1
    assert done.stderr.startswith("error: vgg16 has no convolutional layer 'block9_conv1'")
    assert done.stderr.count("\n") == 1
