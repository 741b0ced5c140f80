import pytest

from pipeline.machine import precision


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
