// The view Build: a recipe as blocks beside its text.

import { get } from "./api.js";
import { blockList, refocus } from "./blocks.js";
import { button, commandLine, complaint, el, facts, field } from "./dom.js";
import { hyperForm } from "./hyper.js";
import { picker } from "./picker.js";
import * as work from "./recipe.js";
import { recipe } from "./recipe.js";
import { download, fromLink, toLink } from "./share.js";
import { bytes, compact, number, say } from "./words.js";

/** @type {import("./api.js").Recipe[]} */
let recipes = [];
/** Blocks that are opened, by their places. @type {Set<string>} */
const open = new Set();
let begun = false;

const choose = picker((chosen) => {
  open.clear();
  name.value = chosen.saved ? chosen.name : `my-${chosen.name}`;
  recipe.name = name.value;
  void work.write(chosen.toml);
});
const blocks = el("div", { id: "blocks" });
const totals = el("div");
const hyper = el("div");
const text = el("textarea", {
  id: "toml",
  spellcheck: false,
  autocapitalize: "off",
  wrap: "off",
  label: "toml",
  on: { input: () => work.write(text.value, false) },
});
const problems = el("div", { id: "problems", "aria-live": "polite" });
const name = el("input", {
  id: "recipe-name",
  maxLength: 64,
  pattern: "[A-Za-z0-9_\\-]+",
  required: true,
  autocomplete: "off",
  on: { change: () => (recipe.name = name.value) },
});
const said = el("output", { id: "saved", className: "quiet" });
const failure = complaint();
const command = commandLine();

/** @param {SubmitEvent} event */
async function keep(event) {
  event.preventDefault();
  said.textContent = "";
  try {
    await work.save(name.value);
    said.textContent = say("saved", name.value);
    failure.say();
    await load();
  } catch (error) {
    failure.say(error);
  }
}

async function share() {
  const link = toLink(recipe.toml);
  if (!link) {
    failure.say(new Error(say("tooLong")));
    return;
  }
  history.replaceState(null, "", link);
  await navigator.clipboard?.writeText(link).catch(() => {});
  said.textContent = say("linked");
}

async function load() {
  recipes = (await get("/v1/recipes")).recipes;
  choose.show(recipes);
}

/** @param {HTMLElement} root */
export function wire(root) {
  const saving = el(
    "form",
    {
      className: "tools",
      on: { submit: (/** @type {SubmitEvent} */ event) => void keep(event) },
    },
    button("undo", () => void work.undo(), { id: "undo-build" }),
    field("recipeName", name),
    button("save", () => {}, { type: "submit", id: "save" }),
    button("download", () => download(new Blob([recipe.toml]), `${name.value || "recipe"}.toml`)),
    button("shareLink", () => void share(), { id: "share" }),
    el("a", { className: "button main", href: "#train", words: "trainThis" }),
    said,
  );
  root.append(
    el("div", { className: "wide" }, choose.root, saving, failure.root),
    el(
      "div",
      { className: "half" },
      el("h2", { words: "layers" }),
      totals,
      blocks,
      el("h2", { words: "training" }),
      hyper,
    ),
    el(
      "div",
      { className: "half" },
      el("h2", { words: "toml" }),
      el("p", { className: "quiet", words: "tomlHelp" }),
      text,
      problems,
      command.root,
    ),
  );
  work.onRecipe(render);
}

/** @param {string} link */
export async function show(link) {
  const shared = link ? fromLink(link) : null;
  if (shared !== null && shared !== recipe.toml) {
    begun = true;
    name.value = recipe.name = "shared";
    await work.write(shared);
  }
  try {
    if (recipes.length === 0) await load();
    failure.say();
  } catch (error) {
    failure.say(error);
  }
  if (begun) return;
  begun = true;
  const first = recipes.find((one) => one.name === "fast-cnn") ?? recipes[0];
  const start = work.remembered() ?? {
    name: `my-${first?.name}`,
    toml: first?.toml ?? "",
  };
  name.value = recipe.name = start.name;
  await work.write(start.toml);
}

/** The rows of the check that stand for the blocks, in their order.
 * @returns {(import("./api.js").LayerRow | undefined)[]}
 */
function rowsOfBlocks() {
  const { check } = recipe;
  const rows = check.layers ?? [];
  const marked = rows.some((row) => typeof row.block === "number");
  return recipe.blocks.map((_, place) => (marked ? rows.find((row) => row.block === place) : rows[place]));
}

function render() {
  const { check, good } = recipe;
  if (text.value !== recipe.toml) text.value = recipe.toml;
  // A field keeps the cursor when the list is drawn anew.
  const focus = document.activeElement?.id;
  blocks.replaceChildren(
    blockList(
      recipe.blocks,
      { rows: rowsOfBlocks(), problems: check.problems ?? [], open, path: "" },
      (layers) => void work.apply({ layers }).then(() => {}),
    ),
  );
  const figures = check.ok ? check : good;
  totals.replaceChildren(
    ...(figures?.parameters === undefined
      ? []
      : [
          facts([
            ["parameters", "parametersHint", number(figures.parameters)],
            ["multiplyAdds", "multiplyAddsHint", compact(figures.multiply_adds ?? 0)],
            ["memory", "memoryTrainHint", bytes(figures.memory_bytes ?? 0)],
          ]),
        ]),
  );
  totals.classList.toggle("stale", !check.ok);
  if (figures?.hyper) hyper.replaceChildren(hyperForm(figures.hyper, (set) => void work.apply({ set })));
  refocus(focus);
  problems.replaceChildren(...(check.problems ?? []).map(problem));
  failure.say(recipe.failure ?? undefined);
  command.say(check.command ?? `atelier train ${recipe.name}.toml`);
}

/** @param {import("./api.js").Problem} found */
function problem({ message, help, line, column }) {
  const goTo = el("button", {
    type: "button",
    className: "plain",
    textContent: say("line", line, column),
    on: {
      click: () => {
        const lines = text.value.split("\n");
        const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
        text.focus();
        text.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
        const high = parseFloat(getComputedStyle(text).lineHeight);
        text.scrollTop = Math.max(0, (line - 4) * high);
      },
    },
  });
  return el(
    "p",
    { className: "error" },
    el("strong", { textContent: message }),
    help ? ` ${help} ` : " ",
    line > 0 && goTo,
  );
}

export function texts() {
  choose.show(recipes);
  if (begun) render();
}
