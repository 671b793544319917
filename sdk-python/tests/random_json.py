"""Random JSON, the same in every run."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator


def random_json(count: int) -> Iterator[str]:
    source = random.Random(9449)

    def value(depth: int) -> object:
        kinds = 7 if depth < 4 else 5
        match source.randrange(kinds):
            case 0:
                return source.randrange(-(10**18), 10**18)
            case 1:
                return source.random() * 10 ** source.randrange(-5, 5)
            case 2:
                return source.choice([True, False, None])
            case 3 | 4:
                return "".join(
                    chr(source.choice([34, 92, 47, 9, 0xE9, 0x1F600, 97]))
                    for _ in range(source.randrange(6))
                )
            case 5:
                return [value(depth + 1) for _ in range(source.randrange(4))]
            case _:
                return {f"m{n}": value(depth + 1) for n in range(source.randrange(4))}

    for _ in range(count):
        yield json.dumps(value(0), ensure_ascii=source.random() < 0.5)
