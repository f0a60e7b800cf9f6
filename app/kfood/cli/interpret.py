"""`kfood interpret [RUN]`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from kfood.cli import options


class InterpretCommand(TyperCommand):
    """Lets `--top-losses 20` stand for `--top-losses -n 20`, and `--cam PHOTO` for `--cam --photo PHOTO`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - newer typers carry click inside
        """Put the option in between that the value belongs to."""
        spelled_out: list[str] = []
        for word in args:
            before = spelled_out[-1] if spelled_out else ""
            if before == "--top-losses" and word.isdigit():
                spelled_out.append("-n")
            if before == "--cam" and Path(word).is_file():
                spelled_out.append("--photo")
            spelled_out.append(word)
        return super().parse_args(ctx, spelled_out)


def interpret(
    run: options.FinishedRun = None,
    top_losses: Annotated[
        bool, typer.Option("--top-losses", help="Photos with the highest loss; --top-losses 20 shows 20.")
    ] = False,
    confusion: Annotated[bool, typer.Option("--confusion", help="Confusion matrix and confused pairs.")] = False,
    per_class: Annotated[bool, typer.Option("--per-class", help="Recall, precision and F1 by class.")] = False,
    wrong: Annotated[bool, typer.Option("--wrong", help="Wrong photos beside the class they were taken for.")] = False,
    calibration: Annotated[
        bool, typer.Option("--calibration", help="Can the probabilities be believed? Accuracy on the surest photos.")
    ] = False,
    cam: Annotated[
        bool, typer.Option("--cam", help="Where the network looks; --cam PHOTO: on a photo of yours.")
    ] = False,
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            help="Of --cam: cam, occlusion, layercam or integrated-gradients. Give several to see them side by side.",
            show_default=False,
        ),
    ] = None,
    colour: Annotated[bool, typer.Option("--colour", help="Does it go by colour? Predicts in other colours.")] = False,
    n: Annotated[int, typer.Option("-n", min=1, max=100, help="Photos in a gallery.")] = 9,
    of: Annotated[str, typer.Option("--class", help="Galleries of this class only.", show_default=False)] = "",
    pair: Annotated[
        tuple[str, str] | None,
        typer.Option("--pair", help="Galleries of two classes taken for each other.", show_default=False),
    ] = None,
    order: Annotated[
        options.Order, typer.Option("--order", help="Of the confusion matrix: similar puts look-alikes together.")
    ] = options.Order.name,
    split: Annotated[str, typer.Option(help="test or valid.")] = "test",
    photo: Annotated[Path | None, typer.Option("--photo", hidden=True, exists=True, dir_okay=False)] = None,
    runs: options.Runs = options.RUNS,
    device: options.Device = None,
) -> None:
    """Explain a finished run in pictures and tables; with no option, all of them."""
    from kfood.cli.render import print_table
    from kfood.errors import KfoodError, require_choice
    from kfood.interpretation.interpret import FIGURES, interpret_run
    from kfood.interpretation.section import CAM, METHODS, Request
    from kfood.run.find import find_run
    from kfood.system import logs

    flags = (top_losses, confusion, per_class, wrong, calibration, cam, colour)
    chosen = [name for name, wanted in zip(FIGURES, flags, strict=True) if wanted] or list(FIGURES)
    methods = tuple(dict.fromkeys(method or [CAM]))
    for each in methods:
        require_choice(each, METHODS, "--method")
    request = Request(split, n, of, pair or (), order == options.Order.similar, photo, methods)
    with logs.shown():
        sections = interpret_run(find_run(run, runs), chosen, request)
    if all(section.missing for section in sections):
        raise KfoodError(sections[0].missing)
    for section in sections:
        for title, table in section.tables.items():
            print_table(title, table)
        for line in section.text:
            typer.echo(line)
        for figure in section.figures.values():
            typer.echo(f"Figure: {figure}")
        if section.missing:
            typer.echo(f"Not shown, {section.title[:1].lower()}{section.title[1:]}: {section.missing}", err=True)
