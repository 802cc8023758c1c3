"""Options and arguments that commands have in common, and how their texts are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from terraform_like.cli.session import Session

F = TypeVar("F", bound=Callable[..., Any])


class Day(click.ParamType[date]):
    """A day, as ISO writes it."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read a day, or say how one is written."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date; write YYYY-MM-DD", param, ctx)


class Redaction(click.ParamType[tuple[str, ...]]):
    """What a report leaves out: names, amounts, both, or nothing."""

    name = "what"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Read `names,amounts`, or say what can be left out."""
        if isinstance(value, tuple):
            return value
        said = tuple(dict.fromkeys(word.strip() for word in str(value).split(",")))
        if said == ("nothing",):
            return ()
        if unknown := [word for word in said if word not in ("names", "amounts")]:
            self.fail(f"{unknown[0]!r} cannot be left out; write names, amounts, names,amounts or nothing", param, ctx)
        return said


def today() -> date:
    """Give the day in UTC, so that a plan does not depend on where the machine stands."""
    return datetime.now(UTC).date()


def global_options() -> list[click.Option]:
    """Give the options that may stand before or after the name of the command."""
    folder = click.Path(path_type=Path, file_okay=False)
    return [
        click.Option(["--chdir"], type=folder, expose_value=False, callback=_remember, help="Territory repository."),
        click.Option(["--json", "as_json"], is_flag=True, default=None, expose_value=False, callback=_remember,
                     help="Machine output, all on stdout."),
        click.Option(["--json-into"], type=click.Path(path_type=Path, dir_okay=False), expose_value=False,
                     callback=_remember, help="Write machine output to a file as well."),
        click.Option(["--no-color"], is_flag=True, default=None, expose_value=False, callback=_remember,
                     help="No colours (as NO_COLOR)."),
        click.Option(["--quiet"], is_flag=True, default=None, expose_value=False, callback=_remember,
                     help="Only results and errors."),
    ]  # fmt: skip


def _remember(context: click.Context, option: click.Parameter, value: Any) -> None:
    session = context.ensure_object(Session)
    if value is not None and option.name is not None:
        setattr(session, option.name, value)


class Command(click.Command):
    """A command that takes the global options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += global_options()


class Group(click.Group):
    """Commands that all take the global options."""

    command_class = Command


def plan_argument(function: F) -> F:
    """Take the name of a plan, which may be left out."""
    return click.argument("plan", required=False)(function)


def variable_option(function: F) -> F:
    """Take values of `vars:`."""
    option = click.option(
        "--var",
        "variables",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_as_variables,
        help="Set a variable of `vars:` anew (as TERRITORY_VAR_name).",
    )
    return option(function)


def _as_variables(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, sign, _ in pairs:
        if not sign or not name:
            raise click.BadParameter(f"write NAME=VALUE, not {name!r}", context, option)
    return {name: value for name, _, value in pairs}


def as_bands(context: click.Context, option: click.Parameter, given: str | None) -> Any:
    """Read bands of size, such as employees:500,2000."""
    from terraform_like.flow.import_segments import Bands

    try:
        return Bands.parse(given) if given is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error), context, option) from None
