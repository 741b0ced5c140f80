import subprocess
import sys

from pipeline.network import catalogue
from pipeline.site import __main__ as command
from tests.support import synthetic
from tests.support.markup import Document


def test_the_command_line_takes_names_with_commas(keras, repository, tmp_path, monkeypatch):
    names = ["a,b", "a, 'b'"]
    layers = [keras.layers.Conv2D(4, 3, padding="same", name=name) for name in names]
    model = tmp_path / "mine.keras"
    keras.Sequential([keras.Input((None, None, 3)), *layers]).save(model)
    results = tmp_path / "results"
    made = synthetic.make_results(results, catalogue.load(str(model), "unit"), {name: [0, 1] for name in names})
    arguments = ["site", "--model", model, "--preprocessing", "unit", "--weights", made, "--results", results]
    arguments += ["--layers", *names, "--templates", repository / "templates", "--output", tmp_path / "site"]
    monkeypatch.setattr(sys, "argv", list(map(str, arguments)))

    command.main()

    titles = {Document(path).text for path in (tmp_path / "site").glob("*/index.html")}
    assert all(any("each sees" in text and name in text for text in titles) for name in names)


def test_the_command_line_builds_without_tensorflow(results, repository, tmp_path):
    blocked = "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None"
    program = f"{blocked}\nfrom pipeline.site.__main__ import main\nmain()"
    command = [sys.executable, "-c", program, "--photographs", "--weights", results / "weights.npz"]
    command += [
        "--results",
        results,
        "--layers",
        "block3_conv1",
        "block1_conv1",
        "block1_conv2",
        "--site",
        '{"title": "T"}',
        "--output",
        tmp_path / "site",
    ]
    command += ["--templates", repository / "templates"]
    subprocess.run(command, check=True, cwd=repository)
    assert (tmp_path / "site" / "block3_conv1" / "159.html").is_file()
    assert (tmp_path / "site" / "data" / "tuning" / "block3_conv1.json").is_file()
