"""Faults to plant: mistakes that a compiler of derivatives could make, each put in while it runs; fuzzing must object.

`python -m tests.fuzz.faults --programs 2000` plants each in turn and draws fresh programs until one is wrong. Programs
are compiled to Python and run as that (`emitted`): all of the product takes part but Numba.
Source of the habit: autograd and Mooncake test their own checkers by planting wrong rules.
"""
from __future__ import annotations

import argparse
import contextlib
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fuzz import planted, planted_around, planted_layouts, planted_passes, planted_places
from tests.fuzz.check import check, limited
from tests.fuzz.emitted import in_python
from tests.fuzz.generate import FuzzProgram, generate

Plant = Callable[[], contextlib.AbstractContextManager[Any]]
SECONDS = 20.0  # for one program: a fault may leave a loop without an end


@dataclass(frozen=True)
class Fault:
    """A mistake, and a seed whose program is known to notice it."""

    name: str
    plant: Plant
    seed: int

    def noticed(self, seed: int | None = None) -> str:
        """What is wrong with the program of a seed, "" if nothing."""
        return wrong(generate(*(self.seed if seed is None else seed,) * 2))

    def hunted(self, first: int, programs: int) -> int | None:
        """How many programs it takes with the fault planted; None where so many do not notice. A program that is wrong
        with nothing planted does not count."""
        for k in range(programs):
            with self.plant():
                found = self.noticed(first + k)
            if found and not self.noticed(first + k):
                return k + 1
        return None


def wrong(program: FuzzProgram) -> str:
    """What the check of one program, compiled to Python, objects to."""
    try:
        with in_python(), limited(SECONDS):
            outcomes = check([program])
    except TimeoutError as error:
        return str(error)
    return next((f"{outcome.kind}: {outcome.detail}" for outcome in outcomes if outcome.wrong), "")


FAULTS = (
    Fault("wrong partial", planted.wrong_partial, 700_008),
    Fault("dropped accumulation", planted.dropped_accumulation, 700_002),
    Fault("element not zeroed by a store", planted.element_not_zeroed, 700_001),
    Fault("slice not zeroed by a store", planted.slice_not_zeroed, 700_006),
    Fault("wrong loop direction", planted.wrong_direction, 700_029),
    Fault("stale residual", planted.stale_residual, 700_029),
    Fault("residual of the iteration before", planted.residual_off_by_one, 700_029),
    Fault("overwritten value recomputed", planted.recomputed_from_overwritten, 700_052),
    Fault("while counted once too few", planted.wrong_while_count, 700_062),
    Fault("carried slots exchanged", planted.exchanged_slots, 700_060),
    Fault("arms of an adjoint exchanged", planted.exchanged_arms, 700_001),
    Fault("broadcast adjoint not summed", planted.broadcast_not_summed, 700_040),
    Fault("duplicates of a scatter all win", planted.duplicates_all_win, 700_085),
    Fault("tangent kept under a store", planted.tangent_kept, 700_001),
    Fault("any sum in one pass", planted.any_sum_in_one_pass, 710_002),
    Fault("late cotangent lost", planted.late_cotangent_lost, 710_124),
    Fault("alias missed", planted_around.alias_missed, 700_019),
    Fault("view made in an arm is a copy", planted_around.view_of_arm_copied, 700_047),
    Fault("copy-back missed", planted_around.copy_back_missed, 700_001),
    Fault("effect on an attribute missed", planted_around.effect_missed, 700_065),
    Fault("guard on a function missing", planted_around.function_guard_missing, 700_200),
    Fault("guard on a kind missing", planted_around.kind_guard_missing, 700_004),
    Fault("float32 promoted to float64", planted_around.wrong_promotion, 730_044),
    Fault("reads reused across writes", planted_around.reads_reused, 700_066),
    Fault("load hoisted out of its loop", planted_around.load_hoisted, 700_029),
    Fault("check removed as dead code", planted_around.check_removed, 700_457),
    Fault("bound proved off by one", planted_around.bound_off_by_one, 700_001),
    Fault("fusion past a write", planted_around.fused_past_write, 700_024),
    Fault("a harmless read hides others", planted_around.harmless_read_hides_others, 700_024),
    Fault("gather misses the edges", planted_around.gather_without_edges, 700_035),
    Fault("nests merged carelessly", planted_around.merged_carelessly, 720_024),
    Fault("signs of regrouped terms lost", planted_around.signs_lost, 721_003),
    Fault("overlap of what is read and written missed", planted_layouts.overlap_missed, 700_024),
    Fault("arrays taken to lie by rows", planted_layouts.taken_by_rows, 700_647),
    Fault("a reshape always a view", planted_layouts.reshape_always_view, 700_046),
    Fault("a stale part of a complex array", planted_layouts.stale_part, 700_402),
    Fault("a moving view shows the row before", planted_places.place_off_by_one, 740_116),
    Fault("a smaller array displaced", planted_places.smaller_array_displaced, 740_138),
    Fault("every copy option a copy", planted_places.always_copied, 745_039),
    Fault("a mask beside indices counted from the end", planted_places.mask_from_the_end, 740_077),
    Fault("sums read too early", planted_passes.sums_read_too_early, 760_019),
    Fault("part of an array taken for the whole", planted_passes.part_taken_for_whole, 760_064),
    Fault("room of zeros not cleared", planted_passes.room_not_cleared, 760_056),
    Fault("a stack read from below", planted_passes.stack_read_from_below, 760_064),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.faults", description=__doc__)
    parser.add_argument("--programs", type=int, default=2000, help="how many programs may be drawn for each fault")
    parser.add_argument("--seed", type=int, default=None, help="first seed; fresh and printed if left out")
    parser.add_argument("--only", default="", help="part of a fault's name")
    parser.add_argument("--after", type=int, default=0, help="leave out so many of the list")
    options = parser.parse_args()
    seed = secrets.randbelow(10 ** 9) if options.seed is None else options.seed
    print(f"faults: seed {seed}")
    missed = 0
    for fault in FAULTS[options.after:]:
        if options.only in fault.name:
            start = time.monotonic()
            count = fault.hunted(seed, options.programs)
            missed += count is None
            said = f"caught by program {count} (seed {seed + count - 1})" if count else "NOT CAUGHT"
            print(f"{fault.name}: {said}, {time.monotonic() - start:.0f} s", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
