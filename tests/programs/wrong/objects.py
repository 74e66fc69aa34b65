"""Classes: attributes and slots that are not there, magic methods, metaclasses, frozen ones, descriptors, weak ones."""
from __future__ import annotations

import abc
import collections
import dataclasses
import enum
import typing
import weakref


class Plain:
    """Two attributes."""

    def __init__(self, x):
        self.x = x
        self.y = x * x

    def product(self):
        return self.x * self.y


class Slotted:
    """No other attribute."""

    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


@dataclasses.dataclass(frozen=True)
class Frozen:
    """Not to be changed."""

    x: float
    y: float = 2.0


@dataclasses.dataclass
class Checked:
    """Raises in `__post_init__`."""

    x: float

    def __post_init__(self):
        if self.x > 1.0:
            raise ValueError(f"x is {self.x}")


class Magic:
    """Answers to every name."""

    def __init__(self, x):
        self.x = x

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self.x * len(name)


class Tracking:
    """Notes what is set."""

    def __init__(self, x):
        self.x = x

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value * 2.0)


class Meta(type):
    """A metaclass with a call of its own."""

    def __call__(cls, x):
        made = super().__call__()
        made.x = x * 2.0
        return made


class Made(metaclass=Meta):
    """Made by it."""


class Abstract(abc.ABC):
    """Without a body."""

    @abc.abstractmethod
    def value(self):
        """Of the subclass."""


class Single:
    """One instance."""

    instance = None

    def __new__(cls, x):
        if cls.instance is None:
            cls.instance = super().__new__(cls)
        cls.instance.x = x
        return cls.instance


class Positive:
    """A descriptor that checks."""

    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        return getattr(instance, self.name)

    def __set__(self, instance, value):
        if value <= 0:
            raise ValueError("must be positive")
        setattr(instance, self.name, value)


class Account:
    """Uses it."""

    balance = Positive()

    def __init__(self, balance):
        self.balance = balance


class Vector:
    """Arithmetic by operators, not all of them."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, k):
        return NotImplemented

    def __eq__(self, other):
        return self.x == other.x

    def __iter__(self):
        yield self.x
        yield self.y

    def __call__(self, k):
        return self.x * k + self.y


class Level(enum.Enum):
    """Named numbers."""

    LOW = 1.5
    HIGH = 4.0


class Pair(typing.NamedTuple):
    """A tuple with names."""

    a: float
    b: float


def missing_attribute(x):
    return Plain(x).z


def missing_method(x):
    return Plain(x).area()


def private_attribute(x):
    class Hidden:
        def __init__(self):
            self.__x = x
    return Hidden().__x


def wrong_constructor(x):
    return Plain(x, x).x


def no_constructor(x):
    class Empty:
        pass
    return Empty(x).x


def unset_attribute(x):
    class Late:
        pass
    late = Late()
    if x < 0.0:
        late.x = x
    return late.x


def deleted_attribute(x):
    p = Plain(x)
    del p.x
    return p.product()


def slot_missing(x):
    s = Slotted(x)
    s.y = x
    return s.y


def slot_unset(x):
    return Slotted.__new__(Slotted).x * x


def frozen_written(x):
    f = Frozen(x)
    f.x = 3.0
    return f.x


def frozen_replaced(x):
    return dataclasses.replace(Frozen(x), y=x).y * x


def dataclass_unknown_field(x):
    return dataclasses.replace(Frozen(x), z=1.0).x


def dataclass_missing_field(x):
    return Frozen().x * x


def checked_fails(x):
    return Checked(x).x


def property_without_setter(x):
    class Circle:
        def __init__(self, r):
            self.r = r

        @property
        def area(self):
            return 3.0 * self.r * self.r
    c = Circle(x)
    c.area = 2.0
    return c.r


def magic_attributes(x):
    return Magic(x).anything * Magic(x).x


def tracked_attributes(x):
    t = Tracking(x)
    t.y = x * x
    return t.x * t.y


def metaclass_call(x):
    return Made(x).x * x


def abstract_instance(x):
    return Abstract().value() * x


def singleton(x):
    return Single(x).x * Single(2.0 * x).x


def descriptor_checks(x):
    a = Account(x)
    a.balance = a.balance - 5.0
    return a.balance


def descriptor_works(x):
    a = Account(x)
    a.balance = a.balance * 5.0
    return a.balance * x


def operator_missing(x):
    return (Plain(x) + Plain(x)).x


def operator_not_implemented(x):
    return (Vector(x, x) * 2.0).x


def operator_wrong_operand(x):
    return (Vector(x, x) + 1.0).x


def compares_objects(x):
    return x if Vector(x, 1.0) == Vector(x, 2.0) else 2.0 * x


def order_missing(x):
    return x if Vector(x, 1.0) < Vector(x, 2.0) else 2.0 * x


def hash_missing(x):
    return {Vector(x, x): 1.0}[Vector(x, x)]


def object_iterated(x):
    a, b = Vector(x, x * x)
    return a * b + sum(Vector(x, 1.0))


def object_called(x):
    return Vector(x, x)(x)


def object_not_callable(x):
    return Plain(x)(x)


def object_not_iterable(x):
    return sum(Plain(x))


def object_without_length(x):
    return len(Plain(x)) * x


def object_without_items(x):
    return Plain(x)[0]


def enumeration(x):
    return Level.HIGH.value * x + Level(1.5).value


def enumeration_unknown(x):
    return Level(2.5).value * x


def enumeration_written(x):
    Level.LOW.value = x
    return x


def named_tuple_written(x):
    p = Pair(x, x)
    p.a = 3.0
    return p.a


def named_tuple_missing(x):
    return Pair(x).a


def named_tuple_unknown(x):
    return Pair(x, x)._replace(c=1.0).a


def default_dictionary(x):
    table = collections.defaultdict(float)
    table["a"] += x
    table["b"] += x * x
    return table["a"] * table["b"] + table["c"]


def counter_of_numbers(x):
    counts = collections.Counter("abca")
    return counts["a"] * x + counts["z"]


def queue_bounded(x):
    q = collections.deque([x, 2.0 * x], maxlen=2)
    q.append(x * x)
    return q[0] * q[1]


def queue_empty(x):
    q = collections.deque([x])
    return q.popleft() * q.popleft()


def weakly_kept(x):
    p = Plain(x)
    return weakref.ref(p)().product()


def weakly_lost(x):
    reference = weakref.ref(Plain(x))
    return reference().product()


def class_attribute_written(x):
    class Settings:
        scale = 1.0
    Settings.scale = x
    return Settings.scale * Settings().scale


def class_made_at_run_time(x):
    made = type("Made", (Plain,), {"z": 2.0})
    return made(x).product() * made.z


def super_without_parent_method(x):
    class Child(Plain):
        def area(self):
            return super().area()
    return Child(x).area()


def inherits_and_extends(x):
    class Child(Plain):
        def product(self):
            return super().product() * 2.0
    return Child(x).product()


def dictionary_of_object(x):
    p = Plain(x)
    return p.__dict__["x"] * vars(p)["y"]


def updates_dictionary_of_object(x):
    p = Plain(x)
    p.__dict__.update(x=x * 3.0)
    return p.product()


def attributes_by_name(x):
    p = Plain(x)
    setattr(p, "z", x * 2.0)
    return getattr(p, "z") * getattr(p, "missing", x)


def attribute_by_unknown_name(x):
    return getattr(Plain(x), "missing")


def method_kept(x):
    product = Plain(x).product
    return product() + Plain.product(Plain(x))


def method_without_self(x):
    return Plain.product()


DEFAULTS = {}
OTHER_WORDS = frozenset()
MUST = set()
CASES = [(function, (1.5,)) for function in (
    missing_attribute, missing_method, private_attribute, wrong_constructor, no_constructor, unset_attribute,
    deleted_attribute, slot_missing, slot_unset, frozen_written, frozen_replaced, dataclass_unknown_field,
    dataclass_missing_field, checked_fails, property_without_setter, magic_attributes, tracked_attributes,
    metaclass_call, abstract_instance, singleton, descriptor_checks, descriptor_works, operator_missing,
    operator_not_implemented, operator_wrong_operand, compares_objects, order_missing, hash_missing, object_iterated,
    object_called, object_not_callable, object_not_iterable, object_without_length, object_without_items, enumeration,
    enumeration_unknown, enumeration_written, named_tuple_written, named_tuple_missing, named_tuple_unknown,
    default_dictionary, counter_of_numbers, queue_bounded, queue_empty, weakly_kept, weakly_lost,
    class_attribute_written, class_made_at_run_time, super_without_parent_method, inherits_and_extends,
    dictionary_of_object, updates_dictionary_of_object, attributes_by_name, attribute_by_unknown_name, method_kept,
    method_without_self)]
