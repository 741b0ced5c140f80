import pytest

from pipeline.errors import UserError
from pipeline.machine import precision


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Have nobody limit what the processor may do."""
    for name in (*precision.LIMITS, precision.ONEDNN):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("asked", ["float32", "bfloat16"])
def test_what_is_asked_for_is_what_is_used(tmp_path, asked):
    assert precision.resolve(asked, depthwise=True, cpuinfo=tmp_path / "missing") == asked


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu avx512f avx512_bf16 sse", "bfloat16"),
        ("fpu amx_bf16 amx_tile", "bfloat16"),
        ("fpu avx2 avx512f", "float32"),
        ("fpu avx512_bf16x", "float32"),
    ],
)
def test_auto_is_what_the_processor_is_fast_in(tmp_path, flags, expected):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: some avx512_bf16 name\nflags\t\t: {flags}\n")

    assert precision.resolve("auto", depthwise=False, cpuinfo=cpuinfo) == expected


def test_auto_is_float32_where_nothing_is_known(tmp_path):
    (tmp_path / "arm").write_text("Features\t: bf16 asimd\n")

    assert precision.resolve("auto", depthwise=False, cpuinfo=tmp_path / "arm") == "float32"
    assert precision.resolve("auto", depthwise=False, cpuinfo=tmp_path / "missing") == "float32"
    assert precision.resolve("auto", depthwise=False, cpuinfo=tmp_path) == "float32"


def test_auto_is_float32_for_networks_with_depthwise_convolutions(tmp_path):
    (tmp_path / "cpuinfo").write_text("flags\t\t: amx_bf16\n")

    assert precision.resolve("auto", depthwise=True, cpuinfo=tmp_path / "cpuinfo") == "float32"


@pytest.mark.parametrize("name", ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"])
@pytest.mark.parametrize(
    ("value", "resolved"),
    [("AVX2", "float32"), ("avx512_core", "float32"), ("AVX512_CORE_BF16", "bfloat16"), ("DEFAULT", "bfloat16"),
     ("nonsense", "bfloat16"), ("", "bfloat16")],
)  # fmt: skip
def test_auto_is_what_onednn_may_use(tmp_path, monkeypatch, name, value, resolved):
    (tmp_path / "cpuinfo").write_text("flags\t\t: avx512_bf16\n")
    monkeypatch.setenv(name, value)

    assert precision.resolve("auto", depthwise=False, cpuinfo=tmp_path / "cpuinfo") == resolved


def test_auto_is_float32_without_onednn(tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text("flags\t\t: avx512_bf16\n")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")

    assert precision.resolve("auto", depthwise=False, cpuinfo=tmp_path / "cpuinfo") == "float32"


def test_bfloat16_that_the_environment_forbids_is_a_mistake(monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")

    for check in (precision.check, lambda wanted: precision.resolve(wanted, depthwise=False)):
        with pytest.raises(UserError, match="precision: bfloat16, but ONEDNN_MAX_CPU_ISA=AVX2 keeps convolutions from"):
            check("bfloat16")
        check("float32")
