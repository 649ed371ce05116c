"""Whose turn it is in a mailbox that gives its conversations away by itself (spec: 11.4)."""

from __future__ import annotations

import pytest

from waypost.domains.mailboxes import AssignmentMethod, Candidate
from waypost.domains.mailboxes.routing import choose


def able(*people: tuple[int, int, int]) -> list[Candidate]:
    return [Candidate(user_id, place, active, active, None) for user_id, place, active in people]


@pytest.mark.parametrize(
    ("last_place", "not_user_id", "expected"),
    [(0, None, 7), (1, None, 8), (2, None, 9), (3, None, 7), (2, 9, 7), (5, None, 7)],
)
def test_in_turn_means_behind_the_last_one(last_place: int, not_user_id: int | None, expected: int) -> None:
    people = able((7, 1, 5), (8, 2, 0), (9, 3, 0))

    chosen = choose(AssignmentMethod.ROUND_ROBIN, people, last_place, not_user_id)

    assert chosen is not None
    assert chosen.user_id == expected


def test_balanced_goes_in_turn_among_equals() -> None:
    people = able((7, 1, 1), (8, 2, 0), (9, 3, 0))

    chosen = [choose(AssignmentMethod.BALANCED, people, last_place) for last_place in (0, 2, 3)]

    assert [person.user_id for person in chosen if person] == [8, 9, 8]


def test_nobody_is_chosen_where_there_is_nobody_else() -> None:
    assert choose(AssignmentMethod.BALANCED, able((7, 1, 0)), 0, 7) is None
    assert choose(AssignmentMethod.ROUND_ROBIN, [], 0) is None
