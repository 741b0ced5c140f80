import pytest

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
    monkeypatch.setattr("sys.argv", ["cost", *given, "--cores", "3"])

    cost.main()

    said = capsys.readouterr().out
    assert said.startswith(
        "3 filters in 1 layers: 0.0 × 10^15 floating-point operations, about 0.0 hours on 3 cores at "
    )
    assert "(float32), and 0.0 GB on disk" in said
