"""Frozen dataclasses that cost next to nothing to make: for the modules that every start of the command line loads.

``dataclasses.dataclass`` compiles six functions for each class, and importing it takes longer than writing a small
layer. Here the methods are the same few functions for all classes. What else ``dataclasses`` knows to do with a class
(``replace``, ``asdict``, ``fields``, subclassing) works as ever: its description is made when it is first asked for.
Type checkers see ``dataclasses.dataclass`` itself.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from typing import Any

else:

    class field:  # noqa: N801 - stands for the function of that name
        """A default that is made anew for each instance.

        Args:
            default_factory: makes it.
        """

        def __init__(self, *, default_factory: Callable[[], Any]) -> None:
            self.default_factory = default_factory

    def dataclass(*, frozen: bool, kw_only: bool = False) -> Callable[[type], type]:
        """Make a class a frozen dataclass, as ``dataclasses.dataclass(frozen=True, …)`` does.

        Args:
            frozen: must be true; it is there to be read.
            kw_only: whether instances are made from keywords only.
        """
        if not frozen:
            raise TypeError("frozen dataclasses only")

        def make(cls: type) -> type:
            names = tuple(cls.__annotations__)
            cls.__init__ = _init(cls, names, kw_only=kw_only)
            cls.__repr__, cls.__eq__, cls.__hash__ = _repr, _eq, _hash
            cls.__setattr__, cls.__delattr__ = _refuse, _refuse
            cls.__dataclass_fields__ = _Description("__dataclass_fields__", kw_only=kw_only)
            cls.__dataclass_params__ = _Description("__dataclass_params__", kw_only=kw_only)
            cls.__match_args__ = () if kw_only else names
            cls._frozen_names = names
            return cls

        return make


class _Description:
    """What ``dataclasses`` keeps of a class, made by itself when it is first asked for."""

    def __init__(self, name: str, *, kw_only: bool) -> None:
        self._name = name
        self._kw_only = kw_only

    def __get__(self, _instance: object, owner: type) -> Any:
        import dataclasses

        cls = next(base for base in owner.__mro__ if vars(base).get(self._name) is self)
        names = cls._frozen_names  # type: ignore[attr-defined]
        body: dict[str, Any] = {name: getattr(cls, name) for name in ("__annotations__", "__module__", "__doc__")}
        for name, default in _defaults(cls, names).items():
            made = isinstance(default, field)  # type: ignore[arg-type]
            body[name] = dataclasses.field(default_factory=default.default_factory) if made else default
        twin: type = dataclasses.dataclass(frozen=True, kw_only=self._kw_only)(type(cls.__name__, (), body))
        for name in ("__dataclass_fields__", "__dataclass_params__"):
            setattr(cls, name, vars(twin)[name])
        return vars(twin)[self._name]


def _defaults(cls: type, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: vars(cls)[name] for name in names if name in vars(cls)}


def _default(default: Any) -> Any:
    return default.default_factory() if isinstance(default, field) else default  # type: ignore[arg-type]


def _init(cls: type, names: tuple[str, ...], *, kw_only: bool) -> Callable[..., None]:
    count, known, positions = len(names), frozenset(names), 0 if kw_only else len(names)
    defaults, has_more_to_do = _defaults(cls, names), hasattr(cls, "__post_init__")

    def __init__(self: Any, *arguments: Any, **values: Any) -> None:  # noqa: N807
        own = self.__dict__
        if arguments:
            if len(arguments) > positions or (values and not values.keys().isdisjoint(names[: len(arguments)])):
                raise TypeError(f"{type(self).__name__}() takes {', '.join(names)}; not so many positions, each once")
            own.update(zip(names, arguments))  # noqa: B905 - there may be fewer arguments
        if values:
            own.update(values)
        if len(own) != count or not known.issuperset(own):
            own.update({name: _default(default) for name, default in defaults.items() if name not in own})
            if own.keys() != known:
                wrong = sorted(known.symmetric_difference(own))
                raise TypeError(f"{type(self).__name__}() takes {', '.join(names)}; missing or unknown: {wrong}")
        if has_more_to_do:
            self.__post_init__()

    return __init__


def _values(instance: Any) -> tuple[Any, ...]:
    return tuple([instance.__dict__[name] for name in instance._frozen_names])


def _repr(self: Any) -> str:
    values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._frozen_names)
    return f"{type(self).__qualname__}({values})"


def _eq(self: Any, other: object) -> Any:
    return _values(self) == _values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _refuse(_self: object, name: str, *_value: object) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")
