"""The extension in C, where it was built: faster, never different.

Whoever uses it has another way as well: machines without a compiler have none, and
``MILEAGE_NATIVE=0`` turns it off.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

scan: ModuleType | None = None
if os.environ.get("MILEAGE_NATIVE") != "0":
    try:
        from mileage.native import _scan
    except ImportError:
        pass
    else:
        scan = _scan
