"""The plan of the house, held against the code: docs/architecture.md says it, the imports of `pipeline/` prove it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from pipeline.files import PROJECT

PIPELINE = PROJECT / "pipeline"
PLAN = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
# Of the standard library, what only some rooms may use.
WATCHED = {"socket"}


@dataclass(frozen=True)
class Import:
    """An import as the code has it: from which module to which, both without "pipeline."."""

    module: str
    target: str


def room_of(module: str) -> str:
    return module.partition(".")[0]


def modules() -> dict[str, Path]:
    """Return the modules of `pipeline`, "measure.noise", to their files; rooms' charters ("measure") among them."""
    found = {}
    for path in sorted(PIPELINE.rglob("*.py")):
        parts = path.relative_to(PIPELINE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = path
    return found


def names_imported(path: Path) -> Iterator[str]:
    """Yield all that a file imports, wherever it does, in full: "numpy", "pipeline.measure.noise.floored"."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_within() -> set[Import]:
    known = modules()
    return {
        Import(module, target)
        for module, path in known.items()
        for name in names_imported(path)
        if (target := name.removeprefix("pipeline.")) in known and target != module
    }


def arrows() -> set[tuple[str, str]]:
    """Return which room imports which."""
    pairs = {(room_of(each.module), room_of(each.target)) for each in imports_within()}
    return {(room, other) for room, other in pairs if room != other}


def floors() -> list[list[str]]:
    """Return the rooms of each floor that docs/architecture.md draws, the ground last."""
    drawing = PLAN.split("```")[1].strip()
    return [re.findall(r"\w+", line.partition("  #")[0]) for line in drawing.splitlines()]


def table(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading of docs/architecture.md."""
    section = PLAN.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_every_room_has_a_floor_and_a_line():
    rooms = {room_of(module) for module in modules()}

    assert sorted(room for floor in floors() for room in floor) == sorted(rooms)
    assert sorted(name.strip("`/") for name, *_ in table("The rooms")) == sorted(rooms)


def test_a_room_imports_only_rooms_of_the_floors_below_it(record_property):
    height = {room: -number for number, floor in enumerate(floors()) for room in floor}
    up = [f"{room} -> {other}" for room, other in sorted(arrows()) if height[other] >= height[room]]

    print(f"\n{len(height)} rooms, {len(floors())} floors, {len(arrows())} arrows, {len(up)} of them upwards")
    assert up == []


def test_no_module_needs_itself():
    needs: dict[str, set[str]] = {module: set() for module in modules()}
    for each in imports_within():
        needs[each.module].add(each.target)

    try:
        TopologicalSorter(needs).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


@pytest.mark.parametrize("room", sorted(path.parent.relative_to(PIPELINE) for path in PIPELINE.rglob("*/__init__.py")))
def test_a_room_opens_with_its_charter_and_nothing_else(room):
    (charter,) = ast.parse((PIPELINE / room / "__init__.py").read_text(encoding="utf-8")).body

    assert isinstance(charter, ast.Expr)
    assert isinstance(charter.value.value, str)


def libraries_used() -> Mapping[str, set[str]]:
    """Return the rooms that use each library from elsewhere."""
    used: dict[str, set[str]] = {}
    for module, path in modules().items():
        for library in {name.partition(".")[0] for name in names_imported(path)} - {"pipeline"}:
            if library not in sys.stdlib_module_names or library in WATCHED:
                used.setdefault(library, set()).add(room_of(module))
    return used


def test_a_library_is_used_only_in_the_rooms_that_may():
    may = {
        library.strip(): set(re.findall(r"\w+", rooms))
        for libraries, rooms in table("Who may use what")
        for library in libraries.replace("`", "").split(",")
    }

    assert {library: sorted(rooms) for library, rooms in sorted(libraries_used().items())} == {
        library: sorted(rooms) for library, rooms in sorted(may.items())
    }


def places_without_tensorflow() -> list[Path]:
    """Return the tests of the rooms that may use neither TensorFlow nor Keras, which starts it, but for the pool's,
    where batches are rendered."""
    heavy = ("`tensorflow`", "`keras`")
    may = [rooms for libraries, rooms in table("Who may use what") if any(each in libraries for each in heavy)]
    rooms = {room for floor in floors() for room in floor} - set(re.findall(r"\w+", " ".join(may))) - {"pool"}
    places = (PROJECT / "tests" / name for room in sorted(rooms) for name in (room, f"test_{room}.py"))
    return [place for place in places if place.exists()]


@pytest.mark.parametrize(
    "arguments",
    [["--collect-only", *places_without_tensorflow()], [PROJECT / "tests" / "test_files.py"]],
    ids=["collected", "run"],
)
def test_tests_that_need_no_tensorflow_are_spared_its_start(arguments):
    code = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]) or 'tensorflow' in sys.modules)"
    command = [sys.executable, "-c", code, "-q", "-p", "no:cacheprovider", *map(str, arguments)]

    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def constants(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the constants of a module that are written out, and their values as the code has them."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = (target.id for target in node.targets if isinstance(target, ast.Name))
            yield from ((name, ast.unparse(node.value)) for name in names if name.isupper() and name[0] != "_")


def test_no_two_modules_say_the_same_of_the_same():
    said: dict[tuple[str, str], list[str]] = {}
    for module, path in modules().items():
        for constant in constants(path):
            said.setdefault(constant, []).append(module)
    # What type checkers take for true.
    del said["TYPE_CHECKING", "False"]

    assert {constant: where for constant, where in said.items() if len(where) > 1} == {}


# Modules whose tests are elsewhere, and why.
TESTED_ELSEWHERE = {
    "ascent.batch": "what it promises shows only in whole batches: render/test_renderer.py",
    "check.inspection": "findings show in the report: check/test_command.py, and hostile/test_files.py",
    "check.report": "it is what the command prints: check/test_command.py",
    "network.credit": "it holds what network/test_applications.py and network/test_known.py look at",
    "results.renders": "what becomes of them shows where a layer is summarised: summary/test_summarise.py",
    "summary.__main__": "it hands on what the others do: summary/test_summarise.py runs it",
    "site.pages.page": "a page without behaviour, which all of site/ builds: site/test_contents.py",
}


def test_every_module_has_its_tests_where_one_looks_for_them():
    tests = PROJECT / "tests"
    without = []
    for module, path in modules().items():
        if path.name == "__init__.py" or module in TESTED_ELSEWHERE:
            continue
        *room, name = module.split(".")
        name = "command" if name == "__main__" else name
        if not (tests.joinpath(*room) / f"test_{name}.py").exists():
            without.append(module)

    assert without == []
