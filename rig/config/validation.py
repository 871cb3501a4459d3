"""From a parsed document to a pydantic model, with errors that a person can act on.

pydantic finds what is wrong; this module says where it stands in the file, what was expected in plain words, and which
valid key or value is nearest. The first problem in the order of the file is the one that is reported: later ones are
often its consequences.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from rig.config.strict_yaml import Document, KeyPath
from rig.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

_NOUNS = {
    "int": "a whole number",
    "float": "a number",
    "string": "text",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "model_attributes": "a mapping",
}


class Strict(BaseModel):
    """Base of every configuration model: no unknown keys, no conversions, no changes after loading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate that ``word`` was most likely meant to be, or nothing."""
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[found[0]] if found else ""


def show(value: Any) -> str:
    """Return a value as it is quoted in messages: as a person wrote it, and short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def validate(document: Document, model: type[Model]) -> Model:
    """Return ``document`` as a ``model``; :class:`ConfigError` for the first thing in the file that does not fit."""
    if not isinstance(document.value, dict):
        raise document.error("the file holds no mapping", got=show(document.value), expected="keys and values")
    try:
        return model.model_validate(document.value)
    except ValidationError as err:
        details = err.errors(include_url=False)
        misspelt = {item["loc"][:-1] for item in details if item["type"] == "extra_forbidden"}
        # A key that is missing beside one that is unknown is most likely that one.
        details = [item for item in details if item["type"] != "missing" or item["loc"][:-1] not in misspelt]
        located = [(document.line(_real_path(document.value, item["loc"])) or 0, item) for item in details]
        first = min(located, key=lambda pair: pair[0])[1]
        raise _explain(document, model, first) from err


def _real_path(value: Any, location: tuple[str | int, ...]) -> KeyPath:
    """Drop what pydantic puts into a location besides keys and indices: the chosen member of a tagged union.

    It stands before the keys of the mapping that it belongs to, one of which may be called the same.
    """
    path: list[str | int] = []
    is_chosen = False
    for part in location:
        if not is_chosen and isinstance(value, dict) and value.get("kind") == part:
            is_chosen = True
            continue
        path.append(part)
        is_chosen = False
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            value = None
    return tuple(path)


def _explain(document: Document, model: type[BaseModel], item: ErrorDetails) -> ConfigError:
    path = _real_path(document.value, item["loc"])
    kind, context, got = item["type"], item.get("ctx", {}), show(item["input"])
    match kind:
        case "extra_forbidden":
            key = str(path[-1])
            owner = _model_at(model, document.value, path[:-1])
            keys = _keys(owner) if owner else []
            near = nearest(key, keys)
            return document.error("unknown key", path, expected="one of " + ", ".join(keys), nearest=near)
        case "missing":
            return document.error(f"the key {path[-1]!r} is missing", path[:-1])
        case "literal_error" | "enum":
            expected = str(context["expected"])
            near = nearest(str(item["input"]), [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")])
            return document.error("wrong value", path, expected=expected, got=got, nearest=near)
        case "union_tag_invalid":
            tags = [tag.strip(" '") for tag in str(context["expected_tags"]).split(",")]
            near = nearest(str(context["tag"]), tags)
            kinds, got = "one of " + ", ".join(tags), repr(context["tag"])
            return document.error("wrong value", (*path, "kind"), expected=kinds, got=got, nearest=near)
        case "union_tag_not_found":
            misspelt = nearest("kind", item["input"])
            if misspelt:
                return document.error("unknown key", (*path, misspelt), expected="the key 'kind'", nearest="kind")
            return document.error("the key 'kind' is missing", path)
        case "value_error":
            return document.error(str(context["error"]), path)
        case "too_short" | "too_long":
            limit = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
            return document.error("wrong number of entries", path, expected=limit, got=str(context["actual_length"]))
    for noun, words in _NOUNS.items():
        if kind in (f"{noun}_type", f"{noun}_parsing"):
            return document.error("wrong kind of value", path, expected=words, got=got)
    expected = item["msg"].removeprefix("Input should be ")
    return document.error("wrong value", path, expected=expected[:1].lower() + expected[1:], got=got)


def _keys(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_at(annotation: Any, value: Any, path: KeyPath) -> type[BaseModel] | None:
    """Return the model whose keys stand at ``path``; ``value`` decides between the members of a tagged union."""
    members = [member for member in _members(annotation) if member is not types.NoneType]
    if len(members) > 1 and isinstance(value, dict):
        members = [
            member
            for member in members
            if isinstance(member, type)
            and issubclass(member, BaseModel)
            and value.get("kind") in typing.get_args(member.model_fields["kind"].annotation)
        ]
    if len(members) != 1:
        return None
    member = members[0]
    origin = typing.get_origin(member)
    if origin in (list, tuple, dict):
        if not path:
            return None
        inner = typing.get_args(member)[-1 if origin is dict else 0]
        return _model_at(inner, _item(value, path[0]), path[1:])
    if not (isinstance(member, type) and issubclass(member, BaseModel)):
        return None
    if not path:
        return member
    for name, info in member.model_fields.items():
        if (info.alias or name) == path[0]:
            return _model_at(info.annotation, _item(value, path[0]), path[1:])
    return None


def _members(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [inner for member in typing.get_args(annotation) for inner in _members(member)]
    return [annotation]


def _item(value: Any, key: str | int) -> Any:
    try:
        return value[key]
    except (LookupError, TypeError):
        return None
