import sys

from bench import loop, scan
from tests.photographs.conftest import drawn


def test_costs_are_told_for_a_thousand_crops():
    cost = scan.Cost(photographs=20, crops=100.0, start=5.25, opened=0.4, looked=4.4, peak_gb=1.128)

    assert list(cost.lines()) == [
        "20 photographs, 100 crops of 224 px",
        "44 processor seconds for 1,000 crops, 4 of them to open the photographs; 5.2 to start; 1.13 GB",
    ]


def test_each_so_manieth_photograph_of_a_folder_is_looked_at(tmp_path, monkeypatch, capsys):
    for number in range(5):
        drawn(number, (64, 64)).save(tmp_path / f"{number}.png")
    asked = []

    def told(function, *arguments):
        asked.append((function, *arguments))
        return scan.Cost(photographs=3, crops=1.0, start=1.0, opened=0.0, looked=0.0, peak_gb=1.0)

    monkeypatch.setattr(loop, "in_new_process", told)
    monkeypatch.setattr(sys, "argv", ["scan", str(tmp_path), "--every", "2", "--precision", "float32"])

    scan.main()

    assert asked == [(scan.measure, tmp_path, ["0.png", "2.png", "4.png"], "float32")]
    assert "3 photographs" in capsys.readouterr().out
