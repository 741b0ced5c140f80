"""A command that wants TensorFlow, done by a warm worker of the running workflow's pool, or else in this process:
`python -m pipeline.pool photographs.scan …`."""

import importlib
import sys

from pipeline import errors
from pipeline.pool import client


def main() -> None:
    """Do what the command that is named first does with the arguments that follow it."""
    command, *arguments = sys.argv[1:] or [""]
    if command not in client.COMMANDS or command == client.RENDER:
        known = ", ".join(each for each in client.COMMANDS if each != client.RENDER)
        raise errors.UserError(f"{command!r}: should be one of {known}; a filter: python -m pipeline.render")
    code = client.run(command, arguments)
    if code is not None:
        sys.exit(code)
    module = importlib.import_module(client.COMMANDS[command])
    sys.argv = [module.__name__, *arguments]
    module.main()


if __name__ == "__main__":
    errors.run(main)
