// The list of recipes: built-in ones and saved ones.

import { el } from "./dom.js";
import { say } from "./words.js";

/** @typedef {import("./api.js").Recipe} Recipe */

/** @param {(recipe: Recipe) => void} choose */
export function picker(choose) {
  const summary = el("summary");
  const list = el("div", { className: "choices" });
  const root = el("details", { className: "picker" }, summary, list);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    root.open = false;
    summary.focus();
  });
  document.addEventListener("click", (event) => {
    if (!root.contains(/** @type {Node} */ (event.target))) root.open = false;
  });

  /** @param {Recipe} recipe */
  const item = (recipe) =>
    el(
      "button",
      {
        type: "button",
        on: {
          click: () => {
            root.open = false;
            summary.focus();
            choose(recipe);
          },
        },
      },
      el("strong", { textContent: recipe.name }),
      el("span", { className: "quiet", textContent: recipe.about }),
    );

  /** @param {Recipe[]} recipes @param {import("./words.js").Word} title */
  const group = (recipes, title) => recipes.length > 0 && [el("h3", { words: title }), ...recipes.map(item)];

  return {
    root,
    /** @param {Recipe[]} recipes */
    show: (recipes) => {
      summary.textContent = say("startFrom");
      const saved = group(
        recipes.filter((one) => one.saved),
        "savedRecipes",
      );
      const known = group(
        recipes.filter((one) => !one.saved),
        "presets",
      );
      list.replaceChildren(...(saved || []), ...(known || []));
    },
  };
}
