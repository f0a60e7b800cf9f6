"""`kfood study run | status | show | report | export | plan | new | check | ls`."""

import inspect
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kfood.cli import options
from kfood.errors import KfoodError, require_choice

if TYPE_CHECKING:
    from kfood.study.session import Session

app = typer.Typer(
    help="Run a study: tables of rows, each trained with several seeds and compared.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(metavar="STUDY", help="A shipped study or the path of a .toml file.")]
Tables = Annotated[
    list[str] | None, typer.Option("--table", help="Only this table. May be repeated.", show_default=False)
]
BudgetName = Annotated[str, typer.Option("--budget", help="One of the study's budgets: smoke, small or full.")]
Seeds = Annotated[
    int | None, typer.Option(help="Trainings a row. Default: what the budget says.", min=1, show_default=False)
]
Greedy = Annotated[
    bool, typer.Option("--greedy/--as-reported", help="Go on from our own winner, or from the report's.")
]
Storage = Annotated[
    str | None,
    typer.Option(
        help="URL of a database where workers meet, such as postgresql://user:password@host/name. Default: a file in "
        "the folder of runs.",
        envvar="KFOOD_STORAGE",
        show_default=False,
    ),
]

OpenSession = Callable[..., "Session"]  # with to_train=True, what no photo is needed to see is checked first
_SHOWN = 10  # combinations


def _with_session(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the study's options, and what opens the session that they ask for as its first argument."""

    @wraps(command)
    def wrapped(**given: Any) -> None:  # noqa: ANN401 - the command's own
        asked = {name: given.pop(name) for name in inspect.signature(_asked_for).parameters}
        command(_asked_for(**asked), **given)

    _, *own = inspect.signature(command).parameters.values()
    shared = [*inspect.signature(_asked_for).parameters.values(), *own]
    arguments = [one for one in shared if one.default is one.empty]
    signature = inspect.Signature([*arguments, *(one for one in shared if one not in arguments)])
    vars(wrapped)["__signature__"] = signature
    wrapped.__annotations__ = {one.name: one.annotation for one in shared}
    return wrapped


def _asked_for(
    name: Name,
    tables: Tables = None,
    budget: BudgetName = "small",
    seeds: Seeds = None,
    data: options.Data = None,
    greedy: Greedy = False,
    storage: Storage = None,
    runs: options.Runs = options.RUNS,
) -> OpenSession:
    from kfood.study.session import open_session

    return partial(open_session, name, tables or [], budget, seeds, data, greedy, storage, runs)


@app.command("ls")
def ls() -> None:
    """List the shipped studies."""
    from kfood.recipes.load import summaries
    from kfood.study.load import shipped_studies

    for line in summaries(shipped_studies()):
        typer.echo(line)


@app.command("check")
def check(name: Name) -> None:
    """Check a study: its keys, and every row's recipe."""
    from kfood.study.load import load_study

    study = load_study(name)
    rows = sum(len(table.rows) for table in study.tables)
    typer.echo(f"{name} is right: tables {len(study.tables)}, rows {rows}, budgets {', '.join(study.budgets)}.")


@app.command("new")
def new(file: Annotated[Path, typer.Argument(help="The new file, ending in .toml.")]) -> None:
    """Write a small study of your own to a file, to change it."""
    from kfood.study.new import write_example

    write_example(file)
    typer.echo(f"Change {file}, then: kfood study check {file} and kfood study run {file} --budget small")


@app.command("run")
@_with_session
def run(
    open_session: OpenSession,
    workers: Annotated[int, typer.Option(help="Processes on this machine.", min=1)] = 1,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what has failed.")] = False,
) -> None:
    """Train what is not trained yet; the same command elsewhere, or again after a stop, joins in."""
    from kfood.system import logs

    with logs.shown("kfood.study"):
        from kfood.study.work import work
        from kfood.study.workers import other_workers
        from kfood.training.stop import stop_on_signals

        session = open_session(to_train=True)
        if retry:
            session.queue.retry(session.progress().failed)
        with stop_on_signals() as stop, other_workers(workers):
            work(session, stop)
    _show(session)


@app.command("status")
@_with_session
def status(open_session: OpenSession) -> None:
    """Say how far a study is: rows done, being trained, failed and waiting."""
    from kfood.cli.render import print_table
    from kfood.study.status import status_table

    session = open_session()
    print_table(f"{session.terms.study.name}, {session.terms.budget.about}", status_table(session.progress()))


@app.command("show")
@_with_session
def show(open_session: OpenSession) -> None:
    """Show the tables: ours with intervals and verdicts, and the report's figures beside them."""
    _show(open_session())


@app.command("report")
@_with_session
def report(
    open_session: OpenSession,
    out: Annotated[Path | None, typer.Option(help="The file to write.", show_default=False)] = None,
) -> None:
    """Write one HTML page with all tables, which needs no other file and no network."""
    from kfood.reporting.study_page import write_study_page

    session = open_session()
    now = session.progress()
    page = write_study_page(session.results(now), session.terms, now, out or session.folder / "report.html")
    typer.echo(f"Written: {page} ({page.stat().st_size / 1e6:.1f} MB)")


@app.command("export")
@_with_session
def export(
    open_session: OpenSession,
    folder: Annotated[Path, typer.Argument(help="Where the tables are written.")],
) -> None:
    """Write the tables as CSV and Markdown."""
    from kfood.study.export import export_study

    session = open_session()
    for path in export_study(session.results(session.progress()), folder):
        typer.echo(f"Written: {path}")


@app.command("search")
def search(
    name: Name,
    method: Annotated[
        str, typer.Option(help="grid: all combinations; tpe: by what did well; halving: many cheaply, few in full.")
    ] = "halving",
    combinations: Annotated[int, typer.Option(help="How many are tried; the grid tries all.", min=1)] = 30,
    tables: Tables = None,
    budget: BudgetName = "small",
    seeds: Seeds = 1,
    data: options.Data = None,
    storage: Storage = None,
    runs: options.Runs = options.RUNS,
) -> None:
    """Search over the combinations of the tables' rows, as the report had no time to do."""
    from kfood.cli.render import print_table
    from kfood.system import logs

    with logs.shown("kfood.study"):
        from kfood.study.search import Method, spent
        from kfood.study.search import search as search_combinations
        from kfood.study.status import greedy_in_words
        from kfood.training.stop import stop_on_signals

        require_choice(method, [one.value for one in Method], "--method")
        session = _asked_for(name, tables, budget, seeds, data, storage=storage, runs=runs)(to_train=True)
        with stop_on_signals() as stop:
            found = search_combinations(session, Method(method), combinations, stop)
    terms = session.terms
    title = f"The best of {len(found)} (seeds of each: {terms.seeds}; {terms.budget.about})"
    print_table(title, found.head(_SHOWN), "{:.4f}")
    typer.echo(spent(found))
    typer.echo(greedy_in_words(session))
    typer.echo("The test accuracy is of what was chosen on validation; the best of many is chosen with luck, too.")


@app.command("plan")
def plan(
    name: Name,
    tables: Tables = None,
    budget: BudgetName = "full",
    seeds: Seeds = None,
    data: options.Data = None,
    runs: options.Runs = options.RUNS,
) -> None:
    """Say what a study takes on this machine: rows, photos, epochs, and hours by a short measurement."""
    from kfood.cli.render import print_table
    from kfood.system import logs

    with logs.shown("kfood.study"):
        from kfood.study.status import study_cost
        from kfood.system.progress import duration

        cost = study_cost(_asked_for(name, tables, budget, seeds, data, runs=runs)(to_train=True))
    print_table(f"{name}, {budget}", cost, "{:.2f}")
    typer.echo(f"At most about {duration(3600 * cost['hours'].sum())} in all.")


def _show(session: "Session") -> None:
    from kfood.cli.render import print_table

    results = session.results(session.progress())
    for result in results:
        print_table(f"{result.table.title} ({session.terms.budget.about})", result.rows, "{:.4f}")
        for sentence in result.sentences:
            typer.echo(sentence)
    if not results:
        raise KfoodError("No table is planned.")
