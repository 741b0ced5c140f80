import csv
import dataclasses
import json

import pytest

from pipeline.site import tables
from tests.support import documents
from tests.support.sites import NUMBERS


def test_the_tables_hold_every_filter_and_describe_every_column(plain):
    package = json.loads((plain / "data" / "datapackage.json").read_text())
    for resource in package["resources"]:
        with (plain / "data" / resource["path"]).open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert rows
        assert list(rows[0]) == [field["name"] for field in resource["schema"]["fields"]]
        assert all(field["description"] for field in resource["schema"]["fields"])
    with (plain / "data" / "filters.csv").open(newline="") as stream:
        found = [(row["layer"], int(row["filter"])) for row in csv.DictReader(stream)]
    assert found == [(layer, number) for layer, numbers in NUMBERS.items() for number in numbers]


def test_a_table_never_begins_a_cell_with_a_formula():
    assert tables._cell("=1+1") == "'=1+1"
    assert tables._cell(-0.5) == -0.5
    assert tables._cell("vertical stripes") == "vertical stripes"


def test_the_search_script_knows_every_filter_and_its_description(plain, atlas):
    text = (plain / "assets" / "search.js").read_text()
    index = json.loads(text.removeprefix("window.ATLAS=").removesuffix(";\n"))
    assert {layer["name"]: layer["filters"] for layer in index["layers"]} == NUMBERS
    for layer in index["layers"]:
        described = [", ".join(index["parts"][part] for part in parts) for parts in layer["parts"]]
        assert described == [each.description for each in atlas.by_name[layer["name"]].filters]


def test_the_search_script_holds_each_part_of_a_description_once(atlas):
    filters = [
        documents.a_filter(number, description=f"fine grid, {colour}, dark")
        for number, colour in enumerate(["red", "blue"])
    ]
    layer = documents.a_layer("one", filters)

    script = tables.search_script(dataclasses.replace(atlas, layers=(layer,)), ["one"])

    assert '"parts":[[0,1,2],[0,3,2]]' in script
    assert '"parts":["fine grid","red","dark","blue"]' in script


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("block3_conv1", "b3c1 7, vertical blue …"),
        ("encoder/block1_conv1", "encoder/block1_conv1 7, vertical blue …"),
        ("shared@2", "shared@2 7, vertical blue …"),
        ("up2", "up2 7, vertical blue …"),
        ("s1b1_dw", "s1b1_dw 7, vertical blue …"),
        ("head", "head 7, vertical blue …"),
    ],
)
def test_the_example_of_a_search_is_one_of_the_atlas(atlas, name, example):
    layer = documents.a_layer(name, [documents.a_filter(7)])

    assert tables.search_example(dataclasses.replace(atlas, layers=(layer,))) == example
