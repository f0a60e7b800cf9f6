"""The sections of all runs, those of one name together, as the template shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kfood.interpretation.section import Section
from kfood.reporting.figures import FigureView, view_figure
from kfood.reporting.table_view import TableView, view_table
from kfood.run.folder import Run


@dataclass(frozen=True)
class SectionView:
    """What one run has to say on a topic; `missing` says why it has nothing."""

    run: str
    text: list[str]
    figures: list[FigureView]
    tables: list[TableView]
    missing: str


@dataclass(frozen=True)
class Topic:
    """The sections of one name, a run each. `anchor` can follow a # in a link."""

    anchor: str
    title: str
    sections: list[SectionView]


def topics_of(runs: list[Run], sections: dict[str, list[Section]]) -> list[Topic]:
    """Return the topics in the order in which the runs name them first.

    Args:
        runs: in the order of the page.
        sections: by the run's name.
    """
    titles: dict[str, str] = {}
    for run in runs:
        for section in sections.get(run.name, []):
            titles.setdefault(section.name, section.title)
    topics = []
    for number, (name, title) in enumerate(titles.items(), 1):
        anchor = f"topic-{number}-{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}"
        topics.append(Topic(anchor, title, [_view(run, name, title, sections.get(run.name, [])) for run in runs]))
    return topics


def _view(run: Run, name: str, title: str, sections: list[Section]) -> SectionView:
    section = next((section for section in sections if section.name == name), None)
    if section is None:
        return SectionView(run.name, [], [], [], "There is nothing on this for this run.")
    figures = [view_figure(name, title, path) for name, path in section.figures.items()]
    tables = [view_table(name, table) for name, table in section.tables.items()]
    return SectionView(run.name, section.text, figures, tables, section.missing)
