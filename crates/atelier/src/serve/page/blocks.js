// A list of layers as blocks: to add, remove, move and edit.

import { choice, el, facts, named } from "./dom.js";
import { drag } from "./drag.js";
import { control } from "./forms.js";
import { changed, describe, KINDS, kindOf, optionsOf } from "./layers.js";
import { bytes, compact, number, say } from "./words.js";

/** @typedef {import("./api.js").Block} Block */
/** @typedef {import("./api.js").LayerRow} LayerRow */
/** @typedef {import("./api.js").Problem} Problem */
/** What is known of a list of layers.
 * @typedef {{ rows: (LayerRow | undefined)[], problems: Problem[], open: Set<string>, path: string }} Known
 */

/** The button that has just moved a layer: it keeps the focus at the layer's new place. */
let moved = "";

/** Gives the focus back to what had it before the list was drawn anew.
 * @param {string | undefined} focused the id of what had it
 */
export function refocus(focused) {
  const id = moved || focused;
  moved = "";
  if (!id || document.activeElement?.id === id) return;
  const found = /** @type {HTMLButtonElement | null} */ (document.getElementById(id));
  const other = found?.disabled ? found.parentElement?.querySelector("button:enabled") : found;
  if (other instanceof HTMLElement) other.focus();
}

/** @param {number[]} shape */
export const shapeText = (shape) => shape.map((side) => number(side)).join(" × ");

/** The list; `change` gets all layers after each change.
 * @param {Block[]} blocks
 * @param {Known} known
 * @param {(blocks: Block[]) => void} change
 */
export function blockList(blocks, known, change) {
  /** @param {number} from @param {number} to */
  const move = (from, to) => {
    const next = [...blocks];
    const [layer] = next.splice(from, 1);
    next.splice(to, 0, layer);
    known.open.clear();
    moved = `move-${known.path}${to}-${to < from ? "up" : "down"}`;
    change(next);
  };
  const list = el("ol", { className: "blocks" });
  blocks.forEach((block, place) => {
    const problems = known.problems.filter(({ layer }) => layer === place);
    const path = `${known.path}${place}`;
    const replace = (/** @type {Block} */ next) => change(blocks.map((old, at) => (at === place ? next : old)));
    const grip = el("span", { className: "grip", "aria-hidden": "true" }, "⠿");
    const buttons = el(
      "div",
      { className: "moves" },
      mark("↑", "moveUp", `move-${path}-up`, place, place === 0, () => move(place, place - 1)),
      mark("↓", "moveDown", `move-${path}-down`, place, place === blocks.length - 1, () => move(place, place + 1)),
      mark("×", "removeLayer", `remove-${path}`, place, false, () => {
        known.open.clear();
        change(blocks.filter((_, at) => at !== place));
      }),
    );
    const item = el(
      "li",
      { className: problems.length > 0 ? "block bad" : "block" },
      grip,
      details(block, known, path, place, replace),
      buttons,
      ...problems.map(({ message, help }) =>
        el("p", { className: "error" }, el("strong", { textContent: message }), help ? ` ${help}` : ""),
      ),
    );
    drag(grip, item, list, (to) => move(place, to));
    list.append(item);
  });
  const add = choice(
    [{ value: "", text: say("addLayer") }, ...Object.keys(KINDS).map((value) => ({ value, text: value }))],
    "",
    (name) => {
      known.open.clear();
      known.open.add(`${known.path}${blocks.length}`);
      change([...blocks, structuredClone(KINDS[name].fresh)]);
    },
  );
  add.setAttribute("aria-label", say("addLayer"));
  return el("div", { className: "block-list" }, list, add);
}

/** A small button with a sign for its face.
 * @param {string} sign
 * @param {import("./words.js").Word} word
 * @param {string} id
 * @param {number} place
 * @param {boolean} disabled
 * @param {() => void} click
 */
const mark = (sign, word, id, place, disabled, click) =>
  el("button", {
    type: "button",
    id,
    className: "plain",
    textContent: sign,
    disabled,
    title: say(word),
    "aria-label": `${say(word)} ${place + 1}`,
    on: { click },
  });

/** A block: what it is in a line, and its form when it is opened.
 * @param {Block} block
 * @param {Known} known
 * @param {string} path
 * @param {number} place
 * @param {(block: Block) => void} replace
 */
function details(block, known, path, place, replace) {
  const row = known.rows[place];
  const [head, ...rest] = describe(block);
  const root = el(
    "details",
    { open: known.open.has(path) },
    el(
      "summary",
      { id: `block-${path}` },
      el("strong", { textContent: head }),
      el("span", { className: "quiet", textContent: rest.join(", ") }),
      row && el("span", { className: "shape", textContent: shapeText(row.output) }),
      row && el("span", { className: "quiet costs", textContent: costs(row) }),
    ),
  );
  const fill = () => {
    if (root.childElementCount > 1) return;
    root.append(form(block, known, path, replace));
    if (row) root.append(figures(row));
  };
  if (root.open) fill();
  root.addEventListener("toggle", () => {
    if (root.open) {
      known.open.add(path);
      fill();
    } else {
      known.open.delete(path);
    }
  });
  return root;
}

/** @param {LayerRow} row */
function costs(row) {
  const parts = [];
  if (row.parameters) parts.push(say("shortWeights", compact(row.parameters)));
  if (row.multiply_adds) parts.push(say("shortAdds", compact(row.multiply_adds)));
  parts.push(say("shortSees", sees(row)));
  if (row.memory_bytes) parts.push(bytes(row.memory_bytes));
  return parts.join(" · ");
}

/** @param {LayerRow} row */
const sees = (row) => row.receptive_field?.join(" × ") ?? say("everything");

/** @param {LayerRow} row */
const figures = (row) =>
  facts([
    ["output", "outputHint", shapeText(row.output)],
    ["parameters", "parametersHint", number(row.parameters)],
    ["multiplyAdds", "multiplyAddsHint", number(row.multiply_adds)],
    ["receptiveField", "receptiveFieldHint", sees(row)],
    ["memory", "memoryHint", bytes(row.memory_bytes)],
  ]);

/** The fields of a block.
 * @param {Block} block
 * @param {Known} known
 * @param {string} path
 * @param {(block: Block) => void} replace
 */
function form(block, known, path, replace) {
  const name = kindOf(block);
  const kind = KINDS[name];
  if (!kind) return el("p", { className: "quiet", words: "unknownLayer" });
  const own = kind.first ? [{ key: name, form: kind.first, usual: null }] : [];
  const options = optionsOf(block);
  const fields = [];
  const lists = [];
  for (const { key, form, usual } of [...own, ...kind.options]) {
    const set = (/** @type {any} */ value) => replace(changed(block, key, value));
    if (form === "layers") {
      const inner = {
        rows: [],
        problems: [],
        open: known.open,
        path: `${path}/${key}/`,
      };
      lists.push(
        el("h4", { textContent: key }),
        blockList(options[key] ?? [], inner, (next) => set(next.length > 0 || key === name ? next : undefined)),
      );
    } else {
      const input = control(form, options[key], usual, set);
      input.id = `layer-${path}-${key}`.replaceAll("/", "-");
      fields.push(named(key, input));
    }
  }
  return el(
    "div",
    {},
    el("p", { className: "quiet", words: kind.about }),
    el("div", { className: "fields" }, ...fields),
    ...lists,
  );
}
