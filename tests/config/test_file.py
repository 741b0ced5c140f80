"""The configuration that commands of ours read, held against what Snakemake makes of the same options."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import file
from pipeline.errors import UserError
from tests.support import hostile

# What a file of YAML may be made of, right and wrong, besides whatever else.
PIECES = st.sampled_from(
    ["seed: 1\n", "site:\n", "  title: x\n", "- ", "{", "}", "[", "]", "&a ", "*a", "<<: ", "!!python/name:os.system ",
     "? ", ": ", "2020-13-45", "0b", "=", ".inf", "\t", "|\n",
     "\ufeff", "\x00", "\x85", "'", '"', "#", "---\n", "%YAML 9\n"]
)  # fmt: skip


def refusal(path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as caught:
        file.load(path)
    return str(caught.value)


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


@pytest.mark.parametrize(("text", "settings"), [("filters: {}", []), ("seed: 1", ["filters={}"])])
def test_a_mapping_of_no_filters_is_refused_and_does_not_mean_the_preview(tmp_path, text, settings):
    mine = tmp_path / "mine.yaml"
    mine.write_text(text)

    with pytest.raises(UserError, match=r"filters: should not be empty: it should be like \{block1_conv1: 0-7\}"):
        file.read([mine], settings)


@pytest.mark.parametrize(("text", "settings"), [("- 1", []), ("seed: [", []), ("a: 1", ["seed"]), ("a: 1", ["seed=["])])
def test_a_configuration_out_of_form_is_one_line(tmp_path, text, settings):
    mine = tmp_path / "mine.yaml"
    mine.write_text(text)

    with pytest.raises(UserError):
        file.read([mine], settings)


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        ("seed: 1\nmodel: vgg16\nseed: 2\n", "seed", "lines 1 and 3"),
        ("site:\n  title: a\n  title: a\n", "title", "lines 2 and 3"),
        ("filters: {block1_conv1: 1, block1_conv1: 2}\n", "block1_conv1", "lines 1 and 1"),
        ("recipe:\n- {steps: 1}\n- {steps: 1,\n   steps: 2}\n", "steps", "lines 3 and 4"),
    ],
)
def test_a_key_that_is_given_twice_is_named_with_both_lines(tmp_path, text, key, lines):
    assert refusal(tmp_path / "x.yaml", text) == f"{tmp_path}/x.yaml: {key}: given twice, in {lines}; keep one"


def test_a_key_that_is_given_twice_in_json_is_named(tmp_path):
    assert "title: given twice; keep one" in refusal(tmp_path / "x.json", '{"site": {"title": "a",\t"title": "b"}}')


def test_json_with_tabs_is_read_as_snakemake_reads_it(tmp_path):
    (tmp_path / "x.json").write_text('{\n\t"seed": 3\n}')

    assert file.load(tmp_path / "x.json") == {"seed": 3}


@pytest.mark.parametrize("text", ["", "\n", "# nothing but a remark\n", "---\n"])
def test_an_empty_file_is_named(tmp_path, text):
    assert "x.yaml: empty; give at least one key" in refusal(tmp_path / "x.yaml", text)


@pytest.mark.parametrize("text", [b"\xff\xfe bad", b"[" * 100_000, b'{"a":' * 100_000, b"a: \x00", b"- 1", b"3"])
def test_bytes_that_are_no_mapping_are_the_users_mistake(tmp_path, text):
    assert str(tmp_path / "x.yaml") in refusal(tmp_path / "x.yaml", text)


def test_a_folder_or_nothing_in_the_place_of_a_file_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "nothing.yaml"):
        with pytest.raises(UserError, match=str(path)):
            file.load(path)


@hostile.examples(300)
@given(st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join) | hostile.HOSTILE.map(str))
def test_any_text_is_a_mapping_or_the_users_mistake(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert hostile.mistake(file.load, path) or isinstance(file.load(path), dict)


@hostile.examples(100)
@given(st.dictionaries(st.text(max_size=5), hostile.JSON, min_size=1, max_size=4))
def test_any_object_of_json_is_read_as_it_is(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(value))

    assert file.load(path) == value
