import pytest

from pipeline.config import plan
from pipeline.errors import UserError
from pipeline.workflow import cost


@pytest.mark.parametrize("cores", ["0", "-1"])
def test_no_cores_are_no_machine_to_estimate(monkeypatch, cores):
    monkeypatch.setattr("sys.argv", ["cost", "--cores", cores])

    with pytest.raises(UserError, match=f"--cores: should be 1 or more, not {cores}"):
        cost.main()


def test_the_cost_is_that_of_the_configuration(monkeypatch, capsys, tmp_path, keras_file):
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"model: {keras_file}\npreprocessing: unit\nweights: model\nimage_size: 32\n")
    given = ["--configfile", str(mine), "--config", "filters={first: 0-2}", "precision=float32"]
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
    planned = plan.plan({"filters": {"block3_conv1": "0-9", "block5_conv3": "0"}})
    flops = cost.flops_per_filter(planned)
    rates = {"block3_conv1": cost.Rates(1e9, 1e30), "block5_conv3": cost.Rates(1e30, 1e30)}

    one, two = cost.seconds(planned, rates, 1), cost.seconds(planned, rates, 2)

    assert one == pytest.approx(10 * flops["block3_conv1"] / 1e9 + 11 * cost.OTHER_SECONDS)
    assert two == one / 2
