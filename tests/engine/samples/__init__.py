"""The samples: every operation, a few times each, family by family.

A module here gives `SAMPLES`; what PyTorch answers to them stands under the module's name in
recorded/operations/. It may give `NOT_COMPILED`: programs that XLA cannot compile, and the name of
what it raises.
"""

from importlib import import_module
from pkgutil import iter_modules

from tests.engine.sampling import Sample

_modules = {m.name: import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)}
FAMILIES: dict[str, list[Sample]] = {name: module.SAMPLES for name, module in _modules.items()}
SAMPLES = [sample for family in FAMILIES.values() for sample in family]
NOT_COMPILED: dict[str, str] = {
    code: error
    for module in _modules.values()
    for code, error in getattr(module, "NOT_COMPILED", {}).items()
}
