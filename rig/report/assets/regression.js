"use strict";
// A row: [id, outcome, seconds by phase, artefacts, repeat] and, of what did not pass, error and attempts.
(() => {
  const PAGE_ROWS = 300;
  const data = JSON.parse(document.getElementById("data").textContent);
  const body = document.getElementById("rows");
  const more = document.getElementById("more");
  const text = document.getElementById("text");
  const boxes = [...document.querySelectorAll(".filter input[type=checkbox]")];
  let chosen = [];
  let shown = 0;

  function cell(row, content, kind) {
    const made = document.createElement("td");
    if (kind) made.className = kind;
    if (content !== undefined) made.textContent = content;
    row.append(made);
    return made;
  }

  function link(path) {
    const made = document.createElement("a");
    made.href = path.split("/").map(encodeURIComponent).join("/");
    const parts = path.split("/");
    const attempt = parts.find((part) => part.startsWith("attempt-")) || "";
    made.textContent = parts[parts.length - 1] + (attempt === "attempt-2" ? " (2)" : "");
    made.title = path;
    return made;
  }

  function show(row) {
    const [id, outcome, seconds, artefacts, repeat, error, attempts] = row;
    const made = document.createElement("tr");
    cell(made, data.outcomes[outcome], "o" + outcome);
    const name = cell(made, undefined, "name");
    name.append(id);
    if (error) {
      const why = document.createElement("div");
      why.className = "why";
      why.textContent = error + (attempts > 1 ? " (" + attempts + " attempts)" : "");
      name.append(why);
    }
    if (repeat && outcome < 3) {
      const code = document.createElement("code");
      code.className = "repeat";
      code.textContent = repeat;
      name.append(code);
    }
    const last = seconds.length - 1;
    cell(made, seconds[last].toFixed(1) + " s", "number");
    const before = data.phases.slice(0, last).map((phase, i) => seconds[i] ? phase + " " + seconds[i].toFixed(1) + " s" : "");
    cell(made, before.filter(Boolean).join(", "), "number");
    const left = cell(made, undefined, "left");
    for (const path of artefacts) left.append(link(path), " ");
    return made;
  }

  function extend() {
    const next = chosen.slice(shown, shown + PAGE_ROWS);
    body.append(...next.map(show));
    shown += next.length;
    more.hidden = shown >= chosen.length;
  }

  function filter() {
    const wanted = text.value.toLowerCase();
    const outcomes = new Set(boxes.filter((box) => box.checked).map((box) => Number(box.value)));
    chosen = data.rows.filter((row) => outcomes.has(row[1])
      && (!wanted || row[0].toLowerCase().includes(wanted) || (row[5] || "").toLowerCase().includes(wanted)));
    body.replaceChildren();
    shown = 0;
    document.getElementById("count").textContent = chosen.length + " of " + data.rows.length;
    extend();
  }

  text.addEventListener("input", filter);
  for (const box of boxes) box.addEventListener("change", filter);
  more.addEventListener("click", extend);
  filter();
})();
