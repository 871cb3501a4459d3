"""The LAN driver: a kernel task that serves one adapter over its bus, and the FrameDevice that the stack sees.

Theory of operation
-------------------
Toward the stack everything is synchronous and works on two bounded queues (``queues.py``). :meth:`NicDriver.run` moves
frames between them and the adapter, one transaction after the other (``service.py``), whenever the interrupt line is
asserted or the queues have work.

Recovery. A bus error, a receive ring that makes no sense, or a transmission that does not end although the medium is
free lead to a soft reset and a new set-up; frames still in the queue are kept. An adapter that does not answer (no
power, cable out), or whose resets do not help, is *parked*: the link is reported down, frames are dropped, and the
driver looks for it again ever more rarely. In both cases frames in transmit slots are reported as LOST. What happened
and what it cost is counted in ``statistics``, said in ``notices`` and logged.

Link. Where a PHY is configured, the adapter follows it (``link.py``): another speed or duplex after a change of the
link means a new set-up, as in recovery, and what it costs is told likewise.

A transaction that has begun is never cancelled: the bus sees to that. After :meth:`NicDriver.run` was cancelled,
:meth:`NicDriver.start` begins anew.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from rig.adapter.bus import AdapterBus, read_block
from rig.adapter.device import Capabilities, ReceivedFrame, TransmitResult
from rig.adapter.registers import WIN_COUNTERS, WIN_COUNTERS_OCTETS
from rig.driver import bring_up
from rig.driver.config import DriverConfig
from rig.driver.link import ManagedLink
from rig.driver.queues import FrameQueues
from rig.driver.ring import RingFault
from rig.driver.service import AdapterService, CountingBus
from rig.driver.statistics import CounterTotals, DriverStatistics
from rig.errors import AdapterError, BusError, UsageError
from rig.runtime.kernel import Scheduler

_LOG = logging.getLogger(__name__)

RESETS_WITHOUT_PROGRESS = 3
"""After so many soft resets in a row without a frame in between, the adapter is parked."""


class NicDriver:
    """Driver of the LAN adapter behind ``bus``; implements :class:`~rig.adapter.device.FrameDevice`.

    Call :meth:`start`, then spawn :meth:`run`.
    """

    def __init__(self, scheduler: Scheduler, bus: AdapterBus, config: DriverConfig | None = None) -> None:
        self.config = config = config or DriverConfig()
        self.statistics = DriverStatistics()
        self.notices: list[str] = []
        """What a person should know, in order: an address that replaces the ROM's, resets and what they lost."""
        self._scheduler = scheduler
        self._bus = CountingBus(bus, self.statistics)
        self._counters = CounterTotals()
        self._queues = FrameQueues(scheduler, config, self.statistics)
        self._identity: bring_up.Identity | None = None
        self._service: AdapterService | None = None
        self._resets_in_a_row = 0
        self._link = ManagedLink(scheduler, self._bus, config, self._note)
        self.irq = self._queues.irq
        self.tx_ready = self._queues.tx_ready

    # -- FrameDevice ---------------------------------------------------------------------------------------------------

    @property
    def capabilities(self) -> Capabilities:
        """See FrameDevice; :class:`~rig.errors.UsageError` before :meth:`start` has succeeded once."""
        config, mode = self.config, self._link.mode
        return Capabilities(
            name=config.name,
            mac=self._identified().mac,
            mtu=config.mtu,
            speed_mbps=mode.speed_mbps,
            full_duplex=mode.full_duplex,
            shows_fcs=True,
            shows_bad_frames=config.accept_errors or config.accept_runts,
            times_transmissions=True,
            counts_collisions=True,
            transmit_queue_frames=config.transmit_queue_frames,
        )

    @property
    def is_link_up(self) -> bool:
        """Whether the adapter answers and reports a link."""
        return self._queues.is_link_up

    def try_transmit(self, frame: bytes) -> bool:
        """See FrameDevice. While the adapter is parked every frame is taken, dropped and reported as LOST."""
        return self._queues.try_transmit(frame)

    def receive(self) -> ReceivedFrame | None:
        """See FrameDevice."""
        return self._queues.receive()

    def transmit_results(self) -> list[TransmitResult]:
        """See FrameDevice; the newest 1024 are kept."""
        return self._queues.transmit_results()

    # -- life ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Bring the adapter up: identify, reset, set up, switch on.

        :class:`~rig.errors.AdapterError` if it does not answer or is not what it should be, with a remedy.
        """
        if self._service is not None:
            self._queues.lose(self._service.slots.abandon())
        await self._bring_up()

    async def run(self) -> None:
        """Serve the adapter until cancelled. Errors of the adapter are recovered from and never leave through here."""
        queues, irq = self._queues, self._bus.irq
        self._identified()
        while True:
            service = self._serving()
            woken_by = await self._scheduler.wait_first(irq, queues.work, deadline_ns=service.deadline_ns)
            queues.work.clear()
            try:
                if irq.is_set() or (queues.adapter_waits and queues.has_room):
                    await service.serve_interrupt()
                if woken_by is None and (problem := await service.look_after_transmission()):
                    await self._recover(problem)
                    continue
                if service.has_link_changed:
                    service.has_link_changed = False
                    if await self._link.has_another_mode():
                        await self._set_up_again(f"the link is {self._link.mode} now")
                        continue
                await service.send()  # also into slots that were found to be free by looking
            except (BusError, RingFault) as error:
                if isinstance(error, BusError):
                    self.statistics.bus_errors += 1
                else:
                    self.statistics.ring_faults += 1
                await self._recover(self._said(error))
            except AdapterError as error:
                await self._park(self._said(error))

    async def read_counters(self) -> dict[str, int]:
        """Read the management counters of the adapter; return them by clause 30 name, beyond 32 bits.

        They count from the power-on before :meth:`start`, and on over later losses of power; but what the adapter
        counts between the last reading and a loss of power is lost with it. While it does not answer, they are what was
        read last.
        """
        if not self._queues.is_parked:
            try:
                self._counters.update(await read_block(self._bus, WIN_COUNTERS, WIN_COUNTERS_OCTETS))
            except AdapterError as error:
                self._note(f"{self.config.name}: the counters could not be read: {self._said(error)}")
        return self._counters.as_dict()

    # -- bring-up and recovery -----------------------------------------------------------------------------------------

    def _identified(self) -> bring_up.Identity:
        if self._identity is None:
            raise UsageError(f"{self.config.name}: start() has to succeed first")
        return self._identity

    def _serving(self) -> AdapterService:
        self._identified()
        assert self._service is not None
        return self._service

    async def _bring_up(self) -> None:
        """Identify the adapter and set it up. Frames in its slots must have been given up before."""
        identity = bring_up.identify(await self._bus.transaction(bring_up.identify_operations()), self.config)
        for notice in identity.notices:
            if notice not in self.notices:
                self._note(notice)
        self._counters.adapter_returned(identity.counters)
        await self._link.meet_phy()
        await self._set_up(identity)
        self._identity = identity

    async def _set_up(self, identity: bring_up.Identity) -> int:
        """Reset the adapter, write its registers and switch it on; return its RX_CURR before the reset."""
        mode, layout = self._link.mode, identity.layout
        config = replace(self.config, speed_mbps=mode.speed_mbps, full_duplex=mode.full_duplex)
        operations = bring_up.configure_operations(config, layout, identity.mac)
        configured = bring_up.check_configured(await self._bus.transaction(operations), config, layout)
        self._service = AdapterService(
            self._scheduler, self._bus, config, layout, self._queues, self.statistics, self._counters
        )
        self._queues.is_parked = False
        self._queues.adapter_waits = False
        self._queues.link_is(configured.is_link_up)
        self._queues.work.set()
        return configured.ring_page_before

    async def _recover(self, reason: str) -> None:
        """Set the adapter up again; park it if that has not helped so far."""
        service = self._serving()
        self._resets_in_a_row = 1 if service.has_progressed else self._resets_in_a_row + 1
        if self._resets_in_a_row > RESETS_WITHOUT_PROGRESS:
            await self._park(f"{reason}, and {RESETS_WITHOUT_PROGRESS} soft resets did not help")
        else:
            await self._set_up_again(reason)

    async def _set_up_again(self, reason: str) -> None:
        """Reset the adapter and set it up again, and tell what that cost; park it if it fails."""
        name, service = self.config.name, self._serving()
        lost = service.slots.abandon()
        self._queues.lose(lost)
        self.statistics.resets += 1
        try:
            ring_page_before = await self._set_up(self._identified())
        except AdapterError as error:
            await self._park(f"{reason}, and then: {self._said(error)}")
            return
        pages = service.ring.pages_until(ring_page_before)
        self.statistics.receive_pages_lost += pages
        self._note(
            f"{name}: {reason}; soft reset at {self._scheduler.now_ns} ns: {lost} frames in transmit slots and "
            f"{pages} pages of received frames were lost, {self._queues.frames_to_send} queued frames were kept"
        )

    async def _park(self, reason: str) -> None:
        """Drop everything and look for the adapter until it answers again."""
        name, scheduler = self.config.name, self._scheduler
        lost = self._serving().slots.abandon()
        self._queues.lose(lost)
        dropped = self._queues.park()
        self.statistics.adapter_faults += 1
        self._note(
            f"{name}: {reason}; parked at {scheduler.now_ns} ns: {lost} frames in transmit slots were lost, "
            f"{dropped} queued frames dropped"
        )
        probe_ns = self.config.probe_first_ns
        while self._queues.is_parked:
            await scheduler.sleep_until(scheduler.now_ns + probe_ns)
            probe_ns = min(2 * probe_ns, self.config.probe_last_ns)
            try:
                await self._bring_up()
            except AdapterError:
                pass  # said when it was parked; what it says now is no news
        self._resets_in_a_row = 0
        self._note(f"{name}: the adapter answers again at {scheduler.now_ns} ns")

    def _said(self, error: AdapterError | RingFault) -> str:
        """Return what an error says, without the name that a notice begins with; buses and faults give theirs, too."""
        return str(error).removeprefix(f"{self.config.name}: ")

    def _note(self, notice: str) -> None:
        self.notices.append(notice)
        _LOG.warning("%s", notice)
