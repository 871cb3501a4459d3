// The timeline of the medium: two canvases, one for the whole run and one for a window of it. Draws what is in #data:
// {lanes, kinds, bit, slot, end, events: [[kind, lane, t, duration, frame, attempt, slots, bit]], collisions, window}.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.getElementById("timeline");
  if (!root || !data.events.length) return;
  document.documentElement.classList.add("scripted");
  const canvas = root.querySelector("canvas.lanes"), overview = root.querySelector("canvas.overview");
  const output = root.querySelector("output"), tip = document.createElement("div");
  tip.className = "tip"; tip.hidden = true; root.append(tip);

  const MEDIUM = data.lanes.length - 1, LANE = 58, AXIS = 26, GUTTER = () => Math.min(92, canvas.clientWidth * 0.2);
  const DRAW_ORDER = ["receive", "defer", "backoff", "transmit", "jam", "collision", "irq", "power"];
  const BOX = { receive: [45, 6], defer: [21, 8], backoff: [16, 18], transmit: [13, 24], jam: [13, 24], irq: [2, 4] };
  const byKind = DRAW_ORDER.map((name) => {
    const events = data.events.filter((event) => data.kinds[event[0]] === name).sort((a, b) => a[2] - b[2]);
    let longest = 0;
    for (const event of events) longest = Math.max(longest, event[3]);
    return { name, events, longest };
  });
  const NARROWEST = 40 * data.bit;
  const view = { start: data.window[0], end: data.window[1] };
  let colours = {}, frame = 0;

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    const get = (name) => style.getPropertyValue(name).trim();
    colours = { ink: get("--ink"), soft: get("--soft"), line: get("--line"), card: get("--card"), faint: get("--faint"),
      hit: get("--hit"), lane: [0, 1, 2, 3, 4, 5, 6, 7].map((index) => get("--s" + index)) };
  }
  function time(ns) {
    const size = Math.abs(ns);
    if (size < 1e3) return Math.round(ns) + " ns";
    if (size < 1e6) return +(ns / 1e3).toFixed(2) + " µs";
    if (size < 1e9) return +(ns / 1e6).toFixed(4) + " ms";
    return +(ns / 1e9).toFixed(6) + " s";
  }
  function size(target, height) {
    const scale = window.devicePixelRatio || 1, width = target.clientWidth;
    if (target.width !== Math.round(width * scale) || target.height !== Math.round(height * scale)) {
      target.width = Math.round(width * scale); target.height = Math.round(height * scale); target.style.height = height + "px";
    }
    const context = target.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    return [context, width];
  }
  const toX = (t, width) => GUTTER() + (t - view.start) / (view.end - view.start) * (width - GUTTER());
  const toTime = (x, width) => view.start + (x - GUTTER()) / (width - GUTTER()) * (view.end - view.start);
  const laneColour = (lane) => colours.lane[lane % 8];

  function firstAfter(list, t) { // index of the first event that may end at or after t
    let low = 0, high = list.events.length;
    while (low < high) { const middle = low + high >> 1; if (list.events[middle][2] + list.longest < t) low = middle + 1; else high = middle; }
    return low;
  }
  function step(span, width) {
    const wanted = span * 90 / Math.max(120, width - GUTTER()), power = 10 ** Math.floor(Math.log10(wanted));
    return [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= wanted);
  }
  function draw() {
    frame = 0;
    const height = AXIS + LANE * data.lanes.length;
    const [context, width] = size(canvas, height);
    const gutter = GUTTER();
    context.font = "11px ui-monospace, Menlo, Consolas, monospace";
    const tick = step(view.end - view.start, width);
    context.textAlign = "center";
    for (let t = Math.ceil(view.start / tick) * tick; t <= view.end; t += tick) {
      const x = toX(t, width);
      context.fillStyle = colours.line; context.fillRect(x, AXIS - 6, 1, height);
      context.fillStyle = colours.soft;
      if (x < width - 24) context.fillText(time(t), x, 13);
    }
    data.lanes.forEach((name, lane) => {
      context.fillStyle = colours.line; context.fillRect(0, AXIS + LANE * (lane + 1) - 1, width, 1);
    });
    context.save();
    context.beginPath(); context.rect(gutter, 0, width - gutter, height); context.clip();
    context.textAlign = "left";
    for (const list of byKind) paint(context, list, width);
    context.restore();
    context.textAlign = "left"; context.font = "600 12px ui-monospace, Menlo, Consolas, monospace";
    data.lanes.forEach((name, lane) => {
      context.fillStyle = lane === MEDIUM ? colours.ink : laneColour(lane);
      context.fillText(name, 0, AXIS + LANE * lane + 32, gutter - 8);
    });
    drawOverview();
    const span = view.end - view.start;
    output.textContent = time(view.start) + " to " + time(view.end) + " · " + Math.round(span / data.bit).toLocaleString("en") + " bit times";
    const position = nearest();
    root.querySelector("[data-do=previous]").disabled = position.previous < 0;
    root.querySelector("[data-do=next]").disabled = position.next < 0;
  }
  function paint(context, list, width) {
    let lastX = -1, lastLane = -1;
    for (let index = firstAfter(list, view.start); index < list.events.length; index++) {
      const [, lane, t, duration, id, attempt, slots, bit] = list.events[index];
      if (t > view.end) break;
      const x = toX(t, width), wide = Math.max(1, toX(t + duration, width) - x), y = AXIS + LANE * lane;
      if (wide <= 1 && lastX === Math.round(x) && lastLane === lane) continue; // already inked
      lastX = Math.round(x); lastLane = lane;
      if (list.name === "collision") {
        context.fillStyle = colours.hit;
        if (lane === MEDIUM) context.fillRect(x, y + 16, Math.max(2, wide), 26);
        else { context.fillRect(x - 0.75, y + 8, 1.5, 34); if (bit >= 0 && data.bit * 200 > view.end - view.start) label(context, "bit " + bit, x + 3, y + 10, colours.hit); }
      } else if (list.name === "power") {
        context.fillStyle = colours.ink; context.fillRect(x - 1, y, 2, LANE); label(context, "power", x + 4, y + 12, colours.ink);
      } else if (list.name === "backoff") {
        backoff(context, lane, x, wide, y, duration, slots, width);
      } else if (lane !== MEDIUM) {
        const [top, tall] = BOX[list.name];
        context.globalAlpha = list.name === "defer" ? 0.32 : list.name === "receive" || list.name === "irq" ? 0.5 : 1;
        context.fillStyle = list.name === "jam" ? colours.hit : list.name === "irq" ? colours.soft : laneColour(lane);
        context.fillRect(x, y + top, wide, tall);
        context.globalAlpha = 1;
        if (list.name === "transmit") name(context, id, attempt, x, wide, y + 29);
      }
    }
  }
  function backoff(context, lane, x, wide, y, duration, slots, width) {
    const colour = laneColour(lane);
    if (!slots) { context.fillStyle = colour; context.fillRect(x, y + 16, 1.5, 18); if (data.bit * 2500 > view.end - view.start) label(context, "0 slots", x + 5, y + 29, colours.soft); return; }
    context.globalAlpha = 0.13; context.fillStyle = colour; context.fillRect(x, y + 16, wide, 18); context.globalAlpha = 1;
    context.strokeStyle = colour; context.lineWidth = 1; context.setLineDash([3, 2]);
    const one = wide / slots;
    if (one > 3) for (let slot = 0; slot < slots; slot++) {
      const left = x + slot * one;
      if (left > width || left + one < 0) continue;
      context.strokeRect(left + 0.5, y + 16.5, one - 1, 17);
      if (one > 46) { context.textAlign = "center"; label(context, "slot " + (slot + 1), left + one / 2, y + 29, colours.soft); context.textAlign = "left"; }
    } else context.strokeRect(x + 0.5, y + 16.5, wide, 17);
    context.setLineDash([]);
  }
  function name(context, id, attempt, x, wide, y) { // the longest that fits
    const left = Math.max(x, GUTTER()), room = x + wide - left - 34; // a jam may cover the end
    const again = attempt > 1;
    for (const words of ["frame " + id + (again ? ", attempt " + attempt : ""), id + (again ? "." + attempt : "")])
      if (words.length * 6.1 < room) { label(context, words, left + 5, y, colours.card); return; }
  }
  function label(context, words, x, y, colour) {
    context.font = "10px ui-monospace, Menlo, Consolas, monospace"; context.fillStyle = colour; context.fillText(words, x, y);
  }
  function drawOverview() {
    const [context, width] = size(overview, 34), x = (t) => t / data.end * width;
    context.fillStyle = colours.faint; context.fillRect(0, 0, width, 34);
    for (const list of byKind) if (list.name === "transmit") {
      const done = new Uint8Array(Math.ceil(width) * data.lanes.length + data.lanes.length);
      for (const [, lane, t, duration] of list.events) {
        const left = x(t), key = Math.floor(left) * data.lanes.length + lane;
        if (done[key] && x(t + duration) - left < 1) continue;
        done[key] = 1;
        context.fillStyle = laneColour(lane); context.globalAlpha = 0.75;
        context.fillRect(left, 4 + lane * 20 / Math.max(1, MEDIUM), Math.max(1, x(t + duration) - left), 20 / Math.max(1, MEDIUM) - 1);
      }
    }
    context.globalAlpha = 1; context.fillStyle = colours.hit;
    for (const [t] of data.collisions) context.fillRect(x(t) - 0.5, 26, 1.5, 7);
    context.strokeStyle = colours.ink; context.lineWidth = 1.5;
    const left = x(view.start), wide = Math.max(3, x(view.end) - left);
    context.strokeRect(Math.min(left, width - 4) + 0.75, 0.75, Math.min(wide, width - left - 1.5), 32.5);
  }
  function ask() { if (!frame) frame = requestAnimationFrame(draw); }
  function show(start, end) {
    const span = Math.min(Math.max(end - start, NARROWEST), data.end * 1.02 + NARROWEST);
    const middle = (start + end) / 2;
    view.start = Math.max(-data.end * 0.01, Math.min(middle - span / 2, data.end * 1.01 - span)); view.end = view.start + span;
    ask();
  }
  function zoom(factor, around) {
    const centre = around === undefined ? (view.start + view.end) / 2 : around;
    const span = Math.min(Math.max((view.end - view.start) * factor, NARROWEST), data.end * 1.02 + NARROWEST);
    const ratio = (centre - view.start) / (view.end - view.start);
    show(centre - span * ratio, centre - span * ratio + span);
  }
  function nearest() {
    const middle = (view.start + view.end) / 2, slack = 2 * data.bit;
    let previous = -1, next = -1;
    data.collisions.forEach(([t, end], index) => {
      const centre = (t + end) / 2;
      if (centre < middle - slack) previous = index;
      else if (next < 0 && centre > middle + slack) next = index;
    });
    return { previous, next };
  }
  function go(index) {
    if (index < 0) return;
    const [t, end] = data.collisions[index], span = Math.min(view.end - view.start, 6 * data.slot);
    show((t + end) / 2 - span / 2, (t + end) / 2 + span / 2);
  }
  const actions = { previous: () => go(nearest().previous), next: () => go(nearest().next), in: () => zoom(0.5),
    out: () => zoom(2), all: () => show(0, data.end) };
  root.querySelectorAll("button").forEach((button) => button.addEventListener("click", actions[button.dataset.do]));
  canvas.addEventListener("keydown", (event) => {
    const span = view.end - view.start;
    const keys = { ArrowLeft: () => show(view.start - span / 5, view.end - span / 5), ArrowRight: () => show(view.start + span / 5, view.end + span / 5),
      "+": actions.in, "=": actions.in, "-": actions.out, Home: actions.all, n: actions.next, p: actions.previous };
    if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
  });
  canvas.addEventListener("wheel", (event) => {
    const horizontal = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!horizontal && !event.ctrlKey && document.activeElement !== canvas) return; // the page scrolls until the timeline is chosen
    event.preventDefault();
    const span = view.end - view.start;
    if (horizontal) show(view.start + event.deltaX / canvas.clientWidth * span, view.end + event.deltaX / canvas.clientWidth * span);
    else zoom(Math.exp(event.deltaY / 300), toTime(event.offsetX, canvas.clientWidth));
  }, { passive: false });

  const pointers = new Map();
  let pinch = 0;
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); pointers.set(event.pointerId, event.offsetX); pinch = 0; });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => { pointers.delete(event.pointerId); pinch = 0; });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) { hover(event); return; }
    pointers.set(event.pointerId, event.offsetX);
    const places = [...pointers.values()];
    if (places.length === 2) {
      const apart = Math.max(12, Math.abs(places[0] - places[1]));
      if (pinch) zoom(pinch / apart, toTime((places[0] + places[1]) / 2, canvas.clientWidth));
      pinch = apart;
      return;
    }
    const moved = (before - event.offsetX) / (canvas.clientWidth - GUTTER()) * (view.end - view.start);
    show(view.start + moved, view.end + moved);
  });
  canvas.addEventListener("click", hover);
  function hover(event) {
    const lane = Math.floor((event.offsetY - AXIS) / LANE), t = toTime(event.offsetX, canvas.clientWidth);
    const height = event.offsetY - AXIS - lane * LANE;
    const slack = 3 * (view.end - view.start) / canvas.clientWidth;
    let found = null;
    if (lane >= 0 && event.offsetX > GUTTER()) for (const list of byKind) {
      const [top, tall] = BOX[list.name] || [0, LANE];
      if (height < top - 3 || height > top + tall + 3) continue;
      for (let index = firstAfter(list, t - slack); index < list.events.length && list.events[index][2] <= t + slack; index++) {
        const item = list.events[index];
        if (item[1] === lane && item[2] + item[3] >= t - slack) found = [list.name, item];
      }
    }
    tip.hidden = !found;
    if (!found) return;
    const [name, [, , start, duration, id, attempt, slots, bit]] = found;
    const lines = [data.lanes[lane] + ": " + name];
    if (id) lines.push("frame " + id + (attempt ? ", attempt " + attempt : ""));
    if (slots >= 0) lines.push(slots + (slots === 1 ? " slot" : " slots") + " drawn");
    if (bit >= 0) lines.push("acted on in bit " + bit);
    lines.push(duration ? start.toLocaleString("en") + " ns, for " + time(duration) + " (" + Math.round(duration / data.bit) + " bit times)" : start.toLocaleString("en") + " ns");
    tip.textContent = lines.join("\n");
    tip.style.left = Math.min(event.offsetX + 14, canvas.clientWidth - 220) + "px";
    tip.style.top = canvas.offsetTop + AXIS + LANE * (lane + 1) - 4 + "px";
  }
  const jump = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    const t = event.offsetX / overview.clientWidth * data.end, span = view.end - view.start;
    show(t - span / 2, t + span / 2);
  };
  overview.addEventListener("pointerdown", jump);
  overview.addEventListener("pointermove", jump);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); ask(); });
  new ResizeObserver(ask).observe(root);
  readColours();
  ask();
})();
