import platform

import pytest

from pipeline.machine import surroundings


@pytest.fixture
def told(monkeypatch):
    """Return a function that sets variables, and gives what is found of them."""
    for name in surroundings.variables():
        monkeypatch.delenv(name)

    def tell(**variables: str) -> dict[str, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return surroundings.variables()

    return tell


def test_what_may_change_bytes_is_found_in_order(told):
    found = told(XLA_FLAGS="--xla_cpu_enable_fast_math=true", ONEDNN_DEFAULT_FPMATH_MODE="BF16", HOME="home")

    assert list(found.items()) == [
        ("ONEDNN_DEFAULT_FPMATH_MODE", "BF16"),
        ("XLA_FLAGS", "--xla_cpu_enable_fast_math=true"),
    ]


@pytest.mark.parametrize("name", ["ONEDNN_VERBOSE", "DNNL_JIT_DUMP", "ONEDNN_JIT_PROFILE", "TF_CPP_MIN_LOG_LEVEL"])
def test_what_only_says_what_is_done_is_passed_over(told, name):
    assert told(**{name: "1"}) == {}


@pytest.mark.parametrize("value", ["--xla_dump_to=/home/somebody", "~/x", "\x1b[2J", "x" * 1000])
def test_of_a_value_that_nobody_should_read_there_is_a_sign(told, value):
    assert told(XLA_FLAGS=value) == {"XLA_FLAGS": "…"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("processor\t: 0\nmodel name\t: Some  Processor\nflags\t: x\n\nmodel name\t: Another\n", " Some Processor"),
        ("CPU implementer\t: 0x41\nCPU part\t: 0xd40\n", " 0x41 0xd40"),
        ("", ""),
    ],
    ids=["x86", "Arm", "unknown"],
)
def test_a_processor_is_called_as_the_system_calls_it(tmp_path, text, kind):
    (tmp_path / "cpuinfo").write_text(text)

    assert surroundings.processor(tmp_path / "cpuinfo") == platform.machine() + kind
    assert surroundings.processor(tmp_path / "missing") == platform.machine()
