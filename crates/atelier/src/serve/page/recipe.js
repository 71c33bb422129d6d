// The recipe in the view Build: its text, and what the server says about it after each change.

import { Failure, post } from "./api.js";

/** @typedef {import("./api.js").Block} Block */
/** @typedef {import("./api.js").Check} Check */

/** Milliseconds without a key before the text is checked. */
const PAUSE = 250;

export const recipe = {
  name: "my-network",
  toml: "",
  /** @type {Block[]} */
  blocks: [],
  /** @type {Check} The newest. */
  check: { ok: true },
  /** @type {Check | null} The newest of a text that fits: its figures stay while a word is being typed. */
  good: null,
  /** @type {unknown} Why the newest text could not be checked at all. */
  failure: null,
};

/** @type {() => void} */
let shown = () => {};
/** Which change is the newest. */
let change = 0;
/** @type {AbortController | null} */
let running = null;
/** Changes by forms go one after the other: each starts from the text that the one before made. */
let edits = Promise.resolve();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

/** Texts before changes by forms, the newest last. @type {string[]} */
const past = [];

/** The text before the last change by a form. */
export function undo() {
  const before = past.pop();
  if (before === undefined) return;
  recipe.toml = "";
  return write(before);
}

/** @param {() => void} show called when something is known anew */
export function onRecipe(show) {
  shown = show;
}

/** Takes another text and checks it, at once or after a pause.
 * @param {string} toml
 * @param {boolean} [atOnce]
 */
export function write(toml, atOnce = true) {
  if (atOnce && recipe.toml && recipe.toml !== toml) past.push(recipe.toml);
  recipe.toml = toml;
  sessionStorage.setItem("recipe", JSON.stringify([recipe.name, toml]));
  clearTimeout(pause);
  if (atOnce) return check();
  pause = setTimeout(check, PAUSE);
}

async function check() {
  const own = ++change;
  running?.abort();
  running = new AbortController();
  try {
    /** @type {Check} */
    const answer = await post("/v1/recipes/check", recipe.toml, "POST", running.signal);
    if (own !== change) return;
    recipe.check = answer;
    recipe.failure = null;
    if (answer.ok) recipe.good = answer;
    if (answer.blocks) recipe.blocks = answer.blocks;
  } catch (error) {
    if (own !== change) return;
    recipe.failure = error;
  }
  shown();
}

/** Changes the text by what a form says: other layers, or other values of keys.
 * @param {{ layers: Block[] } | { set: Record<string, any> }} edit
 */
export function apply(edit) {
  if ("layers" in edit) recipe.blocks = edit.layers;
  edits = edits.then(async () => {
    try {
      const body = { toml: recipe.toml, ...edit };
      const { toml } = await post("/v1/recipes/render", body);
      await write(toml);
    } catch (error) {
      recipe.failure = error;
      shown();
    }
  });
  return edits;
}

/** Keeps the recipe under a name.
 * @param {string} name
 */
export async function save(name) {
  recipe.name = name;
  await post(`/v1/recipes/${encodeURIComponent(name)}`, recipe.toml, "PUT");
}

/** The recipe of the last visit in this tab. */
export function remembered() {
  try {
    const kept = JSON.parse(sessionStorage.getItem("recipe") ?? "null");
    if (!Array.isArray(kept)) return null;
    return { name: String(kept[0]), toml: String(kept[1]) };
  } catch {
    return null;
  }
}

/** The problems of a check that was refused, where the server sent them.
 * @param {unknown} error
 */
export const problemsOf = (error) => (error instanceof Failure ? (error.body?.problems ?? []) : []);
