"""The machine and the versions that figures hold for: `python -m bench.machine`."""

import platform
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pipeline import errors
from pipeline.pool import owner

# What decides how fast convolutions are; the other hundred flags do not.
TELLING_FLAGS = ("avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16", "sve")
PACKAGES = ("tensorflow", "numpy", "snakemake", "pillow")


@dataclass(frozen=True)
class Machine:
    """What figures depend on; nothing that tells whose machine it is.

    Attributes:
        processor: model name as the system gives it.
        cores: processors that this process may use.
        flags: those of `TELLING_FLAGS` that the processor has.
        memory_gb: main memory, 10^9 bytes; None where the system does not say.
        system: operating system and architecture.
        versions: of Python and of `PACKAGES`.
    """

    processor: str
    cores: int
    flags: tuple[str, ...]
    memory_gb: float | None
    system: str
    versions: dict[str, str]

    def line(self) -> str:
        """Return all of it on one line."""
        memory = f", {self.memory_gb:.0f} GB" if self.memory_gb else ""
        flags = f" ({' '.join(self.flags)})" if self.flags else ""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"{self.processor}{flags}, {self.cores} cores{memory}, {self.system}; {versions}"


def describe() -> Machine:
    """Return this machine."""
    processor, flags = parse_cpuinfo(_read(Path("/proc/cpuinfo")))
    return Machine(
        processor=processor or platform.processor() or platform.machine(),
        cores=owner.usable_cores(),
        flags=flags,
        memory_gb=parse_meminfo(_read(Path("/proc/meminfo"))),
        system=f"{platform.system()} {platform.machine()}",
        versions={"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}},
    )


def parse_cpuinfo(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the model name ("" if not given) and the telling flags in the text of /proc/cpuinfo."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        values.setdefault(key.strip(), value.strip())
    present = set((values.get("flags") or values.get("Features") or "").split())
    return values.get("model name", ""), tuple(flag for flag in TELLING_FLAGS if flag in present)


def parse_meminfo(text: str) -> float | None:
    """Return the main memory in 10^9 bytes in the text of /proc/meminfo."""
    for line in text.splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024 / 1e9
    return None


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def main() -> None:
    """Print the line."""
    print(describe().line())


if __name__ == "__main__":
    errors.run(main)
