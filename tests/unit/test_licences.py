"""A package may be passed on beside the product only with a licence that allows it."""

from __future__ import annotations

import pytest
from licences import is_allowed, problems


@pytest.mark.parametrize(
    "licence",
    ["MIT", "Apache-2.0 OR BSD-3-Clause", "MPL-2.0 AND (Apache-2.0 OR MIT)", "GPL-2.0-only OR MIT", "MIT License"],
)
def test_a_licence_of_which_one_alternative_is_allowed_is_allowed(licence: str) -> None:
    """Of alternatives we may choose."""
    assert is_allowed(licence)


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "Proprietary", ""])
def test_a_licence_that_asks_for_more_is_not_allowed(licence: str) -> None:
    """Nor is one whose name says nothing."""
    assert not is_allowed(licence)


def test_a_package_with_another_licence_is_named() -> None:
    """With its version and what it names; a package without any is one too."""
    sbom = {
        "components": [
            {"name": "good", "version": "1", "licenses": [{"license": {"id": "MIT"}}]},
            {"name": "chosen", "version": "1", "licenses": [{"expression": "GPL-3.0-only OR MIT"}]},
            {"name": "bad", "version": "2", "licenses": [{"license": {"id": "GPL-3.0-only"}}]},
            {"name": "old", "version": "3", "licenses": [{"license": {"name": "License :: OSI Approved :: GPLv3"}}]},
            {"name": "silent", "version": "4"},
        ]
    }
    assert problems(sbom) == ["bad 2: GPL-3.0-only", "old 3: GPLv3", "silent 4: no licence is named"]
