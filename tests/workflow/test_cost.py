import pytest

from pipeline.config import plan
from pipeline.errors import UserError
from pipeline.workflow import cost


@pytest.mark.parametrize("cores", ["0", "-1"])
def test_no_cores_are_no_machine_to_estimate(monkeypatch, cores):
    monkeypatch.setattr("sys.argv", ["cost", "--cores", cores])

    with pytest.raises(UserError, match=f"^cores: should be 1 or more, not {cores}"):
        cost.main()


def test_the_cost_is_that_of_the_configuration(monkeypatch, capsys, tmp_path, keras_file):
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"model: {keras_file}\npreprocessing: unit\nweights: model\nimage_size: 32\n")
    given = ["--configfile", str(mine), "--config", "filters={first: 0-2}", "precision=float32", "photographs=none"]
    monkeypatch.setattr("sys.argv", ["cost", *given, "--cores", "1"])

    cost.main()

    said = capsys.readouterr().out
    assert said.startswith(
        "3 filters in 1 layers: 0.0 × 10^15 floating-point operations, about 0 minutes on 1 cores at "
    )
    assert "(float32), and 0.0 GB on disk" in said


def test_layers_are_tried_where_the_arithmetic_is():
    tried = cost.tried_layers(plan.plan({"filters": "all"}))

    assert tried == ("block3_conv2", "block5_conv1", "block5_conv3")


def test_layers_that_were_not_tried_go_by_the_nearest_that_was():
    planned = plan.plan({"filters": {"block3_conv1": "0-9", "block5_conv3": "0"}, "photographs": "none"})
    flops = cost.flops_per_filter(planned)
    rates = {"block3_conv1": cost.Rates(1e9, 1e30), "block5_conv3": cost.Rates(1e30, 1e30)}

    one, two = cost.seconds(planned, rates, 1), cost.seconds(planned, rates, 2)

    assert one == pytest.approx(10 * flops["block3_conv1"] / 1e9 + 11 * cost.OTHER_SECONDS)
    assert two == one / 2


def of_photographs(folder, count: int, **changes) -> dict[str, dict[str, float]]:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number}.jpg").touch()
    return cost.work(plan.plan({"filters": "all", "photographs": str(folder), "precision": "bfloat16"} | changes))


def test_without_photographs_all_work_is_renders():
    assert list(cost.work(plan.plan({"photographs": "none"}))) == ["render"]


def test_photographs_are_work_for_the_jobs_that_show_them_to_the_network(tmp_path):
    work = of_photographs(tmp_path / "mine", 200)

    assert {rule: list(jobs) for rule, jobs in work.items() if rule in ("scan", "tuning")} == {
        "scan": ["0", "1", "2", "3"],
        "tuning": [""],
    }
    # Of an atlas of all filters all would be looked at again, so they are looked at in float32, and once.
    assert sum(work["finals"].values()) == 0
    in_float32 = of_photographs(tmp_path / "mine", 200, precision="float32")
    assert sum(work["scan"].values()) == cost.EXACT_TIMES * sum(in_float32["scan"].values())
    # 3 % of the atlas's convolutions, about: half an hour of days.
    assert 0.001 < sum(work["scan"].values()) / cost.ascent_flops(plan.plan({"filters": "all"})) < 0.1


def test_with_few_photographs_pictures_are_not_compared_with_them(tmp_path):
    assert of_photographs(tmp_path / "few", 20)["trust"] == {}
    assert len(of_photographs(tmp_path / "many", 100)["trust"]) == 13


def test_an_atlas_with_photographs_takes_longer():
    rates = {"block5_conv3": cost.Rates(1e11, 1e11)}
    planned = [plan.plan({"photographs": each}) for each in ("none", "samples")]

    without, with_them = (cost.seconds(each, rates, 2) for each in planned)

    assert 10 < with_them - without < 300
