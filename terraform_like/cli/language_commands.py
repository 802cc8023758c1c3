"""Commands on the files: `fmt`, `init`, `validate` and `import`, and what a CRM needs before them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from terraform_like.cli.session import DONE, Session

if TYPE_CHECKING:
    from terraform_like.flow.fmt import Formatted
    from terraform_like.flow.import_books import By
    from terraform_like.flow.import_crm import Imported
    from terraform_like.flow.import_segments import Bands

#: `fmt --check` found files in another layout.
NOT_LAID_OUT = 3


def fmt_command(session: Session, plan: str | None, check: bool, diff: bool) -> int:
    """Lay out the files, or tell which are not; give the exit code."""
    from terraform_like.flow.fmt import fmt

    formatted, report = fmt(session.chdir, plan, write=not (check or diff))
    code = NOT_LAID_OUT if check and formatted.changed else DONE
    return session.finish("fmt", formatted, report, lambda _: _formatted(formatted, check, diff), code)


def _formatted(formatted: Formatted, check: bool, diff: bool) -> str:
    from terraform_like.diagnostics import counted
    from terraform_like.report.escape import escaped

    if diff:
        return escaped(formatted.diff, keep="\n\t")
    if not formatted.changed:
        return f"Nothing to lay out in {counted(len(formatted.files), 'file')}."
    done = "is not laid out" if check else "is laid out anew"
    return "\n".join(f"{escaped(file)} {done}" for file in formatted.changed)


def init_command(session: Session, directory: Path, example: str | None, from_crm: bool) -> int:
    """Make a territory repository; give the exit code."""
    from terraform_like.flow.init import init

    folder = session.chdir / directory
    with session.progress() as tell:
        tell("Reading the CRM" if from_crm else "Copying")
        made, report = init(folder, example=example, from_crm=from_crm)

    def text(_: bool) -> str:
        there = [] if folder.resolve() == Path.cwd() else ["--chdir", str(folder)]
        command = shlex.join(["territory", *there])
        if made.imported is not None:
            uncommitted = "" if made.commit else "Commit what is new there first. "
            return (
                f"{_imported(session, made.imported, False)}\n"
                f"{uncommitted}Next: {command} plan {made.imported.plan} --save"
            )
        if example:
            return f"Made {folder}, a territory repository with an embedded CRM. Next: {command} plan"
        return f"Made {folder}. Next: say in territory.yaml where the CRM is, then {command} validate"

    return session.finish("init", made, report, text)


def furnish_command(session: Session, directory: Path, example: str | None, from_crm: bool) -> int:
    """Make in the CRM what it lacks; give the exit code."""
    from terraform_like.flow.furnish import furnish
    from terraform_like.report.escape import escaped

    with session.progress() as tell:
        tell("Asking the CRM")
        furnished, report = furnish(session.chdir / directory, alone=example is None and not from_crm)

    def text(_: bool) -> str:
        if not furnished.made:
            return "Nothing to make: the CRM has what `crm:` of territory.yaml names."
        return "\n".join(["Made in the CRM:", *(f"- {escaped(one)}" for one in furnished.made)])

    return session.finish("init", furnished, report, text)


def validate_command(session: Session, plan: str | None, variables: dict[str, str]) -> int:
    """Check the files; give the exit code."""
    from terraform_like.diagnostics import counted
    from terraform_like.flow.validate import validate as flow

    repository = session.repository(offline=True)
    names = [repository.choose(plan)] if plan is not None or not repository.plans else repository.plans
    validated, report = flow(repository, names, session.overrides(variables))

    def text(_: bool) -> str:
        lines = []
        for one in validated:
            parts = (
                counted(one.segments, "segment"),
                counted(one.territories, "territory", "territories"),
                counted(one.slots, "slot"),
                counted(one.people, "person", "people"),
                counted(one.policies, "policy", "policies"),
            )
            lines.append(f"{one.plan} is valid: {', '.join(parts)}.")
            if one.columns is None:
                lines.append(f"Not checked: columns of the CRM. territory plan {one.plan} --save records them.")
        return "\n".join(lines)

    return session.finish("validate", validated, report, text)


def import_command(
    session: Session, name: str, *, by: By, bands: Bands | None, family: str | None, out: Path | None
) -> int:
    """Write the CRM's books as a plan; give the exit code."""
    from terraform_like.flow.import_crm import import_crm

    repository = session.repository()
    folder = session.chdir / out if out is not None else None
    with session.progress() as tell:
        tell("Reading the CRM")
        imported, report = import_crm(repository, name, by=by, bands=bands, family=family, out=folder)
    return session.finish("import", imported, report, lambda _: _imported(session, imported, out is None))


def _imported(session: Session, imported: Imported, in_plans: bool) -> str:
    from terraform_like.diagnostics import counted

    books = [counted(imported.territories, "territory", "territories")]
    if imported.shared:
        books.append(f"{counted(imported.shared, 'book')} without one owner")
    lines = [
        f"Wrote {', '.join(imported.files)}:",
        f"{', '.join(books)} and {counted(imported.people, 'person', 'people')}, "
        f"with {counted(imported.accounts, 'account')}.",
    ]
    if imported.left_out:
        lines.append(f"Left out, since no book has them: {counted(imported.left_out, 'account')}.")
    changes = f"{counted(imported.changes, 'account')}" if imported.changes else "nothing"
    lines.append(f"The first plan changes {changes}.")
    if in_plans and not session.quiet:
        here = [] if session.chdir.resolve() == Path.cwd() else ["--chdir", str(session.chdir)]
        lines += ["", f"  {shlex.join(['territory', *here, 'plan', imported.plan])}"]
    return "\n".join(lines)
