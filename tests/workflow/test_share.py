"""How the layers of an atlas are shared among machines."""

import itertools

import pytest

from pipeline.config import plan
from pipeline.errors import UserError
from pipeline.workflow import share


@pytest.mark.parametrize("count", [1, 2, 3, 5, 13])
def test_every_layer_is_in_one_share(count):
    atlas = plan.plan({"filters": "all"})

    shares = [share.layers(atlas, f"{number}/{count}") for number in range(1, count + 1)]

    assert sorted(itertools.chain(*shares)) == sorted(atlas.filters)
    assert all(shares)


def test_shares_cost_about_the_same():
    costs = {"a": 10, "b": 9, "c": 6, "d": 5, "e": 1}

    assert share.split(costs, 2) == [["a", "d", "e"], ["b", "c"]]


@pytest.mark.parametrize("option", ["--config", "-C"])
def test_settings_mean_to_a_share_what_they_mean_to_snakemake(monkeypatch, capsys, option):
    settings = ["filters={block1_conv2: 010}", "site={title: 2024, language: no}"]
    monkeypatch.setattr("sys.argv", ["share", "1/1", option, *settings, "--cores", "2"])

    share.main()

    assert capsys.readouterr().out == "results/tiles/block1_conv2\n"


@pytest.mark.parametrize("name", ["0/2", "3/2", "1", "a/b", "1/14"])
def test_a_share_that_there_is_not_is_one_line(name):
    with pytest.raises(UserError, match="share: "):
        share.layers(plan.plan({}), name)
