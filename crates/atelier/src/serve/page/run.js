// One run in the view Train: how far it is, its curves, and what it makes of the drawing meanwhile.

import { post, runPath } from "./api.js";
import { Card } from "./answers.js";
import { drawing, onDrawing } from "./canvas.js";
import { button, commandLine, complaint, el, facts } from "./dom.js";
import { badge, epochsOf, known, plots, shareText } from "./figures.js";
import { filters, mistakes } from "./gallery.js";
import { detail, epochsDone, live } from "./live.js";
import { duration, measured, number, say } from "./words.js";

const head = el("div", { className: "head" });
const failure = complaint();
const unanswered = complaint();
const curves = plots();
const numbers = el("div");
const bar = el("progress", { label: "progress" });
const answer = el("div");
const pictures = el("div", { className: "cards" });
const command = commandLine();
export const root = el(
  "div",
  { className: "run", hidden: true },
  head,
  failure.root,
  numbers,
  bar,
  el("div", { className: "cards two" }, ...curves.roots),
  pictures,
  command.root,
);

/** @type {string | null} The run that is shown. */
let name = null;
/** @type {Card | null} */
let card = null;
/** What of the run the pictures show: they are fetched anew when it changes. */
let pictured = "";

/** Shows a run, or none.
 * @param {string | null} next
 */
export async function show(next) {
  if (next !== name) {
    pictures.replaceChildren();
    pictured = "";
    card = null;
    failure.say();
  }
  name = next;
  root.hidden = !name;
  if (name) await refresh();
}

/** Writes all that is known of the run. */
export async function refresh() {
  const own = name;
  if (!own) return;
  const run = live.runs.get(own);
  if (!run) {
    const place = live.queue.waiting.findIndex((one) => one.name === own);
    numbers.replaceChildren();
    bar.removeAttribute("value");
    head.replaceChildren(el("h2", { textContent: own }), ...(place >= 0 ? [badge("queued"), stopButton(own)] : []));
    const failed = live.failures.get(own);
    if (failed) failure.say(new Error(failed));
    else if (place >= 0) failure.say();
    return;
  }
  try {
    const { history, error } = await detail(own);
    if (own !== name) return;
    header(run);
    const failed = error ?? (run.state === "training" ? null : live.failures.get(own));
    if (failed) failure.say(new Error(failed));
    progress();
    drawCurves(run, history);
    command.say(run.command);
    void showPictures(run);
  } catch (error) {
    failure.say(error);
  }
}

/** @param {import("./api.js").Run} run @param {import("./api.js").Epoch[]} history */
function drawCurves(run, history) {
  const trail = live.trail.get(run.name);
  curves.draw([{ name: run.name, history, colour: 0, trail }], run.epochs);
}

/** @param {string} of */
const stopButton = (of) => button("stop", () => void act("stop", of));

/** @param {import("./api.js").Run} run */
function header(run) {
  const going = run.state === "training" || run.state === "queued";
  head.replaceChildren(
    el("h2", { textContent: run.name }),
    badge(run.state),
    el(
      "span",
      { className: "tools" },
      going && stopButton(run.name),
      run.state === "stopped" && button("resume", () => void act("resume", run.name)),
      el("a", { className: "button", href: `#compare/${encodeURIComponent(run.name)}`, words: "viewCompare" }),
    ),
  );
}

/** @param {"stop" | "resume"} what @param {string} of */
async function act(what, of) {
  try {
    await post(`${runPath(of)}/${what}`);
    failure.say();
  } catch (error) {
    failure.say(error);
  }
}

/** How far it is, by the newest word of the training. */
export function progress() {
  const run = name ? live.runs.get(name) : null;
  if (!run) return;
  const news = live.progress.get(run.name);
  const last = live.details.get(run.name)?.history.at(-1);
  const training = run.state === "training";
  bar.hidden = !training;
  bar.max = run.epochs || 1;
  const left = news?.left_s;
  bar.value = training && news ? epochsDone(news) : run.epoch;
  if (training) drawCurves(run, live.details.get(run.name)?.history ?? []);
  const detector = run.map !== null || run.kind === "faster-rcnn";
  numbers.replaceChildren(
    facts([
      ["epoch", "epochsHint", epochsOf(run)],
      ["loss", "lossHint", known(news?.loss ?? run.loss ?? last?.train_loss, measured)],
      ["accuracy", "accuracyHint", shareText(run.accuracy ?? last?.validation_accuracy ?? last?.train_accuracy)],
      ...(detector ? [/** @type {any} */ (["ap", "apHint", shareText(run.map ?? last?.validation_ap)])] : []),
      ["throughput", "throughputHint", known(news?.images_per_s ?? last?.images_per_s, (one) => number(one))],
      training
        ? ["timeLeft", "timeLeftHint", known(left, duration)]
        : ["trainTime", "trainTimeHint", known(run.train_s, duration)],
    ]),
  );
}

/** Filters, mistakes, and the answer to the drawing, each time there are other weights.
 * @param {import("./api.js").Run} run
 */
async function showPictures(run) {
  const state = `${run.name} ${run.epoch} ${run.state} ${say("language")}`;
  if (state === pictured) return;
  pictured = state;
  if (run.epoch === 0 || run.state === "damaged") return;
  if (!card) {
    const kind = run.kind === "faster-rcnn" ? "detector" : "classifier";
    card = new Card({ name: run.name, kind, classes: [], input: [] }, unanswered.say);
  }
  const shown = card;
  const parts = [answerSection(shown), await filters(run.name)];
  if (run.state === "finished" && run.kind === "cnn")
    parts.push(await mistakes(run.name).catch((error) => el("p", { className: "quiet", textContent: error.message })));
  if (state !== pictured) return;
  pictures.replaceChildren(...parts.filter((one) => one !== null));
  shown.ask(drawing());
}

/** @param {Card} shown */
function answerSection(shown) {
  answer.replaceChildren(
    ...(drawing()
      ? [unanswered.root, shown.root]
      : [el("p", { words: "emptyDrawing" }), el("a", { className: "button", href: "#draw", words: "toDraw" })]),
  );
  return el("section", { className: "card" }, el("h3", { words: "yourDrawing" }), answer);
}

onDrawing(() => {
  pictured = "";
});
