"use strict";
// Asks the service that sent this page, and shows what it answers. Text from it is set as text only.
const about = JSON.parse(document.querySelector("main").dataset.about);
const path = `models/${about.name}/`;
const given = new Map();
const buttons = new Map();
const at = (id) => document.getElementById(id);
const NEXT = new Map([[undefined, 1], [1, 0], [0, undefined]]);
let latest = 0;

function made(name, text, properties = {}) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  return Object.assign(element, properties);
}

async function ask(question, body) {
  const response = await fetch(path + question, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, given: Object.fromEntries(given) }),
  });
  if (response.ok) return response;
  const said = await response.json().catch(() => ({ error: `the service answers ${response.status}` }));
  throw new Error(said.error);
}

async function tried(work) {
  at("problem").textContent = "";
  try {
    await work();
  } catch (error) {
    at("problem").textContent = error.message;
  }
}

function showBits() {
  let first = 0;
  const groups = about.registers.map(([name, size]) => {
    const group = made("fieldset");
    group.append(made("legend", `${name}[${size}]`));
    for (let bit = first + size - 1; bit >= first; bit -= 1) group.append(bitButton(bit));
    first += size;
    return group;
  });
  at("bits").append(...groups.reverse());
}

function bitButton(bit) {
  const button = made("button", undefined, { type: "button", className: "bit", id: `bit-${bit}` });
  button.append(made("small", `bit ${bit}`), made("b"), made("span"), made("i"));
  button.addEventListener("click", () => {
    const value = NEXT.get(given.get(bit));
    if (value === undefined) given.delete(bit);
    else given.set(bit, value);
    refresh();
  });
  buttons.set(bit, button);
  return button;
}

function showBit(bit, chance, error) {
  const button = buttons.get(bit);
  const value = given.get(bit);
  const fixed = value !== undefined;
  const shown = chance.toFixed(error === undefined ? 4 : 3);
  button.classList.toggle("fixed", fixed);
  button.querySelector("b").textContent = fixed ? value : "·";
  button.querySelector("span").textContent = fixed ? "fixed" : shown;
  button.querySelector("i").style.setProperty("--one", `${100 * chance}%`);
  const margin = error === undefined ? "" : `, standard error ${error.toFixed(3)}`;
  button.title = fixed ? `fixed to ${value}` : `1 with probability ${shown}${margin}`;
  button.setAttribute("aria-label", `bit ${bit}: ${button.title}`);
}

function showTable(table, head, rows) {
  const most = Math.max(...rows.map((row) => row[1]), 1e-300);
  const line = made("tr");
  line.append(...head.map((text) => made("th", text, { scope: "col" })), made("td"));
  const top = made("thead");
  top.append(line);
  const body = made("tbody");
  for (const [string, number, text] of rows) {
    const row = made("tr");
    const bar = made("div", undefined, { className: "bar" });
    bar.style.setProperty("--share", `${(100 * number) / most}%`);
    const cell = made("td");
    cell.append(bar);
    row.append(made("th", string, { scope: "row" }), made("td", text), cell);
    body.append(row);
  }
  table.replaceChildren(top, body);
}

function refresh() {
  const mine = (latest += 1);
  return tried(async () => {
    const response = await ask("overview", { seed: 1, top: 16 });
    const found = await response.json();
    if (mine !== latest) return; // another click came in between
    const errors = found.standard_error ?? [];
    found.ones.forEach((chance, bit) => showBit(bit, chance, errors[bit]));
    const fixed = [...given].sort((a, b) => a[0] - b[0]).map(([bit, value]) => `bit ${bit} = ${value}`);
    at("given").textContent = fixed.length ? `Given ${fixed.join(", ")}` : "No bit is fixed.";
    const rows = found.likeliest.map((each) => [each.string, each.probability, each.probability.toPrecision(4)]);
    showTable(at("likeliest"), ["string", about.exact ? "probability" : "share of shots"], rows);
    document.body.dataset.shown = mine;
  });
}

function asked() {
  return { shots: at("shots").valueAsNumber, seed: at("seed").valueAsNumber };
}

at("draw").addEventListener("submit", (event) => {
  event.preventDefault();
  tried(async () => {
    const response = await ask("sample", asked());
    const { counts, seed } = await response.json();
    const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]);
    const shown = rows.slice(0, 16).map(([string, count]) => [string, count, count.toLocaleString("en")]);
    showTable(at("drawn"), ["string", "shots"], shown);
    at("summary").textContent =
      `${rows.length.toLocaleString("en")} distinct strings, the ${shown.length} most frequent shown; seed ${seed}.`;
  });
});

at("save").addEventListener("click", () => {
  tried(async () => {
    const format = at("format").value;
    const response = await ask("sample", { ...asked(), format });
    const suffix = format === "counts" ? "json" : format;
    const href = URL.createObjectURL(await response.blob());
    made("a", undefined, { href, download: `${about.name}.${suffix}` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60000);
  });
});

showBits();
refresh();
