"""Where the API has what: the one place that knows its versions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths of one version of the API: by date, or the older `v3`.

    Parameters
    ----------
    api : str
        The version, as `2026-09` or `v3`.
    """

    api: str

    @property
    def companies(self) -> str:
        """Companies: a list, and `/batch/read` and `/batch/update` below it."""
        return "/crm/v3/objects/companies" if self.api == "v3" else f"/crm/objects/{self.api}/companies"

    @property
    def owners(self) -> str:
        """Owners, a list."""
        return f"/crm/{self._named('owners')}"

    @property
    def properties(self) -> str:
        """Properties of companies: a list, one by its name below it, and `/groups`."""
        return f"/crm/{self._named('properties')}/companies"

    @property
    def token(self) -> str:
        """Tokens of OAuth."""
        return f"/oauth/{self.api}/token"

    @property
    def usage(self) -> str:
        """How many calls of the day private apps and service keys have made."""
        return f"/account-info/{self.api}/api-usage/daily/private-apps"

    def _named(self, area: str) -> str:
        return f"v3/{area}" if self.api == "v3" else f"{area}/{self.api}"
