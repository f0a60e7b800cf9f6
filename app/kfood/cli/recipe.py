"""`kfood recipe ls | show | cp | check`."""

from pathlib import Path
from typing import Annotated

import typer

from kfood.cli import options

app = typer.Typer(help="List, show, copy and check recipes.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A shipped recipe or the path of a .toml file.")]


@app.command("ls")
def ls() -> None:
    """List the shipped recipes."""
    from kfood.recipes.load import shipped_recipes, summaries

    for line in summaries(shipped_recipes()):
        typer.echo(line)


@app.command("show")
def show(
    name: Name,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="As it will be trained: extended, with every default.")
    ] = False,
    data: options.Data = None,
    settings: options.Settings = None,
) -> None:
    """Print a recipe as it is written, or as it will be trained."""
    from kfood.recipes.load import find_recipe, load_recipe, read_text

    if not resolved and not settings and not data:
        typer.echo(read_text(find_recipe(name)), nl=False)
        return
    import tomli_w

    typer.echo(tomli_w.dumps(load_recipe(name, settings or [], data).model_dump(mode="json")), nl=False)


@app.command("cp")
def cp(name: Name, file: Annotated[Path, typer.Argument(help="The new file, ending in .toml.")]) -> None:
    """Copy a recipe to a file of yours, to change it."""
    from kfood.recipes.load import find_recipe, read_text
    from kfood.system.files import require_new_toml, write_text

    require_new_toml(file, "recipe")
    write_text(file, read_text(find_recipe(name)))
    typer.echo(f"Change {file}, then: kfood recipe check {file} and kfood train {file}")


@app.command("check")
def check(name: Name, settings: options.Settings = None) -> None:
    """Check a recipe: its keys and values, what it extends, its network."""
    from kfood.recipes.load import load_recipe

    recipe = load_recipe(name, settings or [])
    from kfood.model.body import timm_name

    timm_name(recipe.model.arch)
    typer.echo(f"{name} is right.")
