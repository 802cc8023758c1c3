"""The commands, one function each."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from terraform_like import __version__
from terraform_like.cli.check_commands import check, test_
from terraform_like.cli.export_commands import export
from terraform_like.cli.options import Day, Group, Redaction, as_bands, global_options, plan_argument, variable_option
from terraform_like.cli.session import Session
from terraform_like.cli.state_commands import drift, state


@click.group(
    cls=Group,
    params=global_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "--version", prog_name="territory", message="%(prog)s %(version)s")
def territory() -> None:
    """Terraform for sales territories.

    What a company wants is YAML in git. `plan` reads the CRM, carves the accounts into fair books and shows what would
    change and why; `check` gates the pull request; `apply` pushes exactly what was approved.

    \b
    A first walk:
      territory init demo --example us-municipalities
      territory --chdir demo plan --save
      territory --chdir demo check
      territory --chdir demo apply
    """


territory.add_command(check)
territory.add_command(test_)
territory.add_command(state)
territory.add_command(drift)
territory.add_command(export)


@territory.command(short_help="Make a territory repository: empty, of an example, or of what a CRM holds.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--example", metavar="NAME", help="Start from an example, with real accounts and an embedded CRM.")
@click.option("--from-crm", is_flag=True, help="Import the books of the CRM that DIRECTORY/territory.yaml names.")
@click.option("--crm-setup", is_flag=True, help="Make in that CRM what `crm:` names and it lacks, and nothing else.")
@click.pass_obj
def init(session: Session, directory: Path, example: str | None, from_crm: bool, crm_setup: bool) -> int:
    """Make a territory repository in DIRECTORY, with workflows that plan, apply and watch it.

    DIRECTORY must be absent, empty or a clone of an empty repository; with --from-crm or --crm-setup it holds a
    territory.yaml. Nothing but --crm-setup changes what fields a CRM has: HubSpot gets a property for territories.

    \b
    Examples:
      territory init munis --example us-municipalities
      territory init territories --from-crm
      territory init territories --crm-setup
    """
    from terraform_like.cli.language_commands import furnish_command, init_command

    if crm_setup:
        return session.run("init", lambda: furnish_command(session, directory, example, from_crm))
    return session.run("init", lambda: init_command(session, directory, example, from_crm))


@territory.command(short_help="Check the files: all errors at once, each at its line.")
@plan_argument
@variable_option
@click.pass_obj
def validate(session: Session, plan: str | None, variables: dict[str, str]) -> int:
    """Check the files: all errors at once, each at its line. Needs no CRM and no solver."""
    from terraform_like.cli.language_commands import validate_command

    return session.run("validate", lambda: validate_command(session, plan, variables))


@territory.command(short_help="Read the CRM, carve, and show what would change and why.")
@plan_argument
@click.option("--save", is_flag=True, help="Write plan.json, assignments.csv and the snapshot, for review in git.")
@click.option("--detailed-exitcode", is_flag=True, help="End with 2 when there are changes.")
@click.option("--as-of", type=Day(), help="Day that owners and holders are for.  [default: today, UTC]")
@click.option("--all-changes", is_flag=True, help="Show every change; else each kind folds.")
@click.option(
    "--refresh",
    is_flag=True,
    help="Leave every account where it may stay, whatever the bands, and place the others: new accounts, "
    "and those that grew out of their segment. For a schedule.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="End the carve after so long with the best plan so far, which is marked as one that cannot be repeated.",
)
@click.option(
    "--executor",
    metavar="WHERE",
    help="Where components are carved: here, processes or dask:ADDRESS.  [default: here, or processes where that pays]",
)
@variable_option
@click.pass_obj
def plan(
    session: Session,
    plan: str | None,
    save: bool,
    detailed_exitcode: bool,
    as_of: date | None,
    all_changes: bool,
    refresh: bool,
    time_limit: float | None,
    executor: str | None,
    variables: dict[str, str],
) -> int:
    """Read the CRM, carve, and show what would change and why.

    \b
    Examples:
      territory plan --save
      territory plan fy27 --as-of 2027-02-01 --detailed-exitcode
      territory plan --refresh --save
    """

    from terraform_like.cli.planning import plan_command

    return session.run(
        "plan",
        lambda: plan_command(
            session,
            plan,
            save=save,
            detailed_exitcode=detailed_exitcode,
            as_of=as_of,
            all_changes=all_changes,
            variables=variables,
            time_limit=time_limit,
            executor=executor,
            refresh=refresh,
        ),
    )


@territory.command(short_help="Show the saved plan in full, or what it means for one person.")
@plan_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "svg", "png", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="markdown is one comment of a pull request, never too long; html one page that needs no network; svg and png "
    "are pictures for slides; jsonl is one change a line.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@click.option("--person", metavar="NAME", help="Show what changes for one person, and what they have then.")
@click.option(
    "--redact",
    type=Redaction(),
    help="Leave out names, amounts or both (names,amounts), beside what territory.yaml says; nothing shows all.",
)
@click.option("--all-changes/--fold", default=True, help="Show every change (the default), or fold each kind.")
@click.option("--as-of", type=Day(), help="Show who is on which territory on that day instead.")
@click.pass_obj
def show(
    session: Session,
    plan: str | None,
    form: Any,
    out: Path | None,
    person: str | None,
    redact: tuple[str, ...] | None,
    all_changes: bool,
    as_of: date | None,
) -> int:
    """Show the saved plan, stale or not; with --as-of, who owns, holds and covers each territory on a day.

    \b
    Examples:
      territory show --format markdown --redact names --out comment.md
      territory show --person jane.doe
      territory show --as-of 2027-07-15
    """
    from terraform_like.cli.showing import show_command

    if as_of is not None and (form != "text" or person is not None):
        raise click.UsageError("--as-of shows a day of the whole plan as text: leave out --format and --person.")
    return session.run(
        "show",
        lambda: show_command(
            session,
            plan,
            form=form,
            out=out,
            all_changes=all_changes,
            as_of=as_of,
            person=person,
            redact=redact,
        ),
    )


@territory.command(short_help="Say why an account or a territory is as it is.")
@click.argument("address")
@plan_argument
@click.pass_obj
def explain(session: Session, address: str, plan: str | None) -> int:
    """Say why an account or a territory of the saved plan is as it is, and what the alternatives would cost.

    ADDRESS is account.ID, territory.NAME or slot.NAME. Needs neither the CRM nor a solver.
    """
    from terraform_like.flow.explain import explain as flow

    def work() -> int:
        repository = session.repository(offline=True)
        found, report = flow(repository, repository.choose(plan), address)

        def text(color: bool) -> str:
            from terraform_like.report.text_explain import explained_text

            return explained_text(found, color=color, width=session.width)

        return session.finish("explain", found, report, text)

    return session.run("explain", work)


@territory.command(short_help="Sign the saved plan, where policies ask for sign-offs.")
@plan_argument
@click.option("--as", "person", metavar="PERSON", required=True, help="Who approves it, as the policies name people.")
@click.pass_obj
def approve(session: Session, plan: str | None, person: str) -> int:
    """Sign the saved plan: write a file with its digest and your name, to be committed; a new plan needs a new one."""
    from terraform_like.flow.approve import approve as flow

    def work() -> int:
        repository = session.repository(offline=True)
        signed, report = flow(repository, repository.choose(plan), person)
        text = f"Signed {signed.plan} at {signed.digest[:12]} as {person}. Commit {signed.file}."
        return session.finish("approve", signed, report, lambda _: text)

    return session.run("approve", work)


@territory.command(short_help="Push the saved plan to the CRM: exactly that, once.")
@plan_argument
@click.option("--auto-approve", is_flag=True, help="Do not ask; needed where there is no terminal.")
@click.option("--allow", metavar="LIMIT", multiple=True, help="Lift a safety limit by name, `changes` or `territory`.")
@click.option("--lock-timeout", type=click.FloatRange(min=0), default=0.0, metavar="S", help="Seconds to wait.")
@click.option("--as-of", type=Day(), help="Day that is to be true in the CRM.  [default: today, UTC]")
@click.option("--dry-run", "only_shown", is_flag=True, help="Show the steps; write nothing, take no lock.")
@click.option("--all-changes", is_flag=True, help="Show every step or change; else the first of them.")
@click.pass_obj
def apply(
    session: Session,
    plan: str | None,
    auto_approve: bool,
    allow: tuple[str, ...],
    lock_timeout: float,
    as_of: date | None,
    only_shown: bool,
    all_changes: bool,
) -> int:
    """Push the saved plan to the CRM: exactly that, once; run again, it continues where it stopped.

    Run every day, it carries out what the plan says of that day: people who start or leave, slots that are filled.

    \b
    Examples:
      territory apply --dry-run
      territory apply --auto-approve --lock-timeout 600
      territory apply --allow changes
    """
    from terraform_like.cli.applying import apply_command

    def work() -> int:
        return apply_command(
            session, plan, auto_approve, allow, lock_timeout, as_of, only_shown=only_shown, all_changes=all_changes
        )

    return session.run("apply", work)


@territory.command(short_help="Lay out the YAML; comments stay where they belong.")
@plan_argument
@click.option("--check", is_flag=True, help="Write nothing; end with 3 when a file is not laid out.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.pass_obj
def fmt(session: Session, plan: str | None, check: bool, diff: bool) -> int:
    """Lay out territory.yaml, the plans and the policies: one order of keys, comments and meaning as they were."""
    from terraform_like.cli.language_commands import fmt_command

    return session.run("fmt", lambda: fmt_command(session, plan, check, diff))


@territory.command("import", short_help="Write the books that the CRM has today as a plan.")
@click.option("--name", default="current", show_default=True, help="Name of the plan.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder.  [default: plans/NAME]")
@click.option(
    "--by",
    type=click.Choice(["today", "territory", "owner"]),
    default="today",
    show_default=True,
    help="today: nothing changes; territory, owner: each book goes to who has most of it.",
)
@click.option(
    "--segments",
    "bands",
    metavar="COLUMN:N,N",
    callback=as_bands,
    help="Segments by size, such as employees:500,2000.",
)
@click.option("--family", metavar="COLUMN", help="Column with the parent's id: families come together.")
@click.pass_obj
def import_(session: Session, name: str, out: Path | None, by: Any, bands: Any, family: str | None) -> int:
    """Write the books that the CRM has today as a plan, which changes nothing.

    Reads owners, territories, users and the columns that are asked for; writes nothing to the CRM, overwrites no file.
    """
    from terraform_like.cli.language_commands import import_command

    return session.run("import", lambda: import_command(session, name, by=by, bands=bands, family=family, out=out))


@territory.command(short_help="Write schemas/, by which editors complete and explain.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; end with 1 when schemas/ is not up to date.")
@click.pass_obj
def schema(session: Session, only_check: bool) -> int:
    """Write schemas/: JSON Schemas by which editors complete and explain."""
    from terraform_like.flow.schema import check_schemas, write_schemas

    def work() -> int:
        changed, report = (check_schemas if only_check else write_schemas)(session.chdir)
        told = "schemas/ is up to date." if not changed else f"Wrote {', '.join(changed)}."
        return session.finish("schema", {"changed": changed}, report, lambda _: "" if report.failed else told)

    return session.run("schema", work)


@territory.command(short_help="Say which version this is.")
@click.pass_obj
def version(session: Session) -> int:
    """Say which version this is."""
    from terraform_like.diagnostics import Report

    def work() -> int:
        return session.finish("version", {"version": __version__}, Report(), lambda _: f"territory {__version__}")

    return session.run("version", work)
