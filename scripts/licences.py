"""Check the licences of all packages that a list in CycloneDX names: python scripts/licences.py dist/tg-parser.cdx.json

The product is under the MIT licence. What it uses must allow that it is passed on beside it, in an image for one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT-0", "PSF-2.0",
    "Zlib",
}  # fmt: skip
"""SPDX ids of licences that want no more than their notice."""
SEPARATE = {"LGPL-3.0-only", "MPL-2.0"}
"""They cover the package's own files, which we pass on unchanged and which can be replaced: psycopg, certifi, tqdm."""
WORDS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT license": "MIT",
    "MIT License": "MIT",
}
"""How some packages name a licence."""
UNNAMED = {"protobuf": "BSD-3-Clause", "tiktoken": "MIT"}
"""Packages that name theirs nowhere but in the text of the licence, which was read."""


def problems(sbom: dict[str, Any]) -> list[str]:
    """The packages whose licence is unknown, or not such that we may pass them on."""
    found = []
    for package in sbom["components"]:
        named = [_name(each) for each in package.get("licenses", ())] or [UNNAMED.get(package["name"], "")]
        if not any(map(is_allowed, named)):
            found.append(
                f"{package['name']} {package['version']}: {', '.join(filter(None, named)) or 'no licence is named'}"
            )
    return found


def is_allowed(licence: str) -> bool:
    """Whether an SPDX expression, or the name that a package gives, is one of those above: of alternatives, one."""
    allowed = PERMISSIVE | SEPARATE
    alternatives = licence.replace("(", "").replace(")", "").split(" OR ")
    return any({WORDS.get(each, each) for each in one.split(" AND ")} <= allowed for one in alternatives)


def _name(licence: dict[str, Any]) -> str:
    named = licence.get("license", {})
    text: str = licence.get("expression") or named.get("id") or named.get("name", "")
    return text.rpartition(" :: ")[2]


def main() -> None:
    """Print what is wrong, and end with 1."""
    sbom = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    wrong = problems(sbom)
    print(f"{len(sbom['components'])} packages, {len(wrong)} with a licence that is not allowed")
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
