"""Methods of lists, dicts, sets and deques."""

from __future__ import annotations

from typing import Any

from workbench.frontend import growth
from workbench.frontend.activation import Activation
from workbench.frontend.library.builtin_ordering import sort_list
from workbench.frontend.library.containers import static_members
from workbench.frontend.values import DequeValue, DictValue, ListValue, SetValue, ZipValue, is_static

_CHANGING = frozenset({"add", "discard", "remove", "update", "clear", "pop", "difference_update",
                       "intersection_update", "symmetric_difference_update"})


def list_method(act: Activation, owner: ListValue, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t = act.t
    if name == "copy":
        return t.new_list([t.read(v) for v in owner.items])
    if name in ("index", "count"):
        values = [t.read(v) for v in owner.items]
        if not is_static((*values, *args)):
            t.fail(f"list.{name} of run-time numbers", "write a loop")
        return getattr(values, name)(*args)
    if name == "append":
        growth.become_dynamic(t, owner, "a list grows", args[0])
        owner.items.append(t.variable(f"entry_{len(owner.items)}", args[0]))
        owner.items[-1].depth = owner.depth
    elif name == "extend":
        t.environment.over_items(act, args[0], ("extend", owner.site),
                                 lambda entry: list_method(act, owner, "append", (entry,), {}))
    elif name == "insert":
        growth.become_dynamic(t, owner, "a list grows", args[1])
        owner.items.insert(t.static_int(args[0], "a position in a list"), t.variable("entry", args[1]))
    elif name == "pop":
        growth.become_dynamic(t, owner, "a list shrinks")
        t.environment.note_write(owner)
        return t.read(owner.items.pop(t.static_int(args[0], "a position in a list") if args else -1))
    elif name == "reverse":
        growth.become_dynamic(t, owner, "a list is reversed")
        owner.items.reverse()
    elif name == "sort":
        sort_list(act, owner, **named)
    elif name == "remove":
        t.may_restructure(owner, "a list shrinks")
        values = [t.read(v) for v in owner.items]
        if not is_static((*values, *args)):
            t.fail("list.remove among run-time numbers", "write a loop")
        owner.items.pop(values.index(args[0]))
    elif name == "clear":
        growth.become_dynamic(t, owner, "a list is cleared")
        owner.items.clear()
    else:
        t.fail(f"the list method {name!r}", "use an array")
    t.environment.note_write(owner)
    return None


def dict_method(act: Activation, owner: DictValue, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    t = act.t
    if name in ("get", "pop", "setdefault") and args:
        args = (t.environment.key(act, args[0]), *args[1:])
    if name in ("keys", "values", "items"):
        return ZipValue(name, (owner,))
    if name == "get":
        return t.read(owner.items[args[0]]) if args[0] in owner.items else (args[1] if len(args) > 1 else None)
    if name == "copy":
        made = t.new_dict({k: t.read(v) for k, v in owner.items.items()}, type_=owner.type)
        made.default = owner.default
        return made
    if name in ("popitem", "clear"):
        t.may_restructure(owner, "a key is removed")
        t.environment.note_write(owner)
        if name == "clear":
            return owner.items.clear()
        if not owner.items:
            raise KeyError("popitem(): dictionary is empty")
        last = next(reversed(owner.items))
        return last, t.read(owner.items.pop(last))
    if name == "pop":
        if args[0] not in owner.items and len(args) > 1:
            return args[1]
        t.may_restructure(owner, "a key is removed")
        t.environment.note_write(owner)
        return t.read(owner.items.pop(args[0]))
    if name == "update":
        entries = t.environment.call(act, dict, args, named)
        for key, variable in entries.items.items():
            t.environment.set_item(act, owner, key, t.read(variable))
        return None
    if name == "setdefault":
        if args[0] not in owner.items:
            t.environment.set_item(act, owner, args[0], args[1] if len(args) > 1 else None)
        return t.read(owner.items[args[0]])
    return t.fail(f"the dict method {name!r}", "write it out")


def set_method(act: Activation, owner: SetValue, name: str, args: tuple[Any, ...]) -> Any:
    """A method of a set."""
    t = act.t
    members = name not in ("add", "discard", "remove", "pop")
    plain = [static_members(act, a) if members else t.environment.key(act, a) for a in args]
    if name in _CHANGING:
        if owner.original:
            t.fail("a set from outside is changed", "return a new one")
        t.may_restructure(owner, "a set is changed")
    result = getattr(owner.values, name)(*plain)
    return SetValue(result, len(t.frames)) if isinstance(result, set) else result


def deque_method(act: Activation, owner: DequeValue, name: str, args: tuple[Any, ...]) -> Any:
    """A method of a deque. One that is full and takes an item shifts the others: it keeps its length."""
    t = act.t
    if name in ("append", "appendleft") and owner.longest is not None and len(owner.items) == owner.longest:
        values = [t.read(v) for v in owner.items]
        shifted = [*values[1:], args[0]] if name == "append" else [args[0], *values[:-1]]
        for variable, value in zip(owner.items, shifted[:len(values)], strict=True):
            t.assign(variable, value)
    elif name == "rotate":
        values = [t.read(v) for v in owner.items]
        n = t.static_int(args[0], "a number of places") if args else 1
        for k, variable in enumerate(owner.items):
            t.assign(variable, values[(k - n) % len(values)])
    elif name in ("appendleft", "append"):
        t.may_restructure(owner, "a deque grows")
        made = t.variable("entry", args[0])
        made.depth = owner.depth
        owner.items.insert(0 if name == "appendleft" else len(owner.items), made)
    elif name == "popleft":
        t.may_restructure(owner, "a deque shrinks")
        if not owner.items:
            raise IndexError("pop from an empty deque")
        return t.read(owner.items.pop(0))
    elif name in ("extend", "extendleft"):
        for item in t.environment.items(act, args[0]):
            deque_method(act, owner, "append" if name == "extend" else "appendleft", (item,))
    elif name in ("pop", "clear", "reverse", "count", "index", "copy"):
        if name == "copy":
            return t.new_deque([t.read(v) for v in owner.items], owner.longest)
        return NotImplemented
    else:
        t.fail(f"the deque method {name!r}", "use a list")
    return None
