// Pictures of a run: its first filters, and the images it gets wrong.

import { get, runPath } from "./api.js";
import { toCanvas } from "./canvas.js";
import { el } from "./dom.js";
import { percent, say } from "./words.js";

/** The first convolution's kernels of the newest weights; nothing where there are none yet.
 * @param {string} run
 * @returns {Promise<HTMLElement | null>}
 */
export async function filters(run) {
  const found = await get(`${runPath(run)}/filters`).catch(() => null);
  if (!found?.filters.length) return null;
  return el(
    "section",
    { className: "card" },
    el("h3", { words: "filters" }),
    el("p", { className: "quiet", words: "filtersHelp" }),
    el(
      "div",
      { className: "strip" },
      ...found.filters.map((/** @type {string} */ src, /** @type {number} */ place) =>
        el("img", { src, alt: say("filter", place + 1) }),
      ),
    ),
  );
}

/** The images that a finished classifier gets wrong; each can be put onto the canvas.
 * @param {string} run
 * @returns {Promise<HTMLElement>}
 */
export async function mistakes(run) {
  /** @type {{ mistakes: import("./api.js").Mistake[] }} */
  const found = await get(`${runPath(run)}/mistakes?limit=24`);
  return el(
    "section",
    { className: "card" },
    el("h3", { words: "mistakes" }),
    el("p", { className: "quiet", words: "mistakesHelp" }),
    found.mistakes.length === 0 && el("p", { words: "noMistakes" }),
    el(
      "div",
      { className: "strip mistakes" },
      ...found.mistakes.map(({ label, predicted, score, image }) => {
        const text = say("mistake", label, predicted, percent(score));
        return el(
          "button",
          {
            type: "button",
            title: `${text}. ${say("toCanvas")}`,
            on: { click: () => void toCanvas(image) },
          },
          el("img", { src: image, alt: "" }),
          el("span", { textContent: `${label} → ${predicted}` }),
        );
      }),
    ),
  );
}
