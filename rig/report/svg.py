"""Write SVG as text, escaped. Colours are CSS classes, so that one picture fits light, dark and paper.

Pictures here are as wide as the page gives them: horizontal positions are percentages, vertical ones pixels, so that
letters keep their size on a telephone.
"""

from __future__ import annotations

from html import escape

Value = str | int | float


def element(name: str, content: str = "", /, **attributes: Value) -> str:
    """Return ``<name key="value">content</name>``; ``content`` is markup, values are escaped.

    ``class_`` is written ``class``; ``_`` in other names becomes ``-``.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_format(value))}"' for key, value in attributes.items()
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def text(words: str, /, **attributes: Value) -> str:
    """Return a text element; ``words`` are escaped."""
    return element("text", escape(words), **attributes)


def percent(value: float) -> str:
    """Return a horizontal position, 0 to 100."""
    return f"{value:.3f}".rstrip("0").rstrip(".") + "%"


def _format(value: Value) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def format_time(t_ns: int) -> str:
    """Return a time or duration as people read it: ``960 ns``, ``12.34 µs``, ``5.678 ms``, ``100.2 s``."""
    magnitude = abs(t_ns)
    if magnitude < 1_000:
        return f"{t_ns} ns"
    for limit, unit, name in ((1_000_000, 1_000, "µs"), (1_000_000_000, 1_000_000, "ms")):
        if magnitude < limit:
            return f"{t_ns / unit:.3f}".rstrip("0").rstrip(".") + f" {name}"
    return f"{t_ns / 1_000_000_000:.3f}".rstrip("0").rstrip(".") + " s"
