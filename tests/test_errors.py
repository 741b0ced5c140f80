import errno
import re
import subprocess
import sys

import pytest

from pipeline import errors
from pipeline.errors import UserError

BROKEN = OSError(errno.ENOSPC, "No space left on device", "/results/x.png")


def raising(error: BaseException):
    def main() -> None:
        raise error

    return main


def test_the_nearest_name_is_suggested():
    assert errors.did_you_mean("blok3_conv1", ["block2_conv1", "block3_conv1"]) == "; did you mean block3_conv1?"


def test_nothing_is_suggested_where_nothing_is_near():
    assert errors.did_you_mean("zebra", ["block1_conv1", "block2_conv1"]) == ""


def test_a_name_that_is_not_a_text_gets_an_answer():
    assert errors.did_you_mean(77, ["777"]) == "; did you mean 777?"


def test_a_users_mistake_ends_the_program_with_one_line(capsys):
    with pytest.raises(SystemExit) as caught:
        errors.run(raising(UserError("config.yaml:\n  two\tlines")))

    assert caught.value.code == "error: config.yaml: two lines"


def test_several_mistakes_are_a_line_each_with_where_they_are_and_the_most_are_counted(capsys):
    def check(number):
        with errors.at("mine.yaml"), errors.at("seed"):
            raise UserError(f"wrong {number}")

    with pytest.raises(SystemExit) as caught:
        errors.run(lambda: errors.together(*(lambda number=number: check(number) for number in range(25))))

    lines = caught.value.code.splitlines()
    assert lines[:2] == ["error: mine.yaml: seed: wrong 0", "error: mine.yaml: seed: wrong 1"]
    assert (len(lines), lines[-1]) == (21, "error: and 5 more")


def test_several_mistakes_in_several_places_are_those_of_all():
    inner = (lambda: errors.raise_all(["one", "two"]), lambda: "right")

    with pytest.raises(UserError) as caught:
        errors.together(lambda: errors.together(*inner), lambda: errors.raise_all(["three", "one"]))

    assert errors.lines_of(caught.value) == ("one", "two", "three")
    assert errors.together(lambda: 1, lambda: 2) == [1, 2]


def test_a_programmers_mistake_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        errors.run(raising(ZeroDivisionError()))


def test_a_full_disk_says_what_to_do():
    with pytest.raises(SystemExit) as caught:
        errors.run(raising(BROKEN))

    assert caught.value.code.startswith("error: /results/x.png: no space left on the disk")
    assert "run the same command again" in caught.value.code


def test_a_missing_permission_names_the_file():
    error = OSError(errno.EACCES, "Permission denied", "/results/x.png")

    assert errors.describe_os_error(error) == "/results/x.png: permission denied"


ResourceExhaustedError = type("ResourceExhaustedError", (Exception,), {})


@pytest.mark.parametrize("error", [MemoryError(), MemoryError("Unable to allocate"), ResourceExhaustedError("OOM")])
def test_want_of_memory_is_one_line_that_says_how_much_is_asked_for(repository, error):
    with pytest.raises(SystemExit) as caught:
        errors.run(raising(error))

    assert caught.value.code.startswith("error: out of memory; rule render asks for 2,000 MB a job")
    assert "run fewer jobs at a time" in caught.value.code
    _, *parts = re.split(r"^\s*rule (\w+):", (repository / "Snakefile").read_text(), flags=re.MULTILINE)
    rules = dict(zip(parts[::2], parts[1::2], strict=True))
    assert f"mem_mb={errors.RENDER_MB}," in rules["render"]
    assert f"mem_mb={errors.SUMMARY_MB}," in rules["summary"]


def test_a_library_that_is_not_installed_is_one_line_and_a_module_of_ours_is_not():
    with pytest.raises(SystemExit, match=r"^error: msgspec: not installed for .*; pip install -r requirements.txt"):
        errors.run(raising(ModuleNotFoundError("No module named 'msgspec'", name="msgspec")))
    with pytest.raises(ModuleNotFoundError):
        errors.run(raising(ModuleNotFoundError("No module named 'pipeline.nowhere'", name="pipeline.nowhere")))


def test_an_interrupt_gives_the_shells_exit_code():
    with pytest.raises(SystemExit) as caught:
        errors.run(raising(KeyboardInterrupt()))

    assert caught.value.code == 130


def test_what_is_right_is_returned():
    assert errors.or_exit(lambda a, b: a + b, 1, 2) == 3


def test_a_reader_that_goes_away_is_no_error(repository):
    script = "from pipeline import errors\nerrors.run(lambda: [print('x' * 100) for _ in range(10000)])"
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()

    assert process.stderr.read() == b""
    assert process.wait() == 0


def test_a_mistake_is_named_with_its_place_and_other_errors_are_left_alone():
    with pytest.raises(UserError, match=r"^a\.yaml: filters: wrong$"), errors.at("a.yaml"), errors.at("filters"):
        raise UserError("wrong")
    with pytest.raises(KeyError, match=r"^'x'$"), errors.at("a.yaml"):
        raise KeyError("x")


def test_a_message_is_one_line_of_bounded_length():
    assert errors.in_one_line(ValueError("a\n b\t c")) == "a b c"
    assert errors.in_one_line(KeyError()) == "KeyError"
    assert len(errors.in_one_line(ValueError("x" * 10_000))) == errors.MESSAGE_CHARACTERS
