"""Machine code that can be called: LLVM translates assembly, and the object code is kept in the user's cache folder."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from .native import ARRAYS, arguments_of, translate

__all__ = ["Machine", "available"]


def available() -> bool:
    """Whether what machine code needs is installed."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("llvmlite", "numpy"))


class Machine(Mapping[str, Callable[..., int]]):
    """The functions of a source text as machine code; `machine["name"](...)` calls one, without Python's global lock."""

    def __init__(self, source: str, constants: Mapping[str, int], store: Any = None) -> None:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple()
        self._target = target.create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=1, jit=True,
            codemodel="jitdefault",
        )  # fmt: skip
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self._target)
        code = self._compiled(translate(source, constants))
        self._engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        self._functions = {name: self._function(name, kinds) for name, kinds in arguments_of(source).items()}

    def _compiled(self, assembly: str) -> bytes:
        import llvmlite.binding as llvm

        module = llvm.parse_assembly(assembly)
        module.verify()
        options = llvm.create_pipeline_tuning_options(speed_level=1)
        builder = llvm.create_pass_builder(self._target, options)
        builder.getModulePassManager().run(module, builder)
        return bytes(self._target.emit_object(module))

    def _function(self, name: str, kinds: list[str]) -> Callable[..., int]:
        types = [ctypes.c_void_p if kind in ARRAYS else ctypes.c_int64 for kind in kinds]
        bare = ctypes.CFUNCTYPE(ctypes.c_int64, *types)(self._engine.get_function_address(name))

        def call(*given: Any) -> int:
            return int(bare(*(a if isinstance(a, int) else _address(a) for a in given)))

        return call

    def __getitem__(self, name: str) -> Callable[..., int]:
        return self._functions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)


def _address(array: Any) -> int:
    assert array.flags.c_contiguous
    return int(array.ctypes.data)
