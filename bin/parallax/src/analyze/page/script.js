"use strict";
const blocks = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const palette = ["#4269d0", "#efb118", "#3ca951", "#a463f2", "#ff725c", "#6cc5b0", "#9c6b4e", "#ff8ab7"];
const other = "#9aa5b1";
const color = (contract) => palette[contract] ?? other;
const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Elements from names, attributes and children; text is never taken for markup.
function element(name, attributes = {}, ...children) {
  const svg = ["svg", "g", "path", "line", "text", "circle", "rect"].includes(name);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return made;
}
const fill = (id, ...children) => $(id).replaceChildren(...children);
const percent = (part) => `${Math.round(part * 100)} %`;
const times = (value) => `${value >= 10 ? value.toFixed(1) : value.toFixed(2)}x`;
const milliseconds = (value) => `${value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toFixed(3)} ms`;
const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

function showTip(event, ...lines) {
  const tip = $("tip");
  tip.replaceChildren(...lines.map((line) => element("div", {}, line)));
  tip.hidden = false;
  const x = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 10);
  const y = Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 10);
  tip.style.left = `${Math.max(6, x)}px`;
  tip.style.top = `${Math.max(6, y)}px`;
}
const hideTip = () => { $("tip").hidden = true; };

function verdict(block) {
  const sixteen = block.bounds.find((bound) => bound.cores === 16);
  const culprit = block.removals[0] ? ` The chain hangs on the ${block.removals[0].name}.` : "";
  const gain = Math.max(sixteen.whole, sixteen.overlapped);
  if (gain >= 12) return "Parallel: hardly anything in this block has to wait for anything else.";
  if (gain >= 4) return `Mostly parallel: one chain of ${block.chain.transactions} transactions takes ${percent(block.chain.share)} of the time.${culprit}`;
  if (gain >= 1.5) return `Partly serial: no number of cores makes it more than ${times(gain)} faster.${culprit}`;
  return `Serial: nearly every transaction waits for the one before.${culprit}`;
}

function summary(block) {
  $("title").textContent = block.block;
  $("verdict").textContent = verdict(block);
  const sixteen = block.bounds.find((bound) => bound.cores === 16);
  const simulated = block.simulated.find((point) => point.cores === 16);
  const facts = [
    [block.txs.toLocaleString("en"), `transactions, ${block.failed} failed`],
    [`${(block.gas / 1e6).toFixed(1)}M`, "gas"],
    [milliseconds(block.sequential_ms), "plain revm, one by one"],
    [percent(block.independent / Math.max(1, block.txs)), "depend on no other"],
    [`${block.chain.transactions}`, `in the longest chain, ${percent(block.chain.share)} of the time`],
    [times(sixteen.overlapped), "at most on 16 cores"],
    [times(simulated.speedup), "engine on 16 cores, simulated"],
  ];
  fill("facts", ...facts.map(([value, label]) =>
    element("div", { class: "fact" }, element("b", {}, value), element("span", {}, label))));
}

function advice(block) {
  if (block.advice.length === 0) {
    fill("advice", element("p", { class: "fine" }, "Nothing worth a change: few transactions wait for the same."));
    return;
  }
  fill("advice", ...block.advice.map((advice, index) =>
    element("div", { class: "advice" }, element("i", {}, index + 1),
      element("div", {}, element("b", {}, `${advice.problem}.`), element("p", {}, advice.remedy)))));
}

function curves(block) {
  const [width, height, left, right, top, bottom] = [620, 350, 40, 178, 14, 46];
  const lines = [
    ["bound, whole", block.bounds.map((b) => [b.cores, b.whole]), variable("--faint"), "2 4"],
    ["bound, overlapped", block.bounds.map((b) => [b.cores, b.overlapped]), variable("--faint"), "7 4"],
    ["list schedule", block.bounds.map((b) => [b.cores, b.list]), "#3ca951", ""],
    ["engine (simulated)", block.simulated.map((p) => [p.cores, p.speedup]), variable("--accent"), ""],
  ];
  for (const line of lines.slice(0, 3)) line[1].unshift([1, 1]);
  const cores = block.simulated.map((point) => point.cores);
  const most = Math.max(2, ...lines.flatMap((line) => line[1].map((point) => point[1])));
  const low = Math.min(1, ...lines.flatMap((line) => line[1].map((point) => point[1])));
  const x = (value) => left + (width - left - right) * Math.log2(value) / Math.log2(Math.max(...cores));
  const y = (value) => height - bottom - (height - top - bottom) * Math.log2(value / low) / Math.log2(most / low);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, width: "100%", role: "img" });
  for (let tick = 0.5; tick <= most; tick *= 2) {
    if (tick < low) continue;
    svg.append(element("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
      element("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, `${tick}x`));
  }
  for (const value of cores) svg.append(element("text", { x: x(value), y: height - 26, "text-anchor": "middle" }, value));
  svg.append(element("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, "cores"));
  const labels = [];
  for (const [name, points, stroke, dash] of lines) {
    const d = points.map(([px, py], index) => `${index ? "L" : "M"}${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join("");
    svg.append(element("path", { d, fill: "none", stroke, "stroke-width": name.startsWith("engine") ? 3 : 2, "stroke-dasharray": dash, "stroke-linejoin": "round" }));
    labels.push([name, stroke, x(points.at(-1)[0]) + 8, y(points.at(-1)[1]) + 4]);
  }
  const measured = block.validation;
  if (measured) {
    svg.append(element("circle", { cx: x(measured.workers), cy: y(Math.max(low, measured.measured_speedup)), r: 5, fill: variable("--warm") }),
      element("text", { x: x(measured.workers) + 9, y: y(Math.max(low, measured.measured_speedup)) + 16, style: `fill: ${variable("--warm")}` }, "measured"));
  }
  // Labels that would lie on each other are moved apart.
  labels.sort((a, b) => a[3] - b[3]);
  labels.forEach((label, index) => { if (index) label[3] = Math.max(label[3], labels[index - 1][3] + 15); });
  const over = labels.length ? labels.at(-1)[3] - (height - bottom + 4) : 0;
  if (over > 0) labels.forEach((label) => { label[3] -= over; });
  for (const [name, stroke, , ly] of labels) {
    const [first, ...rest] = name.split(", ");
    svg.append(element("text", { x: width - right + 8, y: ly, style: `fill: ${stroke}; font-weight: 600` }, rest.length ? `${first}: ${rest}` : first));
  }
  fill("curves", svg);
  $("validation").textContent = measured
    ? `The curve of the engine is simulated. The model was checked on ${measured.workers} workers of this machine: predicted ${milliseconds(measured.predicted_ms)}, measured ${milliseconds(measured.measured_ms)}, error ${(measured.error * 100).toFixed(1)} %. Bounds are over one core of the engine, the curve over plain revm.`
    : "The curve of the engine is simulated, and could not be checked on this machine. Bounds are over one core of the engine, the curve over plain revm.";
}

function removals(block) {
  const steps = [["as it is", block.chain.ms, block.chain.transactions],
    ...block.removals.slice(0, 9).map((step) => [step.name, step.ms, step.transactions])];
  const bars = element("div", { class: "bars" });
  steps.forEach(([name, ms, count], index) => {
    const share = ms / Math.max(block.chain.ms, 1e-9);
    const track = element("div", { class: "fill" });
    track.style.width = `${Math.max(2, share * 44)}%`;
    bars.append(element("div", { class: "name" }, index ? `without the ${name}` : name),
      element("div", { class: "track" }, track, `${milliseconds(ms)}, ${count} txs`));
  });
  fill("removals", bars);
}

function heat(block) {
  if (block.functions.length === 0) {
    fill("heat", element("p", { class: "fine" }, "Nobody waits for anybody."));
    return;
  }
  const sums = (key) => {
    const counts = new Map();
    for (const pair of block.functions) counts.set(pair[key], (counts.get(pair[key]) ?? 0) + pair.count);
    return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 12).map(([name]) => name);
  };
  const [readers, writers] = [sums("reader"), sums("writer")];
  const counts = new Map(block.functions.map((pair) => [`${pair.reader}\n${pair.writer}`, pair.count]));
  const most = Math.max(...counts.values());
  const table = element("table", { class: "heat" });
  table.append(element("tr", {}, element("th"), ...writers.map((name) => element("th", { class: "column", title: name }, element("div", {}, name)))));
  for (const reader of readers) {
    const row = element("tr", {}, element("th", { class: "row" }, reader));
    for (const writer of writers) {
      const count = counts.get(`${reader}\n${writer}`) ?? 0;
      const cell = element("td", {}, count || "");
      const depth = count ? 0.12 + 0.88 * Math.sqrt(count / most) : 0;
      cell.style.background = count ? `rgba(${variable("--heat")}, ${depth.toFixed(2)})` : variable("--lane");
      if (depth > 0.6) cell.style.color = variable("--card");
      if (count) {
        cell.onmousemove = (event) => showTip(event, `${reader} waits for ${writer}`, plural(count, "pair"));
        cell.onmouseleave = hideTip;
      }
      row.append(cell);
    }
    table.append(row);
  }
  fill("heat", table);
}

function table(heads, rows) {
  const head = element("tr", {}, ...heads.map(([name, side]) => element("th", side ? { class: side } : {}, name)));
  const made = rows.map((cells) => element("tr", {}, ...cells.map((cell, index) => element("td", heads[index][1] ? { class: heads[index][1] } : {}, cell))));
  return element("div", { class: "scroll" }, element("table", {}, head, ...made));
}

function locations(block) {
  if (block.locations.length === 0) {
    fill("locations", element("p", { class: "fine" }, "No transaction reads what another one of the block wrote."));
    return;
  }
  const most = block.locations[0].waits;
  const dash = (count) => count || "–";
  fill("locations", table(
    [["location", "l"], ["transactions that wait"], ["touched by"], ["written by"], ["links of the chain"], ["chain without it"]],
    block.locations.map((location) => {
      const meter = element("span", { class: "meter" });
      meter.style.width = `${Math.max(2, 90 * location.waits / most)}px`;
      const name = element("span", { title: location.address }, location.name);
      return [name, element("span", {}, meter, location.waits), dash(location.touched), dash(location.written), dash(location.on_chain), milliseconds(location.chain_without_ms)];
    })));
}

function chain(block) {
  const rows = block.chain.links.map((link) => {
    const waits = link.waits_for.length
      ? element("div", { class: "small" }, `waits at ${percent(link.reads_at)} for the ${link.waits_for.slice(0, 3).join(", the ")}${link.waits_for.length > 3 ? ` and ${link.waits_for.length - 3} more` : ""}`)
      : "";
    return [link.tx, element("div", {}, link.calls, waits), link.sender, `${link.us.toFixed(1)} µs`];
  });
  fill("chain", table([["tx"], ["calls", "l"], ["sender"], ["time"]], rows));
  if (block.chain.omitted) $("chain").append(element("p", { class: "note" }, `${block.chain.omitted} links in the middle are left out.`));
}

function method(block) {
  const costs = block.costs;
  const texts = [
    `Times are those of one thread: each transaction in the engine on one worker, the median of several runs. Executing them takes ${milliseconds(block.executing_ms)} together, plain revm ${milliseconds(block.sequential_ms)}, the whole engine on one worker ${milliseconds(block.one_worker_ms)}.`,
    "A transaction depends on another one if it reads what that one wrote last: a slot, a nonce, code, or a balance that somebody looks at. Payments and fees are additions and no dependencies. Where in a transaction something is read is counted in instructions.",
    `The engine's operations, measured on one worker: claim ${costs.claim} ns, publish and check ${costs.publish} ns, commit ${costs.commit} ns, wake ${costs.wake} ns, per block ${(costs.block / 1e3).toFixed(0)} µs and ${(costs.gather / 1e3).toFixed(0)} µs to gather the changes; speculation takes ${costs.speculation.toFixed(2)} times as long as execution at the head. Putting aside (${costs.stall} ns) is an estimate.`,
    "The model of the scheduler leaves caches, memory and hyper-threads out: its speed-ups are upper limits.",
  ];
  fill("method", ...texts.map((text) => element("p", { class: "small" }, text)));
}

// The lanes: a canvas that can be zoomed and moved.
const view = { lanes: null, block: null, from: 0, to: 1, chain: new Set() };
const kinds = ["executed", "executed for nothing: it had read something stale", "begun and put aside", "waiting at a slot", "payments in a run"];

function lanes(block) {
  const picture = block.picture;
  view.block = block;
  view.chain = new Set(picture.chain);
  const buttons = picture.lanes.map((lanes) => {
    const button = element("button", { "aria-pressed": "false" }, `${lanes.cores} cores`);
    button.onclick = () => choose(lanes);
    return button;
  });
  fill("lane-cores", ...buttons);
  function choose(lanes) {
    view.lanes = lanes;
    [view.from, view.to] = [0, lanes.end];
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", picture.lanes[index] === lanes));
    draw();
  }
  const contracts = picture.contracts.slice(0, palette.length).map((name, index) => {
    const item = element("span", {}, name);
    item.style.setProperty("--c", color(index));
    return item;
  });
  if (picture.contracts.length > palette.length) {
    const item = element("span", {}, `${picture.contracts.length - palette.length} more`);
    item.style.setProperty("--c", other);
    contracts.push(item);
  }
  const wasted = element("span", { class: "striped" }, "executed for nothing");
  const aside = element("span", { class: "dashed" }, "put aside");
  const waiting = element("span", {}, "waiting at a slot");
  waiting.style.setProperty("--c", variable("--faint"));
  fill("legend", ...contracts, wasted, aside, waiting);
  choose(picture.lanes[Math.min(1, picture.lanes.length - 1)]);
}

const canvas = document.querySelector("#lanes canvas");
const laneHeight = () => (view.lanes.cores <= 4 ? 46 : 34);
const gutter = 58;

function stripes(pen) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const small = tile.getContext("2d");
  small.strokeStyle = variable("--bad");
  small.lineWidth = 1.6;
  small.beginPath();
  for (const shift of [-6, 0, 6]) { small.moveTo(shift, 6); small.lineTo(shift + 6, 0); }
  small.stroke();
  return pen.createPattern(tile, "repeat");
}

function draw() {
  const { lanes, from, to } = view;
  const width = canvas.parentElement.clientWidth;
  const step = laneHeight();
  const height = lanes.cores * step + 26;
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.font = "12px system-ui, sans-serif";
  const x = (time) => gutter + (width - gutter) * (time - from) / (to - from);
  for (let lane = 0; lane < lanes.cores; lane++) {
    pen.fillStyle = variable("--lane");
    pen.fillRect(gutter, lane * step, width - gutter, step - 6);
    pen.fillStyle = variable("--soft");
    pen.fillText(`core ${lane}`, 4, lane * step + step / 2 + 1);
  }
  const pattern = stripes(pen);
  pen.save();
  pen.beginPath();
  pen.rect(gutter, 0, width - gutter, height);
  pen.clip();
  for (const pass of [0, 1]) {
    for (const segment of lanes.segments) {
      const [worker, tx, start, end, kind] = segment;
      if (end < from || start > to || (kind === 3) !== (pass === 1)) continue;
      drawSegment(pen, pattern, x(start), Math.max(x(end) - x(start), 0.6), worker * step, step - 6, tx, kind);
    }
  }
  pen.restore();
  axis(pen, x, height, width);
}

function drawSegment(pen, pattern, left, wide, top, high, tx, kind) {
  const [label, , , contract] = view.block.picture.transactions[tx];
  const gap = wide > 3 ? 0.6 : 0;
  if (kind === 3) {
    pen.fillStyle = variable("--card");
    pen.globalAlpha = 0.62;
    pen.fillRect(left, top + 4, wide, high - 8);
    pen.globalAlpha = 1;
    return;
  }
  pen.fillStyle = color(contract);
  pen.globalAlpha = kind === 1 || kind === 2 ? 0.25 : 1;
  pen.fillRect(left, top, wide - gap, high);
  pen.globalAlpha = 1;
  if (kind === 1) {
    pen.fillStyle = pattern;
    pen.fillRect(left, top, wide - gap, high);
    pen.strokeStyle = variable("--bad");
    if (wide > 4) pen.strokeRect(left + 0.5, top + 0.5, wide - gap - 1, high - 1);
  }
  if (kind === 2) {
    pen.strokeStyle = variable("--ink");
    pen.setLineDash([3, 3]);
    pen.strokeRect(left + 0.5, top + 0.5, Math.max(0.5, wide - gap - 1), high - 1);
    pen.setLineDash([]);
  }
  if (view.chain.has(tx) && kind === 0) {
    pen.fillStyle = variable("--ink");
    pen.fillRect(left, top, wide - gap, 3.5);
  }
  if (wide > 34) {
    pen.save();
    pen.beginPath();
    pen.rect(left, top, wide - 3, high);
    pen.clip();
    pen.fillStyle = kind === 1 || kind === 2 ? variable("--ink") : "#fff";
    pen.fillText(wide > 110 ? `${tx} ${label}` : tx, left + 5, top + high / 2 + 5);
    pen.restore();
  }
}

function axis(pen, x, height, width) {
  const span = view.to - view.from;
  const rough = span / Math.max(2, (width - gutter) / 130);
  const unit = 10 ** Math.floor(Math.log10(rough));
  const tick = [1, 2, 5, 10].map((factor) => factor * unit).find((value) => value >= rough);
  pen.fillStyle = variable("--soft");
  for (let time = Math.ceil(view.from / tick) * tick; time <= view.to; time += tick) {
    const text = time >= 1e6 ? `${+(time / 1e6).toFixed(3)} ms` : `${+(time / 1e3).toFixed(1)} µs`;
    const wide = pen.measureText(text).width;
    pen.fillRect(x(time), height - 26, 1, 6);
    pen.fillText(text, Math.min(Math.max(gutter, x(time) - wide / 2), width - wide - 2), height - 6);
  }
}

function timeAt(event) {
  const box = canvas.getBoundingClientRect();
  const part = (event.clientX - box.left - gutter) / (box.width - gutter);
  return view.from + part * (view.to - view.from);
}

function move(from, to) {
  const span = Math.min(to - from, view.lanes.end);
  const start = Math.max(0, Math.min(from, view.lanes.end - span));
  [view.from, view.to] = [start, start + span];
  draw();
}

let dragged = null;
canvas.onwheel = (event) => {
  event.preventDefault();
  const factor = Math.exp(event.deltaY * 0.0018);
  const time = timeAt(event);
  const span = Math.max(500, (view.to - view.from) * factor);
  const part = (time - view.from) / (view.to - view.from);
  move(time - part * span, time + (1 - part) * span);
};
canvas.onpointerdown = (event) => {
  dragged = { x: event.clientX, from: view.from, to: view.to };
  canvas.setPointerCapture(event.pointerId);
};
canvas.onpointerup = () => { dragged = null; };
canvas.ondblclick = () => move(0, view.lanes.end);
canvas.onpointerleave = hideTip;
canvas.onpointermove = (event) => {
  const box = canvas.getBoundingClientRect();
  if (dragged) {
    const shift = (dragged.x - event.clientX) / (box.width - gutter) * (dragged.to - dragged.from);
    move(dragged.from + shift, dragged.to + shift);
    return;
  }
  const [time, worker] = [timeAt(event), Math.floor((event.clientY - box.top) / laneHeight())];
  const under = view.lanes.segments.filter(([lane, , start, end]) => lane === worker && start <= time && time <= end);
  const found = under.find((segment) => segment[4] === 3) ?? under[0];
  if (!found) { hideTip(); return; }
  const [, tx, start, end, kind] = found;
  const [label, sender, us] = view.block.picture.transactions[tx];
  showTip(event, `transaction ${tx}: ${label}`, `from ${sender}, ${us.toFixed(1)} µs alone`,
    `${kinds[kind]}, ${((end - start) / 1e3).toFixed(1)} µs`, ...(view.chain.has(tx) ? ["on the longest chain"] : []));
};

function show(block) {
  for (const part of [summary, advice, curves, removals, lanes, heat, locations, chain, method]) part(block);
}
const chooser = $("blocks");
chooser.append(...blocks.map((block, index) => element("option", { value: index }, block.block)));
chooser.hidden = blocks.length < 2;
chooser.onchange = () => show(blocks[chooser.value]);
addEventListener("resize", () => view.lanes && draw());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(blocks[chooser.value]));
if (blocks.length) show(blocks[0]);
