"""The flags of the magics: one table, from which the parsers, their help and the completion are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from IPython.core.magic_arguments import argument, magic_arguments

from workbench.engines import ENGINES
from workbench.pricing import OPERATORS, SWEPT
from workbench.records import dataclass
from workbench.showing import SECTIONS
from workbench.views.report import FIGURES


@dataclass(frozen=True)
class Flag:
    """A flag. takes: what stands behind it, in a word (nothing: it is a switch); values: gives those that there are;
    several: whether commas may separate many of them; repeated: whether it may be given again."""

    name: str
    help: str
    takes: str = ""
    values: Callable[[], tuple[str, ...]] | None = None
    several: bool = False
    repeated: bool = False

    @property
    def key(self) -> str:
        return self.name.removeprefix("--").replace("-", "_")


def operators() -> tuple[str, ...]:
    """What `--of` may name: `grad` is short for the gradient."""
    return (*OPERATORS, "grad")


WRT = Flag("--wrt", "With respect to which arguments: names or positions, commas between them. Left out: the first "
           "argument of a function, every input of a plain cell.", "NAMES")
ENGINE = Flag("--engine", "What runs the derivative: compiled (numba), recorded (tape), or compiled where that is "
              "possible (auto).", "ENGINE", lambda: tuple(ENGINES))
ORDER = Flag("--order", "1: the gradient; 2: the Hessian, too, which is returned beside it.", "ORDER",
             lambda: ("1", "2"))
SHOW = Flag("--show", "What is shown below the gradient: tape, ir, cost, commas between them.", "PARTS",
            lambda: SECTIONS, several=True)
AT = Flag("--at", "Arguments that give the types where the cell calls nothing: --at '2.0, np.ones(3)'; specs, too: "
          "--at 'wb.spec(\"f64[n]\")'.", "ARGUMENTS")
NAME = Flag("--name", "Keep what the magic has made under this name.", "NAME")
VERIFY = Flag("--verify", "Check the gradient, forward against reverse mode and against differences; show the agreeing "
              "digits.")
OF = Flag("--of", "Whose cost: of the value, the gradient (grad), hessian, ...; several, commas between them, are "
          "compared.", "OPERATORS", operators, several=True)
SWEEP = Flag("--sweep", "Sizes of a dimension: n=10:1e6:log (25 sizes, evenly spaced in logarithms), n=10:1000:50 (50 "
             "sizes), n=1,10,100, or one size for what stays the same, m=64. May be given for several dimensions.",
             "SIZES", repeated=True)
FIGURE = Flag("--figures", "Which figures are swept, commas between them: flops, bytes_read, time, ...",
              "FIGURES", lambda: tuple(SWEPT), several=True)
TABLED = Flag("--figures", "Which figures the table has, commas between them: flops, bytes_read, ...", "FIGURES",
              lambda: tuple(FIGURES), several=True)
MEASURE = Flag("--measure", "Run it too, and say where the time went; with --sweep, at random arguments of each size.")
MEASURED = Flag("--measured", "Sizes of one dimension at which everything is run and timed: n=100,200,400.", "SIZES")
FORCE = Flag("--force", "calibrate: measure again where that was done before.")

#: The flags of each magic, and what may stand in its line beside them.
MAGICS: dict[str, tuple[Flag, ...]] = {
    "grad": (WRT, ENGINE, ORDER, SHOW, AT, NAME, VERIFY),
    "cost": (OF, WRT, SWEEP, FIGURE, MEASURE, AT, NAME),
    "tape": (AT, NAME),
    "adjoint": (WRT, ENGINE, ORDER, SHOW, NAME),
    "complexity": (WRT, TABLED, MEASURED, NAME),
    "workbench": (FORCE,),
}
#: What `%workbench` can be told.
WORDS = ("calibrate", "clear")
TARGETS = {
    "grad": "%%%%grad: the functions; left out, the last one defined. %%grad: a call, f(x, y).",
    "cost": "%%%%cost: the functions; left out, the last one defined. %%cost: a call or a function.",
    "tape": "%%%%tape: the function; left out, the last one defined. %%tape: a call, f(x, y).",
    "adjoint": "A call, of which only the types of the arguments count, or a function with annotations.",
    "complexity": "A call, whose arguments may be specs, or a function with annotations.",
    "workbench": "Nothing: what is in use. calibrate: measure this machine. clear: remove compiled programs.",
}


def arguments(magic: str) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a magic with its flags."""
    def decorated(function: Callable[..., Any]) -> Any:
        for flag in reversed(MAGICS[magic]):
            options: dict[str, Any] = {"help": flag.help.replace("%", "%%")}
            if not flag.takes:
                options["action"] = "store_true"
            else:
                options["metavar"] = flag.takes
                if flag.repeated:
                    options["action"] = "append"
            function = argument(flag.name, **options)(function)
        return magic_arguments(magic)(argument("target", nargs="*", help=TARGETS[magic])(function))
    return decorated
