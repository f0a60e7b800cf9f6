"""The rooms of kfood (the files and folders of app/kfood), and which imports which.

usage: python tests/support/rooms.py [FOLDER]    prints the floors, the arrows between rooms and what breaks the rule

The rule: a room imports only rooms on floors below its own. Imports inside functions count, too.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import NamedTuple

APP = Path(__file__).parents[2] / "app" / "kfood"
FLOORS = (  # from the top
    ("api", "cli"),
    ("drift", "label_issues", "serving"),
    ("duplicates",),
    ("review",),
    ("reporting",),
    ("study", "pairs", "interpretation"),
    ("prediction",),
    ("exporting",),
    ("training",),
    ("calibration",),
    ("doctor", "evaluation"),
    ("data", "webpage"),
    ("model", "plotting", "run"),
    ("recipes", "statistics", "system"),
    ("errors",),
    ("text", "exported"),
)
FACE = "__init__"  # hands on what `api` and `errors` hold; nobody imports from it


class Arrow(NamedTuple):
    """An import: the file, the room that it belongs to, the module that it names, and that one's room."""

    file: str
    room: str
    module: str
    of: str


def arrows(app: Path = APP) -> list[Arrow]:
    """Return the imports that cross from one room into another."""
    found = []
    for path in sorted(app.rglob("*.py")):
        room = path.relative_to(app).parts[0].removesuffix(".py")
        if room.startswith("__"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for module in _named(node):
                of = (module.split(".") + [FACE])[1]
                if of != room:
                    found.append(Arrow(str(path.relative_to(app)), room, module, of))
    return found


def upward(found: list[Arrow], floors: tuple[tuple[str, ...], ...] = FLOORS) -> list[Arrow]:
    """Return the arrows that do not lead down, or lead to a room that has no floor."""
    floor = {room: number for number, rooms in enumerate(floors) for room in rooms}
    return [arrow for arrow in found if floor.get(arrow.of, -1) <= floor.get(arrow.room, len(floors))]


def module_circles(app: Path = APP) -> list[str]:
    """Return a line for each pair of modules that import each other, directly or over others, at their top."""
    graph = {}
    for path in app.rglob("*.py"):
        name = ".".join(("kfood", *path.relative_to(app).with_suffix("").parts)).removesuffix(".__init__")
        graph[name] = {module for node in ast.parse(path.read_text(encoding="utf-8")).body for module in _named(node)}
    reached = {name: _reached(graph, name) for name in graph}
    return sorted(f"{a} and {b}" for a in graph for b in reached[a] if a < b and a in reached.get(b, ()))


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    found, left = set(), list(graph[start])
    while left:
        if (name := left.pop()) not in found:
            found.add(name)
            left += graph.get(name, ())
    return found


def _named(node: ast.AST) -> list[str]:
    """Return the modules of kfood that an import statement names."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        package = (APP.parent / node.module.replace(".", "/")).is_dir()  # of one, the names are modules themselves
        names = [f"{node.module}.{alias.name}" for alias in node.names] if package else [node.module]
    else:
        names = []
    return [name for name in names if name.split(".")[0] == "kfood"]


def main() -> None:
    """Print the rooms by floor, with what each imports, and end with 1 if an arrow leads upwards."""
    app = Path(sys.argv[1]) if len(sys.argv) > 1 else APP
    found = arrows(app)
    for rooms in FLOORS:
        for room in rooms:
            print(f"{room:<15} imports {', '.join(sorted({one.of for one in found if one.room == room})) or 'nothing'}")
        print()
    pairs, up, circles = {(one.room, one.of) for one in found}, upward(found), module_circles(app)
    print(f"{sum(map(len, FLOORS))} rooms on {len(FLOORS)} floors, {len(pairs)} arrows, {len(up)} imports upwards.")
    print(*(f"upwards: {one.file} imports {one.module}" for one in up), sep="\n")
    print(*(f"circle: {circle}" for circle in circles), sep="\n")
    sys.exit(bool(up or circles))


if __name__ == "__main__":
    main()
