import csv
import json

from pipeline.site import tables
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
