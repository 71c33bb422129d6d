// The fields for how a network is trained.

import { choice, el, named, term } from "./dom.js";
import { control } from "./forms.js";

/** @typedef {import("./words.js").Word} Word */
/** @typedef {import("./layers.js").Form} Form */
/** A key of the recipe, its form, and what it means.
 * @typedef {[string, Exclude<Form, "layers">, Word]} Row
 */

const OPTIMIZERS = ["sgd", "adam", "adamw", "rmsprop", "muon"];
const SCHEDULES = ["constant", "step", "cosine", "one-cycle", "reduce-on-plateau"];

/** @type {Row[]} */
const ALWAYS = [
  ["epochs", "count", "epochsHint"],
  ["batch-size", "count", "batchHint"],
  ["seed", "count", "seedHint"],
  ["label-smoothing", "number", "smoothingHint"],
  ["mixup", "number", "mixupHint"],
  ["clip-norm", "number", "clipHint"],
  ["ema", "number", "emaHint"],
];
/** Those that only some optimizers or schedules have.
 * @type {Row[]}
 */
const OPTIMIZER = [
  ["learning-rate", "number", "rateHint"],
  ["weight-decay", "number", "decayHint"],
  ["momentum", "number", "momentumHint"],
  ["adam-learning-rate", "number", "adamRateHint"],
];
/** @type {Row[]} */
const SCHEDULE = [
  ["peak", "number", "peakHint"],
  ["rise", "number", "riseHint"],
  ["warm-up", "count", "warmUpHint"],
  ["every", "count", "everyHint"],
  ["gamma", "number", "gammaHint"],
  ["patience", "count", "patienceHint"],
  ["factor", "number", "gammaHint"],
];

/** The fields; `set` gets the keys that change, with their values.
 * @param {Record<string, any>} hyper the table `training`
 * @param {(keys: Record<string, any>) => void} set
 */
export function hyperForm(hyper, set) {
  /** @param {string} path @param {Record<string, any>} table @param {Row[]} rows */
  const fields = (path, table, rows) =>
    rows
      .filter(([key]) => key in table)
      .map(([key, form, hint]) => {
        const value = table[key] === "none" ? null : table[key];
        const input = control(form, value, null, (next) => set({ [`${path}.${key}`]: next ?? null }));
        return explained(`${path}.${key}`, key, input, hint);
      });
  const { optimizer = {}, schedule = {} } = hyper;
  return el(
    "div",
    { className: "fields" },
    ...fields("training", hyper, ALWAYS.slice(0, 3)),
    ...nameChoice("optimizer", OPTIMIZERS, optimizer, "optimizerHint", set),
    ...fields("training.optimizer", optimizer, OPTIMIZER),
    ...nameChoice("schedule", SCHEDULES, schedule, "scheduleHint", set),
    ...fields("training.schedule", schedule, SCHEDULE),
    ...fields("training", hyper, ALWAYS.slice(3)),
  );
}

/** @param {string} path @param {string} key @param {HTMLElement} input @param {Word} hint */
function explained(path, key, input, hint) {
  input.id = `hyper-${path.replaceAll(".", "-")}`;
  const made = named(key, input);
  const mark = term("what", hint);
  mark.classList.add("mark");
  made.append(mark);
  return made;
}

/** A table whose key `name` says which it is. Another name has other options, of which only the rate is kept.
 * @param {string} key
 * @param {string[]} names
 * @param {Record<string, any>} table
 * @param {Word} hint
 * @param {(keys: Record<string, any>) => void} set
 */
function nameChoice(key, names, table, hint, set) {
  if (!table.name) return [];
  const select = choice(names, table.name, (name) => {
    const rate = table["learning-rate"];
    const kept = rate === undefined ? {} : { "learning-rate": rate };
    set({ [`training.${key}`]: { name, ...kept } });
  });
  return [explained(`training.${key}.name`, key, select, hint)];
}
