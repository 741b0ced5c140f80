"""The command that renders one filter: `python -m pipeline.render --layer block3_conv1 --filter 159 --output x.png`."""

from __future__ import annotations

import sys

from pipeline import errors
from pipeline.pool import client
from pipeline.render.process import in_this_process


def main() -> None:
    """Render the filter that the command line names: in a running workflow's pool, or else in this process."""
    code = client.run(client.RENDER, sys.argv[1:])
    if code is not None:
        sys.exit(code)
    from pipeline.render import request as requests

    in_this_process(requests.parse(sys.argv[1:]))


if __name__ == "__main__":
    errors.run(main)
