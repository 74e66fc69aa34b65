"""A function of Python to Numba's compile result, by its syntax tree."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from typing import Any

from llvmlite import binding
from llvmlite import ir as llvm
from numba.core.bytecode import FunctionIdentity
from numba.core.compiler import CompilerBase, _LowerResult
from numba.core.compiler_machinery import LoweringPass, PassManager, register_pass
from numba.core.environment import Environment
from numba.core.funcdesc import PythonFunctionDescriptor
from numba.core.typed_passes import NoPythonBackend

from workbench.engines import signals
from workbench.engines.numba.direct.asking import Asking, manners
from workbench.engines.numba.direct.code import Code, NotDirect, Typed
from workbench.engines.numba.direct.expressions import Expressions
from workbench.engines.numba.direct.statements import Statements
from workbench.engines.numba.direct.variables import Bindings, Variables
from workbench.engines.numba.releases import released
from workbench.engines.numba.rounding import LOOSE
from workbench.engines.numba.vector_math.choice import LEFT_TO_LIBM
from workbench.engines.numba.vector_math.definitions import KERNELS
from workbench.engines.numba.vector_math.library import VectorLibrary, in_use

#: the attribute of a Python function that is its definition
TREE = "__workbench_tree__"
#: functions of NumPy and methods that give arrays
_GIVING = ("empty", "zeros", "ones", "full", "arange", "dot", "copy", "reshape")


class DirectLibrary(VectorLibrary):
    """A library for what is lowered here, which needs less cleaning up before LLVM optimises it as a whole: variables
    to values, and tests of loops to their ends, as Numba has them done beforehand (the gradient of a mixture takes 5 %
    longer without)."""

    def _first_passes(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _last_passes(self) -> None:
        manager, builder = self._codegen._module_pass_manager()
        first = binding.create_new_module_pass_manager()
        first.add_sroa_pass()
        first.add_loop_rotate_pass()
        first.add_instruction_combine_pass()
        first.add_jump_threading_pass()
        first.run(self._final_module, builder)
        manager.run(self._final_module, builder)


def arrays_in(definition: ast.FunctionDef, params: Mapping[str, int]) -> frozenset[str]:
    """The variables that may hold arrays; `params` are the ranks of parameters."""
    found = {name for name, rank in params.items() if rank}
    size = -1
    while len(found) != size:
        size = len(found)
        for node in ast.walk(definition):
            if isinstance(node, ast.Assign):
                for target, value in _pairs(node.targets[0], node.value):
                    if _is_array(value, found):
                        found.add(target.id)
    return frozenset(found)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.Name, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, other in zip(target.elts, value.elts, strict=True):
            yield from _pairs(one, other)
    elif isinstance(target, ast.Tuple):
        for one in target.elts:
            yield from _pairs(one, value)


def _is_array(value: ast.expr, known: set[str]) -> bool:
    if isinstance(value, ast.Name):
        return value.id in known
    if not isinstance(value, ast.Call):
        return False
    return value.func.attr in _GIVING if isinstance(value.func, ast.Attribute) else (
        isinstance(value.func, ast.Name) and not hasattr(builtins, value.func.id))


@register_pass(mutates_CFG=False, analysis_only=False)
class DirectLowering(LoweringPass):
    """The definition of a function to LLVM, and that to machine code."""

    _name = "workbench_direct_lowering"

    def __init__(self) -> None:
        LoweringPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Raises NotDirect where the function is to be left to Numba's front end."""
        context, function = state.targetctx, state.func_id.func
        left = getattr(function, LEFT_TO_LIBM, frozenset()) if in_use() else frozenset(k.name for k in KERNELS)
        library = state.library = DirectLibrary(context.codegen(), state.func_id.func_qualname, left)
        library.enable_object_caching()
        with context.push_code_library(library):
            descriptor, environment, call_helper = _lowered(state, library)
            context.create_cpython_wrapper(library, descriptor, environment, call_helper, release_gil=False)
        signals.now()
        entry = context.get_executable(library, descriptor, environment)
        context.insert_user_function(entry, descriptor, [library])
        state.reload_init.extend(library._reload_init)
        state.lifted = ()
        state["cr"] = _LowerResult(descriptor, call_helper, cfunc=entry, env=environment)
        return True


def _lowered(state: Any, library: Any) -> tuple[Any, Any, Any]:
    """Write a function into a library: its descriptor, environment, and what its wrapper needs."""
    definition, function, names = getattr(state.func_id.func, TREE), state.func_id.func, state.func_id.arg_names
    descriptor = PythonFunctionDescriptor(
        True, function.__module__, state.func_id.func_qualname, state.func_id.unique_name, "", None, state.return_type,
        None, tuple(names), (), mangler=state.targetctx.mangler, argtypes=tuple(state.args),
        abi_tags=[state.flags.get_mangle_string()], uid=state.func_id.unique_id)
    environment = Environment.from_fndesc(descriptor)
    context = state.targetctx.subtarget(environment=environment, fndesc=descriptor)
    module = library.create_ir_module(descriptor.unique_name)
    context.declare_env_global(module, context.get_env_name(descriptor))
    machine = context.declare_function(module, descriptor)
    builder = llvm.IRBuilder(machine.append_basic_block("entry"))
    call_helper = context.call_conv.init_call_helper(builder)

    arrays = arrays_in(definition, {name: getattr(kind, "ndim", 0)
                                    for name, kind in zip(names, state.args, strict=True)})
    parts = released(definition, arrays)
    bindings = Bindings(names, parts)
    code = Code(context, state.typingctx, builder)
    variables = Variables(code, bindings, {name for name in bindings.times if name.split(".")[0] in arrays})
    expressions = Expressions(code, variables, function.__globals__)
    statements = Statements(code, expressions, Asking(code), function.__name__, function.__code__.co_filename,
                            getattr(function, LOOSE, frozenset()))
    statements.manners = manners(parts, expressions.callee)
    values = context.call_conv.decode_arguments(builder, descriptor.argtypes, machine)
    for name, kind, value in zip(names, descriptor.argtypes, values, strict=True):
        variables.argument(name, Typed(kind, value))
    statements.parts(parts)
    _finish(statements, state.return_type)
    context.post_lowering(module, library)
    library.add_ir_module(module)
    return descriptor, environment, call_helper


def _finish(statements: Statements, expected: Any) -> None:
    """Hand over what is returned."""
    found = statements.returned
    if found is None or found.type != expected:
        raise NotDirect(f"a program that returns {found and found.type}, not {expected}")
    statements.finish()


class DirectCompiler(CompilerBase):
    """The passes of a program that is lowered here. Raises NotDirect where it cannot be."""

    def define_pipelines(self) -> list[PassManager]:
        """One pipeline."""
        manager = PassManager("workbench, direct")
        manager.add_pass(DirectLowering, "lowering the syntax tree")
        manager.add_pass(NoPythonBackend, "nopython mode backend")
        manager.finalize()
        return [manager]

    def compile_extra(self, func: Any) -> Any:
        """As Numba's, without reading its bytecode."""
        self.state.func_id = FunctionIdentity.from_function(func)
        self.state.lifted = ()
        compiled: Any = self._compile_core()  # type: ignore[no-untyped-call]
        return compiled
