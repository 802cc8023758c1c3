"""What explains an account or a territory, for a terminal."""

from __future__ import annotations

from terraform_like.plan.explained import AccountExplained, TerritoryExplained
from terraform_like.report.terminal import WIDTH, rendered
from terraform_like.report.text_account import account_blocks
from terraform_like.report.text_territory import territory_blocks


def explained_text(found: AccountExplained | TerritoryExplained, *, color: bool, width: int = WIDTH) -> str:
    """Give an explanation.

    Parameters
    ----------
    found : AccountExplained or TerritoryExplained
        What was found.
    color : bool
        Whether escape codes may be used.
    width : int
        Columns of the terminal.
    """
    blocks = account_blocks(found) if isinstance(found, AccountExplained) else territory_blocks(found)
    return rendered(blocks, color=color, width=width)
