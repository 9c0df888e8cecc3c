"""Templates are compiled once, not at every start; and never shown as an older text, or an older code, made them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from services.gateway.compiled import Compiled
from services.gateway.rendering import Renderer

pytestmark = pytest.mark.fast


class Counting(Environment):
    """Says how often it compiled."""

    compiled = 0

    def _generate(self, *given: object, **named: object) -> str:
        self.compiled += 1
        return super()._generate(*given, **named)  # type: ignore[arg-type]


def _started(folder: Path, text: str = "{{ 'a word' | loud }}") -> Counting:
    made = Counting(loader=DictLoader({"page": text}), bytecode_cache=Compiled(folder))
    made.filters["loud"] = str.upper
    return made


def _shown(environment: Environment) -> str:
    return environment.get_template("page").render()


def test_a_second_start_compiles_nothing(tmp_path: Path) -> None:
    first, second = _started(tmp_path / "kept"), _started(tmp_path / "kept")
    assert (_shown(first), first.compiled) == ("A WORD", 1)
    assert (_shown(second), second.compiled) == ("A WORD", 0)
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700


def test_a_text_that_changed_is_compiled_anew(tmp_path: Path) -> None:
    _shown(_started(tmp_path))
    assert _shown(_started(tmp_path, "another")) == "another"


def test_what_a_changed_filter_makes_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _shown(_started(tmp_path))
    monkeypatch.setattr("services.gateway.compiled.written", lambda _: 1)
    changed = _started(tmp_path)
    changed.filters["loud"] = str.title
    assert _shown(changed) == "A Word"


@pytest.mark.parametrize("length", [0, 3, 20, 60, 200])
def test_a_file_cut_short_is_made_anew(tmp_path: Path, length: int) -> None:
    _shown(_started(tmp_path))
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:length])
    assert _shown(_started(tmp_path)) == "A WORD"
    again = _started(tmp_path)
    assert (_shown(again), again.compiled) == ("A WORD", 0)


def test_a_folder_that_cannot_be_had_costs_no_page(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    renderer = Renderer("/static", "Tidings", secure=False, folder=tmp_path / "file" / "templates")
    assert "Tidings" in renderer.fragment("header.html", signed_in=False, my_name="", section="")
