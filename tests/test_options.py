"""How the options that commands have in common are read, above all where a value looks like an option."""

import itertools
import re
import subprocess
import sys

import pytest

from pipeline import options
from pipeline.network import known

# Names that Keras takes for layers, or that the Snakefile could be given for them.
NAMES = ("block1_conv1", "-x", "--layer", "--weights", "--output", "--site", "--layers", "--site={}", "--filter=3",
         "-h", "--help", "-", "--", "-1", "-1e5", "1", "010", "", " ", "a b", "a=b", "=", "a/b", "a'b", '"', "a\nb",
         "$(x)", "é", "--lay", "@file", "%(prog)s")  # fmt: skip


@pytest.fixture
def parser():
    """Return the parser of a command with all common options and three of its own, as that of the site."""
    made = options.Parser()
    known.add_options(made)
    options.add_weights(made)
    options.add_results(made)
    options.add_layers(made)
    for name in ("--site", "--templates", "--output"):
        made.add_argument(name)
    return made


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tied", [False, True])
def test_a_layer_may_have_any_name(name, tied):
    parser = options.Parser()
    options.add_layer(parser)
    options.add_filters(parser)
    options.add_results(parser)
    layer = [f"--layer={name}"] if tied else ["--layer", name]

    read = parser.parse_args([*layer, "--filters", "0-3", "--results", "r"])

    assert (read.layer, read.filters, str(read.results)) == (name, "0-3", "r")


@pytest.mark.parametrize("count", [1, 2])
def test_layers_may_have_any_names_between_options_that_are_given_once(parser, count):
    before = ["--model", "m.keras", "--preprocessing", "unit", "--weights", "w.npz", "--results", "r"]
    after = ["--site", '{"title": "--layers"}', "--templates", "t", "--output", "-o"]

    for names in itertools.permutations(NAMES, count):
        read = parser.parse_args([*before, "--layers", *names, *after])

        assert read.layers == list(names)
        assert (read.model, str(read.weights), str(read.results)) == ("m.keras", "w.npz", "r")
        assert (read.site, read.templates, read.output) == ('{"title": "--layers"}', "t", "-o")


def test_a_list_ends_where_options_begin(parser):
    for arguments in (
        ["--layers", "a", "b", "--output", "o", "--site={}"],
        ["--output", "o", "--layers", "a", "b", "--site", "{}"],
        ["--site={}", "--output=o", "--layers", "a", "b"],
        ["--layers=a", "--layers=b", "--site={}", "--output", "o"],
    ):
        read = parser.parse_args(arguments)

        assert (read.layers, read.site, read.output) == (["a", "b"], "{}", "o")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: --layers"),
        (["--layers"], "layers: expected at least one argument"),
        (["--output"], "output: expected one argument"),
        (["--layer", "x", "--", "y"], "unrecognized arguments"),
        (["stray", "--layers", "x"], "unrecognized arguments: stray"),
    ],
)
def test_arguments_out_of_form_are_named(parser, capsys, arguments, message):
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(arguments)

    assert ended.value.code == 2
    assert re.fullmatch(rf"error: {message}.*\n", capsys.readouterr().err)


def test_a_mistake_is_one_line_of_bounded_length_whatever_was_given(capsys):
    parser = options.Parser()
    parser.add_argument("--dpi", "-d", type=int)

    with pytest.raises(SystemExit):
        parser.parse_args(["--dpi", "a\nb" + "x" * 10_000])

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: dpi: invalid int value: ")
    assert len(line) <= len("error: ") + options.LONGEST_MISTAKE


def test_what_is_chosen_from_is_checked_whatever_it_looks_like(capsys):
    parser = options.Parser()
    parser.add_argument("--precision", choices=["auto"])

    for value in ("--", "-x", "other"):
        with pytest.raises(SystemExit):
            parser.parse_args(["--precision", value])
        assert "invalid choice" in capsys.readouterr().err


def test_every_command_says_the_same_of_the_same_option():
    commands = ("weights", "render", "summary", "pictures.mosaic", "pictures.web", "site", "check")
    helps = {}
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", f"pipeline.{command}", "--help"], capture_output=True, text=True, check=True
        )
        helps[command] = " ".join(done.stdout.split())

    assert sum(f"{known.MODEL_HELP} (default: vgg16)" in text for text in helps.values()) == 4
    assert sum("how the model wants its input: caffe, tf, torch, unit or raw" in text for text in helps.values()) == 4
    assert sum("the file that python -m pipeline.weights writes" in text for text in helps.values()) == 3
    assert sum("the results folder (default: results)" in text for text in helps.values()) == 5
    assert sum("convolutional layer, such as block3_conv1" in text for text in helps.values()) == 4
