// The view Train: start trainings, and watch them.

import { get, post } from "./api.js";
import { button, choice, commandLine, complaint, el, field } from "./dom.js";
import { badge, epochsOf } from "./figures.js";
import { live, watch } from "./live.js";
import { recipe, remembered } from "./recipe.js";
import * as detail from "./run.js";
import { say } from "./words.js";

/** Most runs in the list; Compare has all. */
const SHOWN = 12;
/** The value of the choice that stands for the recipe in Build. */
const BUILT = " ";

/** @type {import("./api.js").Recipe[]} */
let recipes = [];
const from = el("div");
/** @type {HTMLSelectElement} */
let which = choice([], "", () => {});
/** @param {string} placeholder */
const input = (placeholder) =>
  el("input", { inputMode: "numeric", pattern: "[0-9]*", placeholder, autocomplete: "off", size: 6 });
const epochs = input("");
const seed = input("0");
const name = el("input", { maxLength: 64, pattern: "[A-Za-z0-9_.\\-]*", autocomplete: "off" });
const failure = complaint();
const command = commandLine();
const list = el("ul", { className: "runs" });
const offline = el("p", { className: "quiet", words: "offlineHint", hidden: true });
let shown = "";

/** @param {SubmitEvent} event */
async function start(event) {
  event.preventDefault();
  const built = which.value === BUILT;
  try {
    const answer = await post("/v1/runs", {
      ...(built ? { toml: recipe.toml } : { recipe: which.value }),
      ...(name.value || built ? { name: name.value || recipe.name } : {}),
      ...(epochs.value ? { epochs: Number(epochs.value) } : {}),
      ...(seed.value ? { seed: Number(seed.value) } : {}),
    });
    failure.say();
    location.hash = `#train/${encodeURIComponent(answer.queued.name)}`;
  } catch (error) {
    failure.say(error);
  }
}

/** The line that starts the same training. */
function sayCommand() {
  const built = which.value === BUILT;
  const words = ["atelier train", built ? `${recipe.name}.toml` : which.value];
  if (epochs.value) words.push(`--epochs ${epochs.value}`);
  if (seed.value) words.push(`--seed ${seed.value}`);
  command.say(words.join(" "));
}

function showChoice() {
  const built = remembered() !== null || recipe.toml !== "";
  const options = recipes.map((one) => ({ value: one.name, text: one.name }));
  if (built) options.unshift({ value: BUILT, text: say("fromBuild", recipe.name) });
  const before = which.value;
  which = choice(options, before || (built ? BUILT : "fast-cnn"), sayCommand);
  if (!which.value && options[0]) which.value = options[0].value;
  which.id = "train-recipe";
  from.replaceChildren(field("recipe", which));
  sayCommand();
}

/** @param {HTMLElement} root */
export function wire(root) {
  const kept = remembered();
  if (kept && !recipe.toml) Object.assign(recipe, kept);
  root.append(
    el(
      "div",
      { className: "side" },
      el("h2", { words: "startTraining" }),
      el(
        "form",
        { className: "card", id: "start", on: { submit: start, input: sayCommand } },
        from,
        el(
          "div",
          { className: "fields" },
          field("epochs", epochs, "epochsHint"),
          field("seed", seed, "seedHint"),
          field("runName", name, "runNameHint"),
        ),
        button("start", () => {}, { type: "submit", className: "main" }),
        failure.root,
      ),
      command.root,
      el("h2", { words: "runs" }),
      offline,
      list,
    ),
    detail.root,
  );
  watch((news, run) => {
    if (news === "progress") {
      if (run === shown) detail.progress();
      return;
    }
    offline.hidden = live.connected;
    if (news === "connection") return;
    showList();
    if (!root.hidden && (run === null || run === shown)) void detail.refresh();
  });
}

/** @param {string} rest the run's name in the address */
export async function show(rest) {
  shown = rest ? decodeURIComponent(rest) : "";
  // Without a name: the one that is trained, or the newest.
  const first = shown || live.queue.running || live.runs.keys().next().value || null;
  if (!shown && first) shown = first;
  showList();
  showChoice();
  await Promise.all([detail.show(first), load()]);
}

async function load() {
  try {
    recipes = (await get("/v1/recipes")).recipes;
    showChoice();
  } catch (error) {
    failure.say(error);
  }
}

function showList() {
  if (!shown) {
    shown = live.queue.running ?? live.runs.keys().next().value ?? "";
    if (shown && location.hash === "#train") void detail.show(shown);
  }
  const waiting = live.queue.waiting
    .filter((one) => !live.runs.has(one.name))
    .map((one) => item(one.name, badge("queued"), say("waiting")));
  const runs = [...live.runs.values()].slice(0, SHOWN).map((run) => item(run.name, badge(run.state), epochsOf(run)));
  list.replaceChildren(...waiting, ...runs);
  if (list.childElementCount === 0) list.append(el("li", { className: "quiet", words: "noRuns" }));
}

/** @param {string} run @param {HTMLElement} state @param {string} epochs */
function item(run, state, epochs) {
  const link = el("a", { href: `#train/${encodeURIComponent(run)}` }, el("strong", { textContent: run }));
  if (run === shown) link.setAttribute("aria-current", "true");
  link.append(state, el("span", { className: "quiet", textContent: epochs }));
  return el("li", {}, link);
}

export function texts() {
  showChoice();
  showList();
  void detail.refresh();
}
