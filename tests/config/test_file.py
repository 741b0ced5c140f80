"""The configuration that commands of ours read, held against what Snakemake makes of the same options."""

import json
import os
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.common.configfile import load_configfile

from pipeline.config import file, plan
from pipeline.errors import UserError
from tests.support import hostile

# What a file of YAML may be made of, right and wrong, besides whatever else.
PIECES = st.sampled_from(
    ["seed: 1\n", "site:\n", "  title: x\n", "- ", "{", "}", "[", "]", "&a ", "*a", "<<: ", "!!python/name:os.system ",
     "? ", ": ", "2020-13-45", "0b", "=", ".inf", "\t", "|\n", "010", "1:00", "no", "1e5", "~", "a: ", ", ", "\n",
     "\ufeff", "\x00", "\x85", "'", '"', "#", "---\n", "%YAML 9\n"]
)  # fmt: skip
# Values of --config that one may take for something else than Snakemake does, each under a key of its own.
DIFFICULT = (
    "010", "0128", "-010", "1e5", "1.5", "1_000", "0x1F", "nan", "inf", "true", "True", "False", "no", "None", "null",
    "~", "", "\"2024\"", "'2024'", "2024-01-01", "1:00", "1:10", "all", "a=b", "a: b", "a:b", "{a", "[1,", " 7 ", "٣",
    '{"a": 1}', "{'a': 1}", "{a: 010, b: no}", "{title: 2024}", "{a: {b: [1.0, true, null, ~]}}", "{}", "[]",
    "[1, 2]", "[010, 011]", "[a, [b]]", "!!int 7", "|-\n  x", "a\nb", "é", "\U0001f600",
)  # fmt: skip


def refusal(path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as caught:
        file.load(path)
    return str(caught.value)


def seen_by_a_snakefile(folder, *arguments: str) -> dict:
    """Return what is in `config` in a Snakefile of its own."""
    (folder / "Snakefile").write_text(
        "import json\nfrom pathlib import Path\n"
        "Path('seen.json').write_text(json.dumps(config))\n\nrule all:\n    input: []\n"
    )
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "seen.json").read_text())


def test_a_section_that_says_nothing_is_refused_and_any_other_is_not():
    file.check_of_module({"seed": 1})
    with pytest.raises(UserError, match="the configuration of the module is empty or missing"):
        file.check_of_module({})


def test_the_configuration_is_that_of_snakemake(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("seed: 3\nsite: {title: Mine}\n")

    configuration = file.read([mine], ["seed=4", "layers=[block1_conv1]"])

    assert configuration["seed"] == 4
    assert configuration["layers"] == ["block1_conv1"]
    assert configuration["site"]["title"] == "Mine"
    assert configuration["site"]["licence"] == "CC BY 4.0"


def test_a_mapping_given_as_a_setting_is_merged_as_snakemake_merges_it(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("site: {title: Mine, author: Me}\n")

    site = file.read([mine], ["site={title: Ours}"])["site"]

    assert (site["title"], site["author"]) == ("Ours", "Me")


def test_settings_are_read_as_snakemake_reads_them(tmp_path):
    settings = [f"key{number}={value}" for number, value in enumerate(DIFFICULT)]

    read = file.parse_settings(settings)

    # As JSON, in which NaN is itself.
    assert json.dumps(read) == json.dumps(seen_by_a_snakefile(tmp_path, "--config", *settings))


def test_files_and_settings_are_put_together_as_snakemake_does(tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "two.json"
    one.write_text("seed: 3\nfilters: {block1_conv1: 1}\nsite: {title: Mine, author: Me}\nrecipe: {steps: 9}\n")
    two.write_text('{"filters": {"block1_conv2": [2]}, "recipe": "classic", "site": {"author": ""}}')
    settings = ["seed=010", "site={title: 2024, language: no}", "filters={block1_conv1: 010}", "recipe={leak: 0}"]

    read = file.read([one, two], settings)

    ours = ["--configfile", str(file.BASE), str(one), str(two), "--config", *settings]
    assert read == seen_by_a_snakefile(tmp_path, *ours)


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize("settings", [["seed"], ["=1"], ["s=1"], ["1seed=1"], ["se ed=1"], ["seed=#"], [""]])
def test_a_setting_that_snakemake_does_not_take_is_one_line(settings):
    with pytest.raises(UserError, match=r"^--config: .*: should be key=value, such as seed=7$"):
        file.read([], settings)


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("filters={a: &x 1, b: *x}", "--config: filters: line 1: x: anchors and aliases are not read"),
        ("filters={a: 1, a: 2}", "--config: filters: a: given twice, in lines 1 and 1; keep one"),
        ("layers=" + "[" * 11 + "]" * 11, "--config: layers: line 1: more than 10 levels"),
        ("filters='{a: 1, a: 2}'", "--config: filters: a: given twice"),
        ("sed=1", "--config: unknown key 'sed'; did you mean seed?"),
        ("seed=1e5", "--config: seed: should be a whole number, not 100000.0"),
        ("seed=", "--config: seed: should be a whole number, not nothing"),
        ("model=2024", "--config: model: should be a text, not 2024"),
    ],
)
def test_a_setting_that_is_not_right_is_one_line(setting, message):
    with pytest.raises(UserError) as caught:
        file.read([], [setting])

    assert str(caught.value).startswith(message)


def test_numbers_on_the_command_line_are_decimal():
    settings = ["seed=010", "image_size=0128", "filters={block1_conv1: 010, block1_conv2: [010, 011]}"]

    atlas = plan.plan(file.read([], [*settings, "recipe={steps: 016}"]))

    assert atlas.seed == 10
    assert set(atlas.canvas_px.values()) == {128}
    assert {recipe.steps for recipe in atlas.recipes.values()} == {16}
    assert atlas.filters == {"block1_conv1": (10,), "block1_conv2": (10, 11)}


NOTHING = ["{}", "[]", "''", "", "~", "[{}]", "[[]]", "[~]", "{block1_conv1: {}}", "{block1_conv1: []}",
           "{block1_conv1: ''}", "{block1_conv1: ~}"]  # fmt: skip


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize("key", ["layers", "filters"])
@pytest.mark.parametrize("value", NOTHING)
def test_no_layers_and_no_filters_are_refused_and_do_not_mean_all(tmp_path, key, value):
    chosen = tmp_path / "chosen.yaml"
    chosen.write_text("layers: [block1_conv1]\nfilters: {block1_conv1: 1}\n")
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"{key}: {value}\n")

    with pytest.raises(UserError, match=f"^{mine}: {key}"):
        file.read([chosen, mine], [])
    with pytest.raises(UserError, match=key):
        plan.plan(file.read([chosen], [f"{key}={value}"]))


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize("path", ["model", "seed", "image_size", "precision", "site.title", "recipe.steps"])
def test_an_empty_mapping_that_would_vanish_among_others_is_refused(tmp_path, path):
    mine = tmp_path / "mine.json"
    mine.write_text(json.dumps(hostile.within(path, {})))

    with pytest.raises(UserError, match=f"^{mine}: {path}: should be "):
        file.read([mine], [])


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize("text", ["- 1", "seed: [", "3", "text", "[]"])
def test_a_file_without_a_mapping_is_one_line(tmp_path, text):
    assert refusal(tmp_path / "x.yaml", text).startswith(f"{tmp_path}/x.yaml: ")


def test_a_fault_in_yaml_is_named_with_file_and_line(tmp_path):
    assert refusal(tmp_path / "x.yaml", "seed: 1\nfilters: {block1_conv1: [010]}\n") == (
        f'{tmp_path}/x.yaml: line 2: 010: a number does not begin with 0; write 10, or "010" for the text'
    )


@pytest.mark.hostile("configurations")
def test_a_configuration_is_no_template_that_snakemake_would_run(tmp_path):
    message = refusal(tmp_path / "x.yaml", "__use_yte__: true\nseed: ?1 + 1\n")

    assert message.startswith(f"{tmp_path}/x.yaml: unknown key '__use_yte__'")


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize("start", ["seed: 1\n", '{"seed": 1, "x": "', "[" * 10**6, "a: &a [x]\nb: [*a, *a]\n", "\0"])
def test_a_file_of_ten_megabytes_is_one_line_at_once(tmp_path, start):
    began = time.perf_counter()

    message = refusal(tmp_path / "x.yaml", start + "x" * (10_000_000 - len(start)))

    assert time.perf_counter() - began < 1
    assert message == (
        f"{tmp_path}/x.yaml: 10,000,000 bytes, and a configuration has at most 131,072; write many filters as ranges, "
        '"0-511", or as all'
    )


def test_every_filter_of_vgg16_on_a_line_of_its_own_is_not_too_much(tmp_path):
    filters = plan.plan({"filters": "all"}).filters
    mine = tmp_path / "mine.yaml"
    mine.write_text("filters:\n" + "".join(f"  {layer}:\n" + "".join(f"  - {number}\n" for number in numbers)
                                           for layer, numbers in filters.items()))  # fmt: skip

    assert plan.plan(file.read([mine], [])).filters == filters


@pytest.mark.hostile("configurations")
def test_a_key_that_is_given_twice_in_json_is_named(tmp_path):
    assert "title: given twice; keep one" in refusal(tmp_path / "x.json", '{"site": {"title": "a",\t"title": "b"}}')


def test_json_with_tabs_is_read_as_snakemake_reads_it(tmp_path):
    (tmp_path / "x.json").write_text('{\n\t"seed": 3\n}')

    assert file.load(tmp_path / "x.json") == {"seed": 3}


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize("text", ["", "\n", "# nothing but a remark\n", "---\n"])
def test_an_empty_file_is_named(tmp_path, text):
    assert "x.yaml: empty; give at least one key" in refusal(tmp_path / "x.yaml", text)


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize("text", [b"\xff\xfe bad", b"[" * 100_000, b'{"a":' * 10_000, b"a: \x00", b"- 1", b"3"])
def test_bytes_that_are_no_mapping_are_the_users_mistake(tmp_path, text):
    assert str(tmp_path / "x.yaml") in refusal(tmp_path / "x.yaml", text)


@pytest.mark.hostile("configurations")
@pytest.mark.parametrize("levels", [9, 900, 20_000])
def test_json_that_is_too_deep_is_one_line(tmp_path, levels):
    text = '{"layers": ' + "[" * levels + "]" * levels + "}"

    assert len(refusal(tmp_path / "x.json", text)) < hostile.LONGEST_LINE


@pytest.mark.hostile("configurations")
def test_what_is_no_regular_file_is_named_and_not_read(tmp_path):
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)

    for path in (tmp_path, pipe, "/dev/zero"):
        with pytest.raises(UserError, match=f"^{path}: not a regular file; write the configuration into one$"):
            file.load(type(tmp_path)(path))
    with pytest.raises(UserError, match=f"^{tmp_path}/nothing.yaml: no such file or directory$"):
        file.load(tmp_path / "nothing.yaml")


@pytest.mark.hostile("configurations")
@hostile.examples(300)
@given(st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join) | hostile.HOSTILE.map(str))
def test_any_text_is_the_users_mistake_or_what_snakemake_reads(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    # As JSON, in which NaN is itself.
    assert hostile.mistake(file.mapping, path) or json.dumps(file.mapping(path)) == json.dumps(load_configfile(path))


@pytest.mark.hostile("configurations")
@hostile.examples(100)
@given(st.dictionaries(st.text(max_size=5), hostile.JSON, min_size=1, max_size=4))
def test_any_object_of_json_is_read_as_it_is(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(value))

    assert file.mapping(path) == value
