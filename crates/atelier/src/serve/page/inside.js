// The view Inside: what each layer makes of the drawing.

import { get, part, post } from "./api.js";
import { figure, pixels } from "./answers.js";
import { drawing, onDrawing } from "./canvas.js";
import { cellPanel } from "./cell.js";
import { choice, commandLine, complaint, el } from "./dom.js";
import { live, watch } from "./live.js";
import { stageSlider } from "./steps.js";
import { measured, say } from "./words.js";

/** @typedef {import("./api.js").Insight} Insight */

const failure = complaint();
const which = el("div");
const empty = el(
  "p",
  { hidden: true },
  el("span", { words: "emptyDrawing" }),
  " ",
  el("a", { className: "button", href: "#draw", words: "toDraw" }),
);
const seen = el("div", { className: "seen" });
const layers = el("div", { className: "maps" });
const command = commandLine();
const panel = cellPanel();
let root = el("section");
/** The networks that can be asked. @type {string[]} */
let names = [];
let model = "";
/** @type {Insight | null} */
let insight = null;
let busy = false;
let wanted = false;

/** @param {HTMLElement} place */
export function wire(place) {
  root = place;
  root.append(
    el("div", { className: "head" }, el("h2", { words: "inside" }), which),
    el("p", { className: "quiet", words: "insideHelp" }),
    failure.root,
    empty,
    seen,
    layers,
    command.root,
  );
  onDrawing(() => {
    insight = null;
    if (!root.hidden) void ask();
  });
  watch((news, run) => {
    if (root.hidden) return;
    if (news === "runs") showChoice();
    // A half-trained network has other weights now.
    if (news === "epoch" && run === model) void ask();
  });
}

/** @param {string} rest the network's name in the address */
export async function show(rest) {
  if (rest) model = decodeURIComponent(rest);
  try {
    const list = await get("/v1/models");
    names = list.models.map((/** @type {import("./api.js").Model} */ one) => one.name);
    model ||= names[0] ?? "";
    failure.say();
  } catch (error) {
    failure.say(error);
  }
  showChoice();
  if (!insight) await ask();
}

function showChoice() {
  const runs = [...live.runs.values()].filter((run) => run.epoch > 0 && run.state !== "damaged");
  const all = [...new Set([...names, ...runs.map((run) => run.name)])];
  if (model && !all.includes(model)) all.push(model);
  const select = choice(all, model, (chosen) => {
    model = chosen;
    history.replaceState(null, "", `#inside/${encodeURIComponent(model)}`);
    void ask();
  });
  select.setAttribute("aria-label", say("network"));
  select.id = "inside-model";
  which.replaceChildren(select);
}

/** Asks for the newest drawing; one question at a time. */
async function ask() {
  wanted = true;
  if (busy) return;
  busy = true;
  while (wanted) {
    wanted = false;
    const picture = drawing();
    empty.hidden = picture !== null;
    if (!picture || !model) {
      insight = null;
      render();
      continue;
    }
    try {
      insight = await post(`/v1/inside?model=${part(model)}`, picture.blob);
      failure.say();
    } catch (error) {
      insight = null;
      failure.say(error);
    }
    if (!wanted) render();
  }
  busy = false;
}

function render() {
  const picture = drawing();
  command.say(insight?.command ?? `atelier explain ${model || "MODEL"} drawing.png`);
  panel.close();
  if (!insight || !picture) {
    seen.replaceChildren();
    layers.replaceChildren();
    return;
  }
  const { input, grad_cam, stages } = insight;
  seen.replaceChildren(
    ...(stages ? [stageSlider(stages, insight)] : [figure(pixels(input), say("seen"))]),
    ...(grad_cam ? [figure(pixels(grad_cam), `${say("gradCam")}: ${say("gradCamHelp")}`)] : []),
  );
  layers.replaceChildren(...insight.layers.map(section));
}

/** The maps of a layer.
 * @param {import("./api.js").LayerMaps} layer
 */
function section({ layer, name, shape, maps, range, has_cells }) {
  const [channels, rows, columns] = shape;
  const hidden = channels - maps.length;
  /** @param {number} channel @param {MouseEvent} event */
  const open = (channel, event) => {
    const image = /** @type {HTMLElement} */ (event.currentTarget);
    const box = image.getBoundingClientRect();
    // Without a pointer: the cell in the middle.
    const pointed = event.detail > 0;
    const x = pointed ? (event.clientX - box.left) / box.width : 0.5;
    const y = pointed ? (event.clientY - box.top) / box.height : 0.5;
    const within = (/** @type {number} */ share, /** @type {number} */ count) =>
      Math.min(Math.max(Math.floor(share * count), 0), count - 1);
    const picture = drawing();
    if (!picture) return;
    own.append(panel.root);
    void panel.open(
      { model, layer, channel, row: within(y, rows), column: within(x, columns) },
      [channels, rows, columns],
      picture,
    );
  };
  const own = el(
    "details",
    { className: "card", open: has_cells },
    el(
      "summary",
      {},
      el("h3", { textContent: name }),
      el("span", {
        className: "quiet",
        textContent: `${shape.join(" × ")} · ${say("range", measured(range[0]), measured(range[1]))}`,
        title: say("rangeHint"),
      }),
    ),
    el(
      "div",
      { className: has_cells ? "strip" : "strip inert" },
      ...maps.map((src, channel) =>
        has_cells
          ? el(
              "button",
              {
                type: "button",
                className: "plain",
                "aria-label": say("map", channel, name),
                title: say("map", channel, name),
                on: { click: (/** @type {MouseEvent} */ event) => open(channel, event) },
              },
              el("img", { src, alt: "" }),
            )
          : el("img", { src, alt: say("map", channel, name) }),
      ),
      hidden > 0 && el("span", { className: "quiet", textContent: say("more", hidden) }),
    ),
  );
  return own;
}

export function texts() {
  if (root.hidden) return;
  showChoice();
  render();
}
