"""Machine code that can be called: LLVM makes it of what `native` writes, and the user's cache folder keeps it."""

from __future__ import annotations

import ctypes
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..cache import Cache
from . import native

__all__ = ["Machine", "available"]

OPTIMIZED = 1  # LLVM's -O1: a third faster to make than -O2, and as fast to run


def available() -> bool:
    """Whether what machine code needs is installed."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("llvmlite", "numpy"))


class Machine(Mapping[str, Callable[..., int]]):
    """The functions of a source text for `native` as machine code; `constants` are the values of its global names.

    `machine["name"](...)` calls one, with whole numbers and contiguous numpy arrays. Other threads run meanwhile.
    """

    def __init__(self, source: str, constants: Mapping[str, int] | None = None, cache: Cache | None = None) -> None:
        import llvmlite
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._source, self._constants, self._cache = source, constants or {}, cache or Cache("machine-code")
        triple, processor = llvm.get_process_triple(), llvm.get_host_cpu_name()
        features = llvm.get_host_cpu_features().flatten()
        self._target = llvm.Target.from_triple(triple).create_target_machine(
            cpu=processor, features=features, opt=OPTIMIZED, jit=True, codemodel="jitdefault"
        )
        environment = [inspect.getsource(native), llvmlite.__version__, llvm.llvm_version_info, triple, processor, features]
        self._key = json.dumps([source, sorted(self._constants.items()), OPTIMIZED, *environment])
        self._code = self._cache.get(self._key)
        self._functions: dict[str, Callable[..., int]] = {}

    @property
    def is_made(self) -> bool:
        """Whether the code is there: kept from earlier, or by `make`."""
        return self._code is not None

    def make(self) -> None:
        """Make the code, if it is not there: a second or two."""
        import llvmlite.binding as llvm

        if self._code is None:
            module = llvm.parse_assembly(native.translate(self._source, self._constants))
            module.verify()
            options = llvm.create_pipeline_tuning_options(speed_level=OPTIMIZED)
            builder = llvm.create_pass_builder(self._target, options)
            builder.getModulePassManager().run(module, builder)
            self._code = bytes(self._target.emit_object(module))
            self._cache.put(self._key, self._code)

    def load(self) -> None:
        """Make the functions ready to be called."""
        import llvmlite.binding as llvm

        self.make()
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self._target)
        self._engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(self._code))
        self._engine.finalize_object()
        self._functions = {name: self._function(name, kinds) for name, kinds in native.arguments_of(self._source).items()}

    def _function(self, name: str, kinds: list[str]) -> Callable[..., int]:
        types = [ctypes.c_void_p if kind in native.ARRAYS else ctypes.c_int64 for kind in kinds]
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
    """Where an array begins."""
    assert array.flags.c_contiguous
    return int(array.ctypes.data)
