"""Commercial territory design: for fixed centers the least distance that was proved elsewhere is what is found here."""

from __future__ import annotations

import pytest
import tdp

from terraform_like.carve.form.problem import TOLERANCE
from terraform_like.carve.prove.proof import ProofMethod, ProofStatus


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "tdp"


def proved(design, carved):
    """Carve an instance, and see that its answer is proved; give its total distance."""
    done, report = carved(design.carving, design.table)
    assert done is not None, list(report)
    (proof,) = done.proofs
    assert (proof.method, proof.status) == (ProofMethod.EXACT, ProofStatus.OPTIMAL)
    assert proof.searched == pytest.approx(proof.objective, rel=1e-6)
    table = design.table.sort("account").with_columns(done.territory.alias("book"))
    for metric in ("w1", "w2", "w3"):
        loads = table.group_by("book").agg(metric)[metric].list.sum()
        assert loads.len() == len(design.centers)
        assert loads.to_numpy() == pytest.approx(loads.mean(), rel=0.05 + TOLERANCE)
    return design.distance(dict(table.select("account", "book").iter_rows()))


def test_the_optimum_is_found_and_proved(folder, carved):
    for name in ("2DU60-05-1.dat", "2DU60-05-13.dat", "2DU100-05-1.dat"):
        design = tdp.design(folder, name)
        assert proved(design, carved) == pytest.approx(design.optimum, abs=1e-4)


def connected(design, carved):
    """Carve an instance on its own graph, and see that every territory is connected; give its total distance."""
    done, report = carved(design.connected, design.table)
    assert done is not None, list(report)
    book = dict(zip(design.table["account"].sort(), done.territory, strict=True))
    for name in design.centers:
        left = {account for account in book if book[account] == name}
        ahead = [left.pop()]
        while ahead:
            account = ahead.pop()
            near = {one for pair in design.neighbours if account in pair for one in pair} & left
            left -= near
            ahead += near
        assert not left
    (problem,) = done.problems
    assert problem.excess(problem.chosen(done.territory.to_numpy())) == 0
    return design.distance(book)


def test_connected_territories_are_as_near_as_the_published_ones(folder, carved):
    for name in ("2DU60-05-1.dat", "2DU100-05-1.dat", "2DU100-05-14.dat"):
        design = tdp.design(folder, name)
        assert design.optimum - 1e-4 <= connected(design, carved) <= 1.0001 * design.published


@pytest.mark.long
def test_all_forty_connected_answers_are_within_a_hundredth_of_the_published_ones(folder, carved):
    for name in tdp.names(folder):
        design = tdp.design(folder, name)
        assert design.optimum - 1e-4 <= connected(design, carved) <= 1.01 * design.published


@pytest.mark.long
def test_all_forty_optima_are_found_and_proved(folder, carved):
    names = tdp.names(folder)
    assert len(names) == 40
    found, known = {}, {}
    for name in names:
        design = tdp.design(folder, name)
        found[name], known[name] = proved(design, carved), design.optimum
    assert found == pytest.approx(known, abs=1e-4)
