"""The command that looks through a network."""

import subprocess
import sys
from pathlib import Path

from pipeline.network.__main__ import table
from pipeline.network.catalogue import parse


def look(repository: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.network", *map(str, arguments)]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)


def test_a_network_is_printed_and_written(repository, keras_file, tmp_path):
    done = look(repository, keras_file, "--output", tmp_path / "mine.json")

    assert done.returncode == 0, done.stderr
    written = parse((tmp_path / "mine.json").read_bytes())
    assert [layer.name for layer in written.layers] == ["first", "second"]
    assert all(layer.effective_field_px <= layer.receptive_field_px for layer in written.layers)
    assert done.stdout == table(written)


def test_effective_fields_can_be_left_out(repository, keras_file, tmp_path):
    done = look(repository, keras_file, "--no-effective-fields", "--output", tmp_path / "mine.json")

    assert done.returncode == 0, done.stderr
    written = parse((tmp_path / "mine.json").read_bytes())
    assert {layer.effective_field_px for layer in written.layers} == {None}


def test_a_mistake_is_one_line(repository, tmp_path):
    done = look(repository, tmp_path / "x.keras")

    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == f"error: model: {tmp_path}/x.keras: no such file"


def test_the_table_says_of_each_layer_what_it_sees_and_what_reads_it(tiny_network):
    head, first, second = table(tiny_network.catalogue).splitlines()

    assert head.split()[:3] == ["layer", "kind", "filters"]
    assert first.split() == ["l0", "Conv2D", "4", "3", "1", "itself", "relu"]
    assert second.split() == ["l2", "Conv2D", "6", "8", "2", "itself", "relu"]
