"""The command that says what of an atlas is there, and whether it is right: `python -m pipeline.check`."""

import sys

from pipeline import errors, options
from pipeline.check import inspection
from pipeline.check.report import advice, examine, format_reasons, format_table, set_aside
from pipeline.config import file, plan
from pipeline.errors import UserError
from pipeline.pool import owner
from pipeline.results import renders


def main() -> None:
    """Print what is there; exit with 0 if the atlas is whole, with 1 if it is not."""
    parser = options.Parser(
        prog="python -m pipeline.check",
        description="Say what of an atlas is there, missing, damaged, or made otherwise than the configuration says. "
        "Exit code 0: it is whole; 1: it is not.",
    )
    file.add_options(parser)
    options.add_results(parser)
    parser.add_argument("--cores", type=int, default=owner.usable_cores(), help="processes (default: all cores)")
    parser.add_argument(
        "--set-aside",
        action="store_true",
        help=f"rename what cannot be used to *{renders.DAMAGED_ENDING}: the next run makes it anew",
    )
    arguments = parser.parse_args()
    if not arguments.results.is_dir():
        raise UserError(f"{arguments.results}: no such folder; make atlas builds an atlas there")
    planned = plan.plan(file.read(arguments.configfile, arguments.config))
    inspection.check_network(arguments.results, planned)
    report = examine(arguments.results, planned, max(1, arguments.cores))
    print(format_table(report))
    made = inspection.libraries(each for findings in report.filters.values() for each in findings)
    for versions, count in made.most_common():
        print(f"made by {versions}: {count:,} filters")
    if reasons := format_reasons(report):
        print(f"\n{reasons}")
    if arguments.set_aside and (count := set_aside(report)):
        print(f"\n{count:,} files and folders set aside as *{renders.DAMAGED_ENDING}: make atlas makes them anew")
    elif mends := advice(report):
        print(f"\n{mends}")
    if report.faults():
        sys.exit(1)


if __name__ == "__main__":
    errors.run(main)
