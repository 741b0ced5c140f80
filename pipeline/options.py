"""The options that commands have in common, each with one default and one help, and how they are read."""

import argparse
import re
import sys
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any, NoReturn

RESULTS = Path("results")
WEIGHTS = RESULTS / "weights.npz"

# Of a message, which may quote all of what was given.
LONGEST_MISTAKE = 400


class Parser(argparse.ArgumentParser):
    """A parser to which what follows an option is its value, whatever it looks like: a layer may be called --weights.

    argparse would take for an option what begins like one. A mistake is one line, which names a value as make's
    variables and the command's options both do: by its name, without hyphens.
    """

    def error(self, message: str) -> NoReturn:
        """End the program with one line."""
        said = " ".join(re.sub(r"^argument -*([^:/]+)[^:]*: ", r"\1: ", message).split())
        self.exit(2, f"error: {said:.{LONGEST_MISTAKE}}\n")

    # Its three overloads differ in the namespace alone, which is handed on.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        """Return the namespace and the arguments that are not known."""
        actions = self._option_string_actions.items()
        one = {name for name, action in actions if action.nargs is None}
        several = {name for name, action in actions if isinstance(action, Names)}
        return super().parse_known_args(tie(sys.argv[1:] if args is None else args, one, several), namespace)

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # Before Python 3.13, argparse strikes out a "--" also where it is a value.
        if action.option_strings and arg_strings == ["--"]:
            value = self._get_value(action, "--")
            self._check_value(action, value)
            return value if action.nargs is None else [value]
        return super()._get_values(action, arg_strings)


class Names(argparse.Action):
    """The names that an option lists."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Add names to those that the option has."""
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or ()), *values])


def tie(arguments: Sequence[str], one: Set[str], several: Set[str]) -> list[str]:
    """Return arguments with each value tied to its option: `--layer -x` becomes `--layer=-x`.

    Args:
        arguments: of a command line.
        one: options with one value.
        several: options with at least one value and all that follow it, but for options at the end of the line, each
            given once in all, with their values.
    """
    tied: list[str] = []
    rest = list(arguments)
    while rest:
        option = rest.pop(0)
        if option == "--":
            return [*tied, option, *rest]
        count = 1 if option in one else 0
        if option in several:
            count = _before_options(rest, one - {each.partition("=")[0] for each in tied})
        tied += [f"{option}={value}" for value in rest[:count]] or [option]
        del rest[:count]
    return tied


def _before_options(arguments: Sequence[str], one: Set[str]) -> int:
    """Return how many arguments stand before the options at the end, given once each; there is at least one."""
    end = len(arguments)
    while end > 1:
        bare, (name, equals, _) = arguments[end - 2], arguments[end - 1].partition("=")
        if end > 2 and bare in one:
            one, end = one - {bare}, end - 2
        elif equals and name in one:
            one, end = one - {name}, end - 1
        else:
            break
    return end


def add_weights(parser: argparse._ActionsContainer) -> None:
    """Add `--weights`, the one file that the workflow reads them from."""
    parser.add_argument(
        "--weights",
        default=WEIGHTS,
        type=Path,
        metavar="FILE.npz",
        help=f"the file that python -m pipeline.weights writes (default: {WEIGHTS})",
    )


def add_results(parser: argparse._ActionsContainer) -> None:
    """Add `--results`."""
    parser.add_argument(
        "--results", default=RESULTS, type=Path, metavar="FOLDER", help=f"the results folder (default: {RESULTS})"
    )


def add_layer(parser: argparse._ActionsContainer) -> None:
    """Add `--layer`."""
    parser.add_argument("--layer", required=True, help="convolutional layer, such as block3_conv1")


def add_layers(parser: argparse._ActionsContainer) -> None:
    """Add `--layers`, a list."""
    parser.add_argument(
        "--layers",
        required=True,
        nargs="+",
        action=Names,
        metavar="LAYER",
        help="convolutional layers, such as block3_conv1 block3_conv2",
    )


def add_filters(parser: argparse._ActionsContainer, *, default: str = "") -> None:
    """Add `--filters`, a text for `selection.parse_filters`, or None where there is a `default`, which is said."""
    otherwise = f" (default: {default})" if default else ""
    parser.add_argument(
        "--filters", required=not default, help=f"rendered filters of the layer, such as 0-31,159{otherwise}"
    )
