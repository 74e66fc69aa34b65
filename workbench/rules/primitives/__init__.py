"""The entries of the table, a file by theme: all that is known of a primitive stands in its entry.

A file is found because it is here: it is listed nowhere.
"""

from __future__ import annotations

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
