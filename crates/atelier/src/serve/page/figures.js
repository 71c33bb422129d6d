// What the views say of a run: its state, its curves, and its numbers.

import { el } from "./dom.js";
import { Plot } from "./curves.js";
import { measured, number, percent, say } from "./words.js";

/** @typedef {import("./api.js").Run} Run */
/** @typedef {import("./api.js").Epoch} Epoch */
/** @typedef {import("./curves.js").Series} Series */

/** @param {Run["state"]} state */
export const badge = (state) =>
  el("span", { className: `badge ${state}`, words: state === "training" ? "inTraining" : state });

/** @param {Run} run */
export const epochsOf = (run) => `${number(run.epoch)} / ${number(run.epochs)}`;

/** A number, or a dash where it is not known.
 * @param {number | null | undefined} value
 * @param {(value: number) => string} write
 */
export const known = (value, write) => (typeof value === "number" && Number.isFinite(value) ? write(value) : "–");

/** @param {number} value */
const digits = (value) => measured(value);
/** @param {number} value */
const share = (value) => percent(value, 2, 0);

/** The two plots of every training: loss, and accuracy or average precision. */
export function plots() {
  const loss = new Plot("loss", "lossHint", digits, true);
  const score = new Plot("score", "scoreHint", share, false);
  return {
    roots: [loss.root, score.root],
    /** @param {{ name: string, history: Epoch[], colour: number, trail?: [number, number][] }[]} runs @param {number} epochs */
    draw: (runs, epochs) => {
      const single = runs.length === 1;
      const label = (/** @type {string} */ name, /** @type {import("./words.js").Word} */ word) =>
        single ? say(word) : `${name}, ${say(word)}`;
      /** @param {(epoch: Epoch) => number | null | undefined} read @param {Epoch[]} history */
      const points = (read, history) =>
        history.flatMap((epoch) => {
          const value = read(epoch);
          return typeof value === "number" ? [/** @type {[number, number]} */ ([epoch.epoch, value])] : [];
        });
      loss.draw(
        runs.flatMap(({ name, history, colour, trail = [] }) => [
          { name: label(name, "withinEpoch"), colour: single ? 2 : colour, trail: true, points: trail },
          { name: label(name, "onTraining"), colour, points: points((one) => one.train_loss, history) },
          {
            name: label(name, "onValidation"),
            colour: single ? 1 : colour,
            dashed: true,
            points: points((one) => one.validation_loss, history),
          },
        ]),
        epochs,
      );
      score.draw(
        runs.flatMap(({ name, history, colour }) => [
          { name: label(name, "onTraining"), colour, points: points((one) => one.train_accuracy, history) },
          {
            name: label(name, "onValidation"),
            colour: single ? 1 : colour,
            dashed: true,
            points: points((one) => one.validation_ap ?? one.validation_accuracy, history),
          },
        ]),
        epochs,
      );
    },
  };
}

/** A share with its digits, or a dash.
 * @param {number | null | undefined} value
 */
export const shareText = (value) => known(value, (one) => percent(one, 2));
