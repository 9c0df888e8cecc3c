"""Questions in the search box: "who leads stroke in the North West?" asks for a care group and an area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.registry.commands.naming import words_of
from services.registry.queries.spelling import forgiven, slips

ASKING = frozenset({"who", "whos"})
LEADING = frozenset({"lead", "leads", "leader", "leaders", "leading", "led", "runs", "manages", "heads"})
OPENING = ASKING | LEADING | frozenset(["is", "are", "the", "a", "our", "my", "local", "of", "for"])
"""Words with which such a question begins, and which say nothing of the network."""
ROLES = {
    "doctor": "lead_doctor", "clinician": "lead_doctor", "nurse": "lead_nurse", "professional": "lead_professional",
    "manager": "lead_manager", "manages": "lead_manager",
}  # fmt: skip
PLACED = frozenset({"in", "at", "near", "around", "across", "within", "for"})
NOISE = frozenset({"network", "networks", "services", "service", "the"})
AREA = frozenset({"the", "area", "region", "sha"})


@dataclass(frozen=True, slots=True)
class Question:
    """Who leads what where: the words for what, the code of the area, a role; each may be empty."""

    words: str = ""
    sha: str = ""
    role: str = ""


def is_question(q: str) -> bool:
    """Whether *q* asks who leads something: "who leads …", "lead nurse for …"."""
    words = words_of(q)
    if len(words) > 1 and words[0] in ASKING:
        return True
    opening = words[: _opening(words)]
    return bool(opening) and opening[0] in LEADING and opening[-1] in {"for", "of"}


def understood(q: str, bodies: Mapping[str, str]) -> Question:
    """What the question *q* asks. *bodies*: code → name."""
    words = words_of(q)
    start = _opening(words)
    role = next((ROLES[word] for word in words[:start] if word in ROLES), "")
    topic, sha = _placed(words[start:], _called(bodies))
    return Question(" ".join(word for word in topic if word not in NOISE), sha, role)


def _opening(words: Sequence[str]) -> int:
    """How many words the opening of a question takes."""
    return next((n for n, word in enumerate(words) if word not in OPENING and word not in ROLES), len(words))


def _placed(words: Sequence[str], called: Mapping[str, tuple[str, ...]]) -> tuple[Sequence[str], str]:
    """(what, the code of the area where): after a last "in", or where the words end with the name of an area."""
    for n in range(len(words) - 1, -1, -1):
        if words[n] in PLACED and (code := _area(words[n + 1 :], called, guessing=True)):
            return words[:n], code
    for n in range(len(words)):
        if code := _area(words[n:], called, guessing=False):
            return words[:n], code
    return words, ""


def _called(bodies: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Code → the words of a body's name, without the ending that all their names share."""
    names = {code: words_of(name) for code, name in bodies.items()}
    shared = 0
    while len(names) > 1 and len({tuple(n[-shared - 1 :]) for n in names.values()}) == 1:
        shared += 1
    return {code: tuple(name[: len(name) - shared] or name) for code, name in names.items()}


def _area(words: Sequence[str], called: Mapping[str, tuple[str, ...]], *, guessing: bool) -> str:
    """The code of the area that *words* name: by its name, code or initials; *guessing*, by a beginning or nearly."""
    wanted = tuple(word for word in words if word not in AREA)
    known = {code: tuple(word for word in name if word not in AREA) for code, name in called.items()}
    exact = [
        code for code, name in known.items()
        if wanted and (wanted == name or wanted == (code.lower(),) or wanted == ("".join(w[0] for w in name),))
    ]  # fmt: skip
    if exact or not guessing or not wanted:
        return exact[0] if len(exact) == 1 else ""
    return _only([code for code, name in known.items() if name[: len(wanted)] == wanted]) or _only(
        [code for code, name in known.items() if _nearly(" ".join(wanted), " ".join(name))]
    )


def _nearly(typed: str, name: str) -> bool:
    most = forgiven(typed)
    return slips(typed, name, most)[1] <= most


def _only(found: Sequence[str]) -> str:
    return found[0] if len(found) == 1 else ""
