import json
import subprocess
import sys
import zipfile

from pipeline.network import catalogue
from pipeline.site import __main__ as command
from tests.support import synthetic
from tests.support.markup import Document


def test_the_command_line_takes_names_with_commas(repository, tmp_path, monkeypatch):
    names = ["a,b", "a, 'b'"]
    layers = [{"class_name": "InputLayer", "config": {"name": "image", "batch_shape": [None, None, None, 3]}}]
    layers += [
        {"class_name": "Conv2D", "config": {"name": name, "filters": 4, "kernel_size": [3, 3], "padding": "same"}}
        for name in names
    ]
    model = tmp_path / "mine.keras"
    with zipfile.ZipFile(model, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": layers}}))
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
    command = [sys.executable, "-c", program, "--weights", results / "weights.npz", "--results", results]
    command += ["--layers", "block3_conv1", "block1_conv1", "--site", '{"title": "T"}', "--output", tmp_path / "site"]
    command += ["--templates", repository / "templates"]
    subprocess.run(command, check=True, cwd=repository)
    assert (tmp_path / "site" / "block3_conv1" / "159.html").is_file()
    assert not (tmp_path / "site" / "block1_conv2").exists()
