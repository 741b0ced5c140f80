"""The tables of docs/networks.md, and what they say of every family, in a few layers each."""

import re

import pytest

from bench import networks
from bench.odd_networks import ODD
from pipeline.network import known

PAGE = networks.PAGE.read_text(encoding="utf-8")


def rows(name: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its head."""
    table = re.search(rf"<!-- {name} -->\n((?:\|.*\n)*)", PAGE)[1]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_every_family_has_its_row():
    titles = {known.KNOWN[name].credit.title for name in networks.FAMILIES}

    assert [row[0] for row in rows("families")] == [f"`{name}`" for name in networks.FAMILIES]
    assert titles == {each.credit.title for each in known.KNOWN.values()}


def test_every_odd_network_has_its_row():
    assert [row[0] for row in rows("odd")] == [networks.sentence(name) for name in ODD]


@pytest.mark.parametrize("name", ["families", "odd"])
def test_all_are_as_keras_has_them_and_every_picture_excites_its_filter(name):
    for title, _, _, compared, off, rises in rows(name):
        assert int(compared) > 0, title
        assert off == f"≤ {networks.CLOSE:.0e}".replace("e-0", "e-"), title
        assert rises == "yes", title


def test_a_table_is_written_anew_and_the_text_around_it_stays():
    found = [networks.Found("grey", 2, 1234, 2, 3e-6, True)]
    page = "before\n\n<!-- odd -->\n| old |\n\nafter\n"

    filled = networks.fill(page, {"odd": networks.odd_table(found)})

    assert filled.startswith("before\n\n<!-- odd -->\n| network |")
    assert filled.endswith("| One channel | 2 | 1,234 px | 2 | ≤ 1e-5 | yes |\n\nafter\n")


@pytest.mark.parametrize(("off", "words"), [(0.0, "≤ 1e-5"), (2e-5, "≤ 1e-4"), (0.05, "≤ 1e-1"), (1.7, "2")])
def test_a_difference_is_told_as_a_bound(off, words):
    assert networks.bound(off) == words


@pytest.mark.parametrize("name", networks.FAMILIES)
def test_the_first_the_middle_and_the_last_layer_of_a_family_respond_as_keras_has_it(name):
    subject = networks.of_family(name)

    for layer in networks.compared(subject, 3):
        assert subject.off(layer) < networks.CLOSE, layer.name
