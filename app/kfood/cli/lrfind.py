"""`kfood lrfind [RECIPE]`."""

from typing import Annotated

import typer

from kfood.cli import options


def lrfind(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe or your own .toml file.")] = "pair",
    data: options.Data = None,
    settings: options.Settings = None,
    seeds: Annotated[int, typer.Option(min=1, help="Number of trials, each with a seed of its own.")] = 3,
    iterations: Annotated[int, typer.Option(min=40, help="Optimizer steps in a trial.")] = 100,
    runs: options.Runs = options.RUNS,
    device: options.Device = None,
) -> None:
    """Find a learning rate with fastai's lr_find, over several seeds."""
    from kfood.cli.render import print_table
    from kfood.recipes.load import load_recipe
    from kfood.system import logs
    from kfood.training.first_look import look_first

    resolved = load_recipe(recipe, settings or [], data)
    look_first(resolved)
    with logs.shown():
        from kfood.training.lr_find import find_learning_rate

        found, folder = find_learning_rate(resolved, runs, seeds, iterations)
    print_table(f"Learning rates suggested for {resolved.name}", found.spread().reset_index(names="rule"), "{:.2g}")
    typer.echo(f"Curve: {folder / 'curve.png'}")
    typer.echo(f"Use it: kfood train {recipe} --lr {found.lr:.2g}   (or --lr auto)")
