"""The claims of every provider, held by the Odoo provider on a real Odoo 19: `make test-odoo`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crm.odoo_server import OdooServer
from crm.odoo_world import OdooWorld

from terraform_like.crm.conformance import Conformance, Scene, outcomes
from terraform_like.crm.port import CrmError, Needs, Outcome

pytestmark = pytest.mark.odoo

#: Versions are whole seconds: an edit in the second of the last one is told by what it changed alone.
TICK = 1.1


class TestJson2(Conformance):
    #: One page of a search and a bit.
    many = 2_050

    @pytest.fixture
    def world(self, odoo: OdooServer) -> Iterator[OdooWorld]:
        world = OdooWorld(odoo.url, odoo.keys, tick=TICK, silent=True)
        yield world
        world.close()


class TestJsonRpc(Conformance):
    many = 250

    @pytest.fixture
    def world(self, odoo: OdooServer) -> Iterator[OdooWorld]:
        world = OdooWorld(odoo.url, odoo.keys, tick=TICK, silent=True, protocol="jsonrpc")
        yield world
        world.close()


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
def test_who_may_not_write_is_told_so_once(odoo: OdooServer, protocol: str) -> None:
    world = OdooWorld(odoo.url, {**odoo.keys, "sync": odoo.keys["bare"]}, tick=TICK, protocol=protocol, login="bare")
    scene = Scene(world)
    assert [one.summary for one in scene.crm.preflight(Needs(writes=1))] == ["This user may not write res.partner"]
    with pytest.raises(CrmError, match="not allowed to modify"):
        scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
    assert all(map(scene.untouched, scene.accounts))
    world.close()


@pytest.mark.parametrize("silent", [True, False])
def test_a_new_owner_is_told_unless_writes_are_silent(odoo: OdooServer, silent: bool) -> None:
    world = OdooWorld(odoo.url, odoo.keys, tick=TICK, silent=silent)
    scene = Scene(world)
    assert set(outcomes(scene.send(*(scene.write(account, scene.raj) for account in scene.accounts)))) == {Outcome.DONE}
    domain = [["model", "=", "res.partner"], ["res_id", "in", [int(account) for account in scene.accounts]]]
    messages = world.call("mail.message", "search_read", domain=domain, fields=["message_type"])
    assert bool(messages) is not silent
    assert bool(scene.crm.capabilities.side_effects)
    world.close()
