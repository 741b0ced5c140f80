import pytest

from pipeline.errors import UserError
from pipeline.workflow import cost


@pytest.mark.parametrize("cores", ["0", "-1"])
def test_no_cores_are_no_machine_to_estimate(monkeypatch, cores):
    monkeypatch.setattr("sys.argv", ["cost", "--cores", cores])

    with pytest.raises(UserError, match=f"--cores: should be 1 or more, not {cores}"):
        cost.main()
