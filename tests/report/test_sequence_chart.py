"""The sequence chart folds a long middle, and never what opens or closes the connection."""

from __future__ import annotations

from rig.report.conversation import Conversation, Step
from rig.report.sequence_chart import draw_chart
from rig.wire.tcp import TcpFlag


def _conversation(kinds: list[int]) -> Conversation:
    steps = tuple(
        Step(number * 1000, number * 1000 + 500, "a", True, f"step {number}", "tcp", flags, 100)
        for number, flags in enumerate(kinds)
    )
    return Conversation("a", "b", steps)


def test_a_long_middle_is_folded() -> None:
    chart = draw_chart(_conversation([TcpFlag.ACK] * 60), {})
    assert "step 0<" in chart.head and "step 59<" in chart.tail
    assert "step 30<" in chart.middle
    assert chart.summary.startswith("40 more segments")


def test_a_fin_ends_the_fold() -> None:
    kinds = [TcpFlag.ACK] * 60
    kinds[30] = TcpFlag.ACK | TcpFlag.FIN
    chart = draw_chart(_conversation(kinds), {})
    assert "step 29<" in chart.middle
    assert "step 30<" in chart.tail and "step 30<" not in chart.middle


def test_nothing_is_folded_where_every_step_matters() -> None:
    chart = draw_chart(_conversation([TcpFlag.SYN] * 40), {})
    assert chart.middle == chart.tail == chart.summary == ""
    assert "step 39<" in chart.head
