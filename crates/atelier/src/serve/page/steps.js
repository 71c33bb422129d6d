// The steps of a detector over the picture, from anchors to detections.

import { boxes } from "./boxes.js";
import { el } from "./dom.js";
import { number, say } from "./words.js";

/** @typedef {import("./api.js").Steps} Steps */

/** @type {(keyof Steps)[]} */
const STEPS = ["anchors", "proposals", "kept", "detections"];
/** @type {Record<keyof Steps, [import("./words.js").Word, import("./words.js").Word]>} */
const WORDS = {
  anchors: ["anchors", "anchorsHelp"],
  proposals: ["proposals", "proposalsHelp"],
  kept: ["keptBoxes", "keptHelp"],
  detections: ["detections", "detectionsHelp"],
};
/** The step that is shown stays when the drawing changes. */
let step = STEPS.length - 1;

/** @param {Steps} steps @param {import("./canvas.js").Picture} picture */
export function stepSlider(steps, picture) {
  const stage = el("div");
  const help = el("p", { className: "quiet" });
  const slider = el("input", {
    type: "range",
    min: "0",
    max: String(STEPS.length - 1),
    value: String(step),
    label: "steps",
    on: { input: () => show(Number(slider.value)) },
  });
  /** @param {number} next */
  function show(next) {
    step = next;
    const key = STEPS[step];
    const found = steps[key].map(([x1, y1, x2, y2, score]) => ({ box: [x1, y1, x2, y2], score }));
    const [name, about] = WORDS[key];
    stage.replaceChildren(boxes(found, picture));
    const text = `${step + 1}. ${say(name)}: ${number(found.length)}`;
    slider.setAttribute("aria-valuetext", text);
    help.replaceChildren(el("strong", { textContent: text }), ` ${say(about)}`);
  }
  show(step);
  return el("div", { className: "steps" }, stage, slider, help);
}
