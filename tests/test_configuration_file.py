"""The configuration that commands of ours read, held against what Snakemake makes of the same options."""

import pytest

from pipeline import configuration_file
from pipeline.errors import UserError


def test_the_configuration_is_that_of_snakemake(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("seed: 3\nsite: {title: Mine}\n")

    configuration = configuration_file.read([mine], ["seed=4", "layers=[block1_conv1]"])

    assert configuration["seed"] == 4
    assert configuration["layers"] == ["block1_conv1"]
    assert configuration["site"]["title"] == "Mine"
    assert configuration["site"]["licence"] == "CC BY 4.0"


@pytest.mark.parametrize(("text", "settings"), [("- 1", []), ("seed: [", []), ("", ["seed"]), ("", ["seed=["])])
def test_a_configuration_out_of_form_is_one_line(tmp_path, text, settings):
    mine = tmp_path / "mine.yaml"
    mine.write_text(text)

    with pytest.raises(UserError):
        configuration_file.read([mine], settings)
