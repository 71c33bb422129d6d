// The stages of a detector over the picture, from anchors to detections.

import { boxes } from "./boxes.js";
import { el } from "./dom.js";
import { number, say } from "./words.js";

/** @typedef {import("./api.js").Insight} Insight */
/** @typedef {import("./api.js").Stages} Stages */
/** @typedef {import("./words.js").Word} Word */

/** @type {[Exclude<keyof Stages, "anchors">, Word, Word][]} */
const STAGES = [
  ["best_anchors", "anchors", "anchorsHelp"],
  ["before_suppression", "corrected", "correctedHelp"],
  ["proposals", "proposals", "proposalsHelp"],
  ["regions", "regions", "regionsHelp"],
  ["detections", "detections", "detectionsHelp"],
];
/** The stage that is shown stays when the drawing changes. */
let stage = STAGES.length - 1;

/** @param {Stages} stages @param {Insight} insight */
export function stageSlider(stages, { input, size }) {
  const picture = el("div");
  const help = el("p", { className: "quiet" });
  const slider = el("input", {
    type: "range",
    min: "0",
    max: String(STAGES.length - 1),
    value: String(stage),
    label: "steps",
    on: { input: () => show(Number(slider.value)) },
  });
  /** @param {number} next */
  function show(next) {
    stage = next;
    const [key, name, about] = STAGES[stage];
    picture.replaceChildren(boxes(stages[key], { url: input, size }));
    const text = `${stage + 1}. ${say(name)}: ${number(stages[key].length)}`;
    slider.setAttribute("aria-valuetext", text);
    help.replaceChildren(el("strong", { textContent: text }), ` ${say(about, number(stages.anchors))}`);
  }
  show(stage);
  return el("div", { className: "steps" }, picture, slider, help);
}
