// The view Compare: all runs in a table, and the curves of those that are ticked.

import { hasToken, post, remove, runPath, send } from "./api.js";
import { button, commandLine, complaint, el, field } from "./dom.js";
import { plots } from "./figures.js";
import { detail, forget, live, watch } from "./live.js";
import { runTable } from "./runs.js";
import { download } from "./share.js";
import { say, spoken } from "./words.js";

/** The ticked runs in the order of ticking. @type {string[]} */
let ticked = [];
const filter = el("input", { type: "search", autocomplete: "off", on: { input: () => render() } });
const failure = complaint();
const undo = el("p", { className: "undo", role: "status", hidden: true });
const table = runTable({ tick, tag, erase, resume, changed: () => render() });
const curves = plots();
const report = el("a", { className: "button main", target: "_blank", words: "openReport" });
const charts = el(
  "div",
  { id: "charts", hidden: true },
  el("div", { className: "head" }, el("h2", { words: "curves" }), el("span", { className: "tools" }, report)),
  el("p", { className: "quiet", words: "curvesHelp" }),
  el("div", { className: "cards two" }, ...curves.roots),
);
const command = commandLine();
let root = el("section");

/** @param {HTMLElement} place */
export function wire(place) {
  root = place;
  root.append(
    el(
      "div",
      { className: "head" },
      el("h2", { words: "runs" }),
      el("span", { className: "tools" }, field("filterRuns", filter)),
    ),
    undo,
    failure.root,
    table.root,
    el("p", { className: "quiet", words: "tickHelp" }),
    charts,
    command.root,
  );
  report.addEventListener("click", (event) => {
    if (!hasToken()) return;
    // A link carries no token.
    event.preventDefault();
    send(report.href)
      .then((answer) => answer.blob())
      .then((blob) => download(blob, "report.html"))
      .catch(failure.say);
  });
  watch((news, run) => {
    if (root.hidden || news === "progress") return;
    if (news === "runs" || (run && ticked.includes(run))) render();
  });
}

/** @param {string} rest names of runs in the address */
export function show(rest) {
  if (rest) ticked = rest.split(",").map(decodeURIComponent);
  render();
}

/** @param {string} name @param {boolean} on */
function tick(name, on) {
  ticked = ticked.filter((one) => one !== name);
  if (on) ticked.push(name);
  const names = ticked.map(encodeURIComponent).join(",");
  history.replaceState(null, "", names ? `#compare/${names}` : "#compare");
  render();
}

/** @param {Promise<unknown>} work */
async function attempt(work) {
  try {
    await work;
    failure.say();
    return true;
  } catch (error) {
    failure.say(error);
    return false;
  }
}

/** @param {string} name @param {string[]} tags */
function tag(name, tags) {
  void attempt(post(`${runPath(name)}/tags`, { tags }, "PUT"));
}

/** @param {string} name */
function resume(name) {
  void attempt(post(`${runPath(name)}/resume`));
}

/** Deletes a run, and offers to bring it back.
 * @param {string} name
 */
async function erase(name) {
  if (!(await attempt(remove(runPath(name))))) return;
  tick(name, false);
  forget(name);
  const back = button("undo", async () => {
    undo.hidden = true;
    await attempt(post(`${runPath(name)}/restore`));
  });
  undo.replaceChildren(say("deleted", name), " ", back);
  undo.hidden = false;
  back.focus();
}

async function render() {
  const shown = ticked.filter((name) => live.runs.has(name));
  table.show([...live.runs.values()], filter.value, shown);
  charts.hidden = shown.length === 0;
  const done = shown.filter((name) => live.runs.get(name)?.state === "finished");
  const query = done.map((name) => `run=${encodeURIComponent(name)}`).join("&");
  report.hidden = done.length === 0;
  report.href = `/v1/report?${query}&language=${spoken()}`;
  command.say(
    done.length > 0
      ? `atelier report ${done.map((name) => `runs/${name}`).join(" ")} --lang ${spoken()}`
      : "atelier runs",
  );
  try {
    const details = await Promise.all(shown.map((name) => detail(name)));
    const most = Math.max(1, ...details.map(({ run }) => run.epochs));
    curves.draw(
      details.map(({ history }, place) => ({ name: shown[place], history, colour: place })),
      most,
    );
  } catch (error) {
    failure.say(error);
  }
}

export function texts() {
  if (!root.hidden) void render();
}
