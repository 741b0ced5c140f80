import subprocess
import sys

import numpy as np

from pipeline.network import __main__ as command
from pipeline.network import catalogue
from tests.support.terminal import Terminal


def run(repository, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pipeline.network", *arguments]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)


def test_the_layers_are_printed_and_the_catalogue_is_written(repository, keras_file, tmp_path):
    done = run(repository, str(keras_file), "--output", str(tmp_path / "c.json"), "--no-effective-fields")

    assert (done.returncode, done.stderr) == (0, "")
    head, first, second = done.stdout.splitlines()
    assert head.split()[:3] == ["layer", "kind", "filters"]
    assert first.split() == ["first", "Conv2D", "4", "1", "3", "1", "itself", "relu"]
    assert second.split() == ["second", "Conv2D", "6", "2", "8", "2", "itself", "relu"]
    found = catalogue.parse((tmp_path / "c.json").read_bytes())
    assert [layer.name for layer in found.layers] == ["first", "second"]


def test_a_mistake_is_one_line(repository, tmp_path):
    done = run(repository, str(tmp_path / "x.keras"))

    assert done.returncode == 1
    assert done.stderr == f"error: model: {tmp_path / 'x.keras'}: no such file\n"


def test_a_model_that_asks_for_more_than_the_memory_ends_this_process_alone(repository, keras, tmp_path):
    """A small file that declares a large layer."""
    import json
    import zipfile

    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name="conv")])
    model.save(tmp_path / "x.keras")
    with zipfile.ZipFile(tmp_path / "x.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["layers"][1]["config"]["filters"] = 2**40
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)

    done = run(repository, str(tmp_path / "x.keras"))

    assert done.returncode != 0
    assert len(done.stderr.splitlines()) <= 1


def test_a_model_that_mixes_precisions_is_looked_through_in_one(repository, keras, tmp_path):
    conv = [keras.layers.Conv2D(2, 3, name=name, activation="relu", dtype="mixed_float16") for name in ("one", "two")]
    keras.Sequential([keras.Input((24, 24, 3)), *conv]).save(tmp_path / "x.keras")

    done = run(repository, str(tmp_path / "x.keras"))

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[:5] for line in done.stdout.splitlines()[1:]] == [
        ["one", "Conv2D", "2", "1", "3"],
        ["two", "Conv2D", "2", "2", "5"],
    ]


def test_weights_that_are_given_are_what_is_measured_with(repository, keras_file, tmp_path):
    kernel = np.zeros((3, 3, 3, 4), np.float32)
    kernel[1, 1] = 1
    np.savez(tmp_path / "w.npz", **{"first/kernel": kernel})
    found = []
    for options in ([], ["--weights", str(tmp_path / "w.npz")]):
        done = run(repository, str(keras_file), "--output", str(tmp_path / "c.json"), *options)
        assert (done.returncode, done.stderr) == (0, "")
        found.append(catalogue.parse((tmp_path / "c.json").read_bytes()).layers[0].effective_field_px)

    assert found == [3, 1]


def test_a_file_that_holds_no_weights_is_one_line(repository, keras_file, tmp_path):
    (tmp_path / "w.npz").write_text("hello")

    done = run(repository, str(keras_file), "--weights", str(tmp_path / "w.npz"))

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: --weights: {tmp_path / 'w.npz'}: not a file of `python -m pipeline.weights`")
    assert len(done.stderr.splitlines()) == 1


def test_a_terminal_is_told_how_much_there_is_to_look_through_and_a_log_is_not(monkeypatch, capsys):
    command.show("resnet152", 1514)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", Terminal())

    command.show("resnet152", 1514)

    assert sys.stderr.getvalue() == "looking through resnet152: 1,514 layers of all kinds\n"
