"""What a program costs before it runs, read off the very program that will run.

`figures` is the list of what is counted of a program's text; `counting` walks a program and gives what it does when it
runs (`work`), by line, as formulas (`formula`, `evaluation`, `writing`) in its dimensions."""

from workbench.cost.figures import FIGURES, Figure, costs, register

__all__ = ["FIGURES", "Figure", "costs", "register"]
