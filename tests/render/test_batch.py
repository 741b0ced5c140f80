from collections.abc import Callable

from pipeline.errors import UserError
from pipeline.render import process as render
from pipeline.render import renderer
from pipeline.render.batch import _climb

pytest_plugins = ["tests.support.pool_fixtures"]


def test_a_picture_outside_the_working_directory_is_refused(owner, tiny, tmp_path):
    code, _, stderr = owner.run(*tiny("first", 0, "a/../../x.png"))

    assert code == 1
    assert f"a/../../x.png is outside {tmp_path}" in stderr
    assert not (tmp_path.parent / "x.png").exists()


def test_an_animation_outside_the_working_directory_is_refused(owner, tiny, tmp_path):
    code, _, stderr = owner.run(*tiny("first", 0, "x.png"), "--animate", "../x.webp")

    assert code == 1
    assert f"--animate: ../x.webp is outside {tmp_path}" in stderr
    assert not (tmp_path / "x.png").exists()


def test_what_fails_together_is_tried_in_halves_down_to_each_alone(monkeypatch):
    def climb(batch: list[str], progress: Callable) -> list[str]:
        tried.append(batch)
        if len(batch) > 2:
            raise MemoryError
        if "b" in batch:
            raise UserError("not b")
        return [request.upper() for request in batch]

    tried: list[list[str]] = []
    monkeypatch.setattr(render, "prepare", lambda request: None)
    monkeypatch.setattr(renderer, "climb", climb)

    first, second, *others = _climb(["a", "b", "c", "d"])

    assert tried == [["a", "b", "c", "d"], ["a", "b"], ["a"], ["b"], ["c", "d"]]
    assert (first, str(second), others) == ("A", "not b", ["C", "D"])
