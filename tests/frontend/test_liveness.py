"""Which names may be read after a loop: a name that can be read before it is assigned again, and no other."""
from __future__ import annotations

import ast
import textwrap

from workbench.frontend.liveness import live_after_loops

LOCALS = set("abcdefghijklmnopqrstuvwxyz")


def live(source: str) -> list[str]:
    """For each loop, by line, the one-letter names live after it, as a sorted string."""
    (function,) = ast.parse(textwrap.dedent(source)).body
    found = live_after_loops(function)
    return ["".join(sorted(found[loop] & LOCALS)) for loop in sorted(found, key=lambda node: node.lineno)]


def test_only_what_is_read_later() -> None:
    assert live("""
        def f(n):
            for i in range(n):
                a = i
                b = a
            return b
        """) == ["b"]


def test_an_assignment_ends_a_life() -> None:
    assert live("""
        def f(n):
            for i in range(n):
                a = i
            a = 3
            return a
        """) == [""]


def test_an_assignment_in_one_arm_does_not() -> None:
    assert live("""
        def f(n, p):
            for i in range(n):
                a = i
            if p:
                a = 3
            return a
        """) == ["ap"]
    assert live("""
        def f(n, p):
            for i in range(n):
                a = i
            if p:
                a = 3
            else:
                a = 4
            return a
        """) == ["p"]


def test_augmented_assignments_and_subscripts_read() -> None:
    assert live("""
        def f(n):
            for i in range(n):
                a = i
                b = i
            a += 1
            b[0] = 1
        """) == ["ab"]


def test_what_the_next_pass_of_an_outer_loop_reads() -> None:
    assert live("""
        def f(n):
            a = 0
            for i in range(n):
                for j in range(n):
                    b = a
                    a = b
                    c = a
            return 1
        """) == ["", "an"]


def test_a_while_loop_reads_its_test_again() -> None:
    assert live("""
        def f(n):
            k = 0
            while k < n:
                for j in range(3):
                    k = k + 1
        """) == ["", "kn"]


def test_else_blocks_come_after_the_loop() -> None:
    assert live("""
        def f(n):
            for i in range(n):
                a = i
                b = i
                break
            else:
                b = a
            return b
        """) == ["ab"]


def test_break_and_continue_lead_elsewhere() -> None:
    assert live("""
        def f(n):
            for i in range(n):
                for j in range(n):
                    a = j
                if n:
                    continue
                a = 0
                b = a
            return a
        """) == ["a", "an"]
    assert live("""
        def f(n):
            for i in range(n):
                for j in range(n):
                    c = j
                break
                return c
            return 0
        """) == ["", ""]


def test_a_return_ends_every_life() -> None:
    assert live("""
        def f(n):
            for i in range(n):
                a = i
            return 0
            return a
        """) == [""]


def test_names_of_nested_functions_live_everywhere() -> None:
    assert live("""
        def f(n):
            def g():
                return a
            for i in range(n):
                a = i
            return 0
        """) == ["a"]
    assert live("""
        def f(n):
            for i in range(n):
                a = i
            h = lambda: a
            a = 3
            return h()
        """) == ["a"]


def test_an_exception_may_leave_a_try_before_a_name_is_assigned_again() -> None:
    assert live("""
        def f(n):
            try:
                for i in range(n):
                    a = i
                check(n)
                a = 5
            except ValueError:
                pass
            for i in range(n):
                b = i
            b = 5
            return a + b
        """) == ["ain", "a"]
