"""SQL lives in `.sql` files: `-- name: what it answers` opens each statement."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import LiteralString, cast

_HEAD = re.compile(r"^-- (\w+): .+$", re.MULTILINE)


class Statements:
    """The statements of one file, as attributes: `SQL.find_interaction`."""

    def __init__(self, package: str, file: str = "queries.sql") -> None:
        text = (files(package) / file).read_text()
        heads = list(_HEAD.finditer(text))
        ends = [head.start() for head in heads[1:]] + [len(text)]
        self._all = {h[1]: text[h.end() : end].strip().rstrip(";") for h, end in zip(heads, ends, strict=True)}

    def __getattr__(self, name: str) -> LiteralString:
        try:
            return cast(LiteralString, self._all[name])
        except KeyError:
            raise AttributeError(name) from None

    def names(self) -> list[str]:
        return list(self._all)
