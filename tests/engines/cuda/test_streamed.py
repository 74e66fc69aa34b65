"""In which stream a call works, and who waits for whom."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_work_is_done_in_the_stream_of_the_arrays(project_root: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "tests.engines.cuda.streamed"], capture_output=True, text=True,
                          cwd=project_root, env=dict(os.environ), check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert all(line["first"] == 2.0 for line in found.values())
    streams = {"host": [], "one": [7, 7], "two": [7, 7], "none": [0, 0], "some": [9, 9], "mixed": [7, 7],
               "torch": [9, 9]}
    assert {name: line["streams"] for name, line in found.items()} == streams
    for name, given in streams.items():
        said = found[name]["said"]
        (stream,) = set(given) or {0}
        assert {at for what, at, *_ in said if what == "launched in"} == {stream}
        assert {at for what, at, *_ in said if what == "the host waits for"} <= {stream}  # (for numbers, in its own)
        waits = [what for what in said if len(what) == 3]
        other = {"two": 9, "some": 0}.get(name)
        assert waits == ([] if other is None else [[stream, "waits for", other], [other, "waits for", stream]])
        if other is not None:  # first of all, and when all that may touch the arguments has been launched
            assert said[0] == waits[0] and ["launched in", stream] in said[:said.index(waits[1])]
