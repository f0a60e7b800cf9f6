"""What kfood's commands import, seen in a process of their own."""

import json
import subprocess
import sys

_LIST_MODULES = """
import contextlib, io, json, sys
from kfood.cli.main import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["kfood", *arguments]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            main()
    except SystemExit as ended:
        assert not ended.code, arguments
print(json.dumps(list(sys.modules)))
"""


def imported_by(*commands: list[str]) -> set[str]:
    """Run commands one after the other, none of which may fail, and return the names of all modules."""
    command = [sys.executable, "-c", _LIST_MODULES, json.dumps(commands)]
    return set(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
