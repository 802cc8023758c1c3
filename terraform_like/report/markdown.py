"""A plan as one Markdown comment of a pull request: verdict first, never longer than GitHub takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from terraform_like.report.markdown_plan import plan_page
from terraform_like.report.markdown_text import harmless
from terraform_like.report.told.changes import varied
from terraform_like.report.told.plan import ToldPlan

if TYPE_CHECKING:
    from jinja2 import Environment

#: Characters that GitHub takes of a comment; counted in bytes, which are never fewer.
LONGEST = 65_536
#: What a plan may fill of them, so that a workflow can add what it found.
FILLED = LONGEST - 8_192


@dataclass(frozen=True, slots=True)
class Detail:
    """How much is told: so many changes, rows of other tables, characters of a name; and whether every book is."""

    changes: int
    rows: int
    name: int
    books: bool


#: From most to least; the last one fits whatever the plan.
LEVELS = (
    Detail(800, 1000, 300, True),
    Detail(400, 300, 200, True),
    Detail(200, 100, 160, True),
    Detail(100, 50, 120, True),
    Detail(40, 30, 100, True),
    Detail(20, 20, 80, True),
    Detail(20, 20, 80, False),
    Detail(0, 10, 60, False),
    Detail(0, 0, 60, False),
)


def plan_markdown(told: ToldPlan) -> str:
    """Give a plan as Markdown that fits into one comment, in as much detail as fits."""
    ordered = varied([change for kind in told.kinds for change in kind.changes])
    for level in LEVELS:
        page = plan_page(told, ordered[: level.changes], rows=level.rows, name=level.name, books=level.books)
        text = written("plan.md.j2", page)
        if len(text.encode()) <= FILLED:
            break
    return text


def written(template: str, page: object) -> str:
    """Give a page as a template lays it out; whatever is not marked as Markdown is made harmless."""
    text = _environment().get_template(template).render(page=page).strip("\n")
    # Parts that are not there leave their blank lines behind; no text holds one, as line ends are written out.
    return re.sub(r"\n{3,}", "\n\n", text)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("terraform_like.report"),
        autoescape=True,
        finalize=lambda value: harmless(value) if isinstance(value, str) else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
