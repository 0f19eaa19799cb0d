"""Say at once, before anything is installed, that this Python is too old or incomplete."""

import importlib.util
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - run by whatever Python is there
    sys.exit(
        f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. "
        "Name another one: make PYTHON=python3.12 ..."
    )
if importlib.util.find_spec("ensurepip") is None:
    sys.exit("This Python has no ensurepip. On Debian or Ubuntu: apt-get install python3-venv")
