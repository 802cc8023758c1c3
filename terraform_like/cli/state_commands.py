"""`territory state` (list, show, history, unlock, rollback) and `territory drift`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import click

from terraform_like.cli.options import Command, Day, Group, plan_argument
from terraform_like.cli.session import CHANGES, DONE, Session


@click.group("state", cls=Group, short_help="What was applied, when, by whom and by which plan.")
def state() -> None:
    """Say what was applied, when, by whom and by which plan."""


@state.command("list", short_help="The books as they were last put.")
@click.pass_obj
def list_(session: Session) -> int:
    """List the books as they were last put, the last apply of each plan, and who holds the lock."""
    from terraform_like.flow.state import list_state

    def work() -> int:
        listed, report = list_state(session.repository())

        def text(color: bool) -> str:
            from terraform_like.report.state import NOTHING, listed_text

            if listed is None:
                return NOTHING
            holder = listed.holder
            lock = f"{holder}, ID {holder.id}" if holder else ""
            return listed_text(
                listed.lineage, listed.serial, lock, listed.last, listed.books, color=color, width=session.width
            )

        return session.finish("state list", listed, report, text)

    return session.run("state list", work)


@state.command(short_help="Where an account or a territory was put, and what was done to the account.")
@click.argument("address")
@click.pass_obj
def show(session: Session, address: str) -> int:
    """Show where an account, or each account of a territory or slot, was last put, and all that was done to an account.

    ADDRESS is account.ID, territory.NAME or slot.NAME. Owners and holders are the CRM's user ids.
    """
    from terraform_like.flow.state import show_state

    def work() -> int:
        shown, report = show_state(session.repository(), address)

        def text(color: bool) -> str:
            from terraform_like.report.state import shown_text

            return shown_text(shown.address, shown.held, shown.events, color=color, width=session.width)

        return session.finish("state show", shown, report, text)

    return session.run("state show", work)


@state.command(short_help="Every apply that came to an end, the oldest first.")
@plan_argument
@click.pass_obj
def history(session: Session, plan: str | None) -> int:
    """Show every apply that came to an end, of PLAN or of all plans, the oldest first."""
    from terraform_like.flow.state import state_history

    def work() -> int:
        entries, report = state_history(session.repository(), plan)

        def text(color: bool) -> str:
            from terraform_like.report.state import history_text

            return history_text(entries, color=color, width=session.width)

        return session.finish("state history", entries, report, text)

    return session.run("state history", work)


@state.command(short_help="Take the lock from an apply that is gone.")
@click.argument("lock_id", metavar="ID")
@click.pass_obj
def unlock(session: Session, lock_id: str) -> int:
    """Take the lock from an apply that is gone; ID is the one that whoever met the lock was told.

    A state in SQLite needs this never: its lock is the operating system's and ends with its process. On PostgreSQL the
    lock ends with its connection; should a host be gone and its connection not, this ends it.
    """
    from terraform_like.flow.state import unlock_state

    def work() -> int:
        holder, report = unlock_state(session.repository(), lock_id)
        return session.finish("state unlock", holder, report, lambda _: f"Unlocked. It was held by {holder}.")

    return session.run("state unlock", work)


@state.command(short_help="Save a plan that puts accounts back where they were after an apply.")
@click.argument("serial", type=click.IntRange(min=0))
@plan_argument
@click.option("--as-of", type=Day(), help="Day that the owners of territories are for.  [default: today, UTC]")
@click.pass_obj
def rollback(session: Session, serial: int, plan: str | None, as_of: date | None) -> int:
    """Save a plan that puts accounts back where they were when the apply with that SERIAL ended.

    Nothing is carved: accounts that later applies changed get the territory and the owner of that day, all others stay
    as they are. The plan is reviewed, judged and applied like any other. 0 goes back to before the first apply.
    """
    from terraform_like.cli.planning import rollback_command

    return session.run("state rollback", lambda: rollback_command(session, serial, plan, as_of))


@click.command(cls=Command, short_help="The CRM against what was last applied.")
@plan_argument
@click.option("--adopt", is_flag=True, help="Pin accounts in the YAML to where they are now, for a pull request.")
@click.option("--detailed-exitcode", is_flag=True, help="End with 2 when something drifted.")
@click.pass_obj
def drift(session: Session, plan: str | None, adopt: bool, detailed_exitcode: bool) -> int:
    """Compare the CRM with what was last applied: what was changed, by whom where the CRM says, what is gone or new.

    Accounts that are new are told and are no drift. With --adopt the YAML follows the CRM: accounts are pinned to the
    territories that they are in now, or that their new owner owns, and a territory that went to one person as a whole
    gets that owner. Comments stay.
    """
    from terraform_like.flow.drift import drift as flow

    def work() -> int:
        repository = session.repository()
        day = datetime.now(UTC).date()
        found, report = flow(repository, repository.choose(plan), day)
        files: tuple[str, ...] = ()
        if adopt and found.changed:
            from terraform_like.flow.adopt import adopt as adopting

            files, said = adopting(repository, found, day)
            report.extend(said)

        def text(color: bool) -> str:
            from terraform_like.report.drift import drift_text

            pinned = f"\nPinned in {', '.join(files)}. Next: territory plan --save" if files else ""
            return drift_text(found, color=color, width=session.width) + pinned

        result = {"drifted": found.drifted, "plan": found.plan, "changed": found.changed, "gone": _placed(found.gone),
                  "new": _placed(found.new), "adopted_in": files}  # fmt: skip
        code = CHANGES if detailed_exitcode and found.drifted else DONE
        return session.finish("drift", result, report, text, code)

    return session.run("drift", work)


def _placed(accounts: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    return [{"account": account, "place": place} for account, place in accounts]
