"""Kernels as machine code of this computer: what numba-cuda gives NVIDIA's compiler, compiled by llvmlite.

The text is numba-cuda's own, taken where it would be handed on, with four things changed: pointers have no types (as
LLVM has them today) and one address space; special registers are numbers in memory; `__nv_*` are the C library's
functions; loads, stores and atomic operations note what they touch first, unless it is the thread's own stack.
"""
from __future__ import annotations

import ctypes
import ctypes.util
import re
from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

import numpy as np
from llvmlite import binding as llvm

READ, WRITE, ATOMIC = range(3)
ROWS = 1 << 18
AXES = ("x", "y", "z")
REGISTERS = ("tid", "ntid", "ctaid", "nctaid")


class State:
    """Numbers that compiled kernels read and write: special registers, who runs, what was touched."""

    def __init__(self) -> None:
        self.registers = np.zeros(12, np.int32)
        self.now = np.zeros(1, np.int64)
        self.count = np.zeros(1, np.int64)
        self.rows = np.zeros((ROWS, 3), np.int64)  # address; size and what was done; who
        self.full: list[np.ndarray] = []
        self.pause: Callable[[int], None] = lambda site: None
        self._flush = ctypes.PYFUNCTYPE(None)(self.flush)
        self._barrier = ctypes.PYFUNCTYPE(None, ctypes.c_int64)(lambda site: self.pause(site))
        llvm.add_symbol("workbench.flush", ctypes.cast(self._flush, ctypes.c_void_p).value)
        llvm.add_symbol("workbench.barrier", ctypes.cast(self._barrier, ctypes.c_void_p).value)

    def flush(self) -> None:
        """Put noted rows aside."""
        self.full.append(self.rows[:self.count[0]].copy())
        self.count[0] = 0

    def taken(self) -> np.ndarray:
        """All rows since the last time."""
        self.flush()
        rows, self.full = np.concatenate(self.full), []
        return rows

    def prelude(self) -> str:
        """The functions that are the device's."""
        lines = ["declare void @workbench.flush()", "declare void @workbench.barrier(i64)",
                 "declare ptr @llvm.frameaddress.p0(i32)"]
        for k, (register, axis) in enumerate((r, a) for r in REGISTERS for a in AXES):
            lines.append(f'define linkonce_odr i32 @"nvvm.read.ptx.sreg.{register}.{axis}"() {{\n'
                         f"  %v = load i32, ptr {_at(self.registers, 4 * k)}\n  ret i32 %v\n}}")
        for kind, name in (("double", "f64"), ("float", "f32")):
            lines.append(f'define linkonce_odr {kind} @"nvvm.atomic.load.add.{name}.p0{name}"(ptr %p, {kind} %v) {{\n'
                         f"  call void @workbench.note(ptr %p, i64 {_what(kind, ATOMIC)})\n"
                         f"  %old = load {kind}, ptr %p\n  %new = fadd {kind} %old, %v\n  store {kind} %new, ptr %p\n"
                         f"  ret {kind} %old\n}}")
        lines.append(f"""define linkonce_odr void @workbench.note(ptr %p, i64 %what) noinline {{
  %frame = call ptr @llvm.frameaddress.p0(i32 0)
  %a = ptrtoint ptr %p to i64
  %b = ptrtoint ptr %frame to i64
  %d = sub i64 %a, %b
  %e = add i64 %d, 1048576
  %own = icmp ult i64 %e, 2097152
  br i1 %own, label %end, label %on
on:
  %c = load i64, ptr {_at(self.count)}
  %is_full = icmp uge i64 %c, {ROWS}
  br i1 %is_full, label %flush, label %write
flush:
  call void @workbench.flush()
  br label %write
write:
  %n = load i64, ptr {_at(self.count)}
  %row = getelementptr [3 x i64], ptr {_at(self.rows)}, i64 %n
  store i64 %a, ptr %row
  %second = getelementptr i64, ptr %row, i64 1
  store i64 %what, ptr %second
  %third = getelementptr i64, ptr %row, i64 2
  %now = load i64, ptr {_at(self.now)}
  store i64 %now, ptr %third
  %next = add i64 %n, 1
  store i64 %next, ptr {_at(self.count)}
  br label %end
end:
  ret void
}}""")
        return "\n".join(lines)


def _at(array: np.ndarray, offset: int = 0) -> str:
    return f"inttoptr (i64 {array.ctypes.data + offset} to ptr)"


def _what(kind: str, done: int) -> int:
    return 4 * _size(kind) + done


def _size(kind: str) -> int:
    return {"double": 8, "float": 4, "half": 2}.get(kind) or max(int(kind[1:]) // 8, 1)


# ---------------------------------------------------------------------- the text
_NESTED = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
_TYPED = re.compile(rf"(?:\bi\d+|\bdouble|\bfloat|\bhalf|\bptr|\[[^\[\]]*\]|{_NESTED})(?: addrspace\(\d+\))?\*+")
_DROPPED = re.compile(r'^(?:target |@"llvm\.used"|!nvvm|!\d+ = !\{ void \(|@"_ZN08NumbaEnv)')
_ACCESS = re.compile(r'^  (?:%\S+ = (?:load (?P<loaded>i\d+|double|float), ptr (?P<from>\S+?)|'
                     r'(?:atomicrmw (?:volatile )?\w+|cmpxchg) ptr (?P<at>\S+?), (?P<changed>i\d+|double|float) .*)|'
                     r'store (?P<stored>i\d+|double|float) .*, ptr (?P<to>\S+?))(?:,? .*)?$')
_OWN = re.compile(r"^  (%\S+) = (?:alloca |(?:getelementptr|bitcast) .*?ptr (%[^\s,]+))")
_DOUBLE = re.compile(r'= f(?:add|sub|mul|div|rem|cmp \w+|neg) +double\b|call double @"__nv_|fpext |'
                     r'(?:load|store) double\b')


def opaque(line: str) -> str:
    """A line without types of pointers."""
    before = None
    while before != line:
        before, line = line, _TYPED.sub("ptr", line)
    return line


def instrumented(text: str) -> str:
    """A module as this computer runs it."""
    lines: list[str] = []
    own: set[str] = set()
    sites = 0
    for line in text.replace('"llvm.nvvm.', '"nvvm.').splitlines():
        if _DROPPED.match(line):
            continue
        line = opaque(line).replace("addrspacecast", "bitcast").replace("= addrspace(3) global", "= global")
        if line.startswith("define"):
            own = set()
        found = _OWN.match(line)
        if found is not None and (found.group(2) is None or found.group(2) in own):
            own.add(found.group(1))
        access = _ACCESS.match(line)
        if access is not None:
            for where, kind, done in (("from", "loaded", READ), ("to", "stored", WRITE), ("at", "changed", ATOMIC)):
                if access[where] is not None and access[where] not in own:
                    lines.append(f"  call void @workbench.note(ptr {access[where]}, i64 {_what(access[kind], done)})")
        if 'call void @"nvvm.barrier0"()' in line:
            sites += 1
            line = f"  call void @workbench.barrier(i64 {sites})"
        if not (line.startswith("declare") and '"nvvm.' in line):
            lines.append(line)
    body = "\n".join(lines)
    declared = [f'declare i32 @"nvvm.read.ptx.sreg.{r}.{a}"()' for r in REGISTERS for a in AXES] + [
        f'declare {kind} @"nvvm.atomic.load.add.{name}.p0{name}"(ptr, {kind})'
        for kind, name in (("double", "f64"), ("float", "f32"))]
    declared += ["declare void @workbench.note(ptr, i64)", "declare void @workbench.barrier(i64)"]
    return "\n".join([*declared, body])


def doubles(texts: Sequence[str]) -> int:
    """How many operations of modules have to do with float64."""
    return sum(len(_DOUBLE.findall(text)) for text in texts)


# ---------------------------------------------------------------------- compiled
def texts_of(function: Callable[..., None], signature: Any, capability: tuple[int, int]) -> list[str]:
    """The modules that numba-cuda would give NVIDIA's compiler for a kernel."""
    from numba import cuda
    from numba.cuda.cudadrv import nvvm

    from workbench.engines.cuda.code import _device_of
    found: list[str] = []

    def taken(modules: Sequence[str], **options: Any) -> bytes:
        found.extend(modules)
        return b""
    with mock.patch.object(nvvm, "compile_ir", taken), _device_of(capability):
        cuda.compile(function, signature, device=False, abi="numba", cc=capability, output="ptx")
    return found


_C = ctypes.CDLL(ctypes.util.find_library("m"))
_RENAMED = {"fabs": "fabs", "isnand": "isnan", "isinfd": "isinf"}


def _provide(name: str) -> None:
    """The C library's function for one of NVIDIA's."""
    plain = name.removeprefix("__nv_")
    llvm.add_symbol(name, ctypes.cast(getattr(_C, _RENAMED.get(plain, plain)), ctypes.c_void_p).value)


class Native:
    """A kernel of this computer. shared: address and bytes of each array in shared memory."""

    def __init__(self, texts: Sequence[str], state: State) -> None:
        self.texts = texts
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple().create_target_machine(opt=2, jit=True, codemodel="default")
        module = llvm.parse_assembly(state.prelude())
        (name,) = (m.group(1) for m in re.finditer(r'^define void @"([^"]*)"', texts[0], re.MULTILINE))
        sizes: dict[str, int] = {}
        for text in texts:
            for found in re.finditer(r'^@"([^"]*)" = addrspace\(3\) global \[(\d+) x (\w+)\]', text, re.MULTILINE):
                sizes[found.group(1)] = int(found.group(2)) * _size(found.group(3))
            for symbol in set(re.findall(r'@"(__nv_\w+)"', text)):
                _provide(symbol)
            module.link_in(llvm.parse_assembly(instrumented(text)))
        module.triple, module.data_layout = target.triple, str(target.target_data)
        module.verify()
        options = llvm.create_pipeline_tuning_options(2)
        llvm.create_pass_builder(target, options).getModulePassManager().run(
            module, llvm.create_pass_builder(target, options))
        self.engine = llvm.create_mcjit_compiler(module, target)
        self.engine.finalize_object()
        self.shared = [(self.engine.get_global_value_address(n), size) for n, size in sizes.items()]
        self.has_barrier = any("nvvm.barrier0" in text for text in texts)
        self.address = self.engine.get_function_address(name)
        head = next(line for line in opaque(texts[0]).splitlines() if line.startswith(f'define void @"{name}"'))
        self.kinds = [part.split()[0] for part in head[head.index("(") + 1:head.rindex(")")].split(", ") if part]
        types = {"ptr": ctypes.c_void_p, "double": ctypes.c_double, "float": ctypes.c_float, "i1": ctypes.c_bool,
                 "i8": ctypes.c_int8, "i32": ctypes.c_int32, "i64": ctypes.c_int64}
        self.call = ctypes.PYFUNCTYPE(None, *(types[k] for k in self.kinds))(self.address)
