"""Which pieces there are: sets of four that share what their family shares, two a role."""

from dataclasses import replace

from lib.programmed import composing
from lib.programmed.model import Piece
from lib.programmed.styles import STYLES, combinations

FAMILIES = tuple(composing.SHARED)
ROLES = ("catalogue", "held-out")
A_ROLE = 2  # of a set's pieces


def orders_of(style: str, number: int) -> list[composing.Order]:
    """The `number`-th set of a style; pieces around a sample loop are of different kits."""
    family = FAMILIES[number % len(FAMILIES)]
    triples = combinations(STYLES[style])
    kit, tempo, key = triples[(number + number // len(FAMILIES)) % len(triples)]
    kits = list(STYLES[style].kits)
    first = kits.index(kit)
    orders = []
    for member in range(A_ROLE * len(ROLES)):
        if family == "sample-loop":
            # One member of each role a kit: the same author never has the loop twice in a role.
            kit = kits[(first + member // len(ROLES)) % len(kits)]
        group = f"{style}-{number:02d}"
        orders.append(composing.Order(style, kit, tempo, key, family, group, member))
    return orders


def compose_set(seed: int, style: str, number: int) -> list[tuple[str, Piece]]:
    """(role, piece) of one set, in turn."""
    pieces = [composing.compose(seed, order) for order in orders_of(style, number)]
    if pieces[0].family == "sample-loop":
        ids = [piece.id for piece in pieces]
        pieces = [
            replace(piece, shares=tuple(other for other in ids if other != piece.id))
            for piece in pieces
        ]
    return [(ROLES[number % len(ROLES)], piece) for number, piece in enumerate(pieces)]


def programmed(seed: int, wanted: int) -> list[tuple[str, Piece]]:
    """`wanted` pieces a role, the styles in turn."""
    found: list[tuple[str, Piece]] = []
    number = 0
    while len(found) < wanted * len(ROLES):
        for style in STYLES:
            found += compose_set(seed, style, number)
        number += 1
    return _cut(found, wanted)


def _cut(found: list[tuple[str, Piece]], wanted: int) -> list[tuple[str, Piece]]:
    """The first `wanted` of each role; a loop is shared with those only that are there."""
    kept = []
    for role in ROLES:
        kept += [(role, piece) for its_role, piece in found if its_role == role][:wanted]
    ids = {piece.id for _, piece in kept}
    return [
        (role, replace(piece, shares=tuple(other for other in piece.shares if other in ids)))
        for role, piece in kept
    ]
