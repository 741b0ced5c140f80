from docs import weights
from pipeline.network.known import KNOWN

PAGE = weights.PAGE.read_text(encoding="utf-8")


def test_the_table_of_networks_is_that_of_what_is_known():
    assert weights.fill(PAGE) == PAGE


def test_every_network_has_its_row():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]

    assert [name for name in KNOWN if sum(row.startswith(f"| `{name}` |") for row in rows) != 1] == []


def test_a_licence_that_nobody_named_is_not_claimed():
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| `efficientnetb0` |")]

    assert row.endswith("| not said |")
