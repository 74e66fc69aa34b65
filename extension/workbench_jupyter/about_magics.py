"""The magic `%workbench`: what is in use, measuring the machine, removing compiled programs."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

import workbench as wb
from workbench.engines.numba import cache
from workbench.views.about import About, size_text
from workbench_jupyter.flags import WORDS, arguments
from workbench_jupyter.options import meant, parse_line


@magics_class
class AboutMagics(Magics):
    """`%workbench`."""

    shell: Any

    @arguments("workbench")
    @line_magic("workbench")
    def workbench(self, line: str) -> Any:
        """What is in use: versions, engines, the machine that times are predicted for, the disk cache, settings.

        Examples::

            %workbench
            %workbench calibrate
            %workbench calibrate --force
            %workbench clear
        """
        options = parse_line(type(self).workbench.parser, "workbench", line)
        word = options.names[0] if options.names else ""
        if len(options.names) > 1 or (word and word not in WORDS):
            raise UsageError(f"%workbench: there is no {' '.join(options.names)!r}{meant(word, WORDS)}")
        notes = []
        if word == "calibrate":
            wb.calibrate(force=options.force)
        elif word == "clear":
            notes.append(f"compiled programs removed: {size_text(cache.clear())}")
        return About(wb.__version__, notes)
