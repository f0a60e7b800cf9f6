"""Photos whose class is known to be decided at one place."""

from types import SimpleNamespace

import pytest

from support.patches import draw_patches


@pytest.fixture
def patches(tmp_path):
    """Grey photos with a red patch in one cell and a blue one in another."""
    photos, places = draw_patches(tmp_path, 6)
    return SimpleNamespace(photos=photos, places=places)
