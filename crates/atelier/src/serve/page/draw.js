// The view Draw: every model answers while one draws.

import { get, part, post } from "./api.js";
import { Card } from "./answers.js";
import { wireCamera } from "./camera.js";
import { drawing, onDrawing, paper, restore } from "./canvas.js";
import { by, choice, commandLine, complaint, el } from "./dom.js";
import { live, watch } from "./live.js";
import { say } from "./words.js";

/** @typedef {import("./api.js").Model} Model */

/** @type {Card[]} */
let cards = [];
const message = complaint();
const command = commandLine();
const gradCam = el("input", { type: "checkbox", id: "grad-cam" });
const more = el("div");

/** @param {Blob | null | undefined} file */
async function lay(file) {
  if (!file) return;
  try {
    await paper.lay(file);
    message.say();
  } catch {
    message.say(new Error(say("noPicture")));
  }
}

/** @param {Model} model */
function add(model) {
  const card = new Card(model, message.say);
  card.withGradCam = gradCam.checked;
  cards.push(card);
  by("answers").append(card.root);
  return card;
}

/** Runs that have weights and do not answer yet. */
function showMore() {
  const shown = new Set(cards.map((card) => card.model.name));
  const others = [...live.runs.values()].filter(
    (run) => run.epoch > 0 && run.state !== "damaged" && !shown.has(run.name),
  );
  const select = choice(
    [{ value: "", text: say("askMore") }, ...others.map((run) => ({ value: run.name, text: run.name }))],
    "",
    (name) => void addRun(name),
  );
  select.setAttribute("aria-label", say("askMore"));
  more.replaceChildren(...(others.length ? [select] : []));
}

/** @param {string} name */
async function addRun(name) {
  const detector = live.runs.get(name)?.kind === "faster-rcnn";
  const kind = detector ? "detector" : "classifier";
  const card = add({ name, kind, classes: [], input: [] });
  card.ask(drawing());
  showMore();
  try {
    const list = await get("/v1/models");
    const known = list.models.find((/** @type {Model} */ m) => m.name === name);
    if (known) card.model = known;
    card.show();
  } catch (error) {
    message.say(error);
  }
}

async function start() {
  try {
    const list = await get("/v1/models");
    cards = [];
    by("answers").replaceChildren();
    list.models.forEach(add);
    const names = new Set(cards.flatMap((card) => card.model.classes));
    const options = [...names].map((value) => el("option", { value }));
    by("labels").replaceChildren(...options);
  } catch (error) {
    message.say(error);
  }
  texts();
  for (const card of cards) card.ask(drawing());
}

/** @param {SubmitEvent} event */
async function keep(event) {
  event.preventDefault();
  const label = /** @type {HTMLInputElement} */ (by("label"));
  try {
    const path = `/v1/drawings?label=${part(label.value)}`;
    const answer = await post(path, await paper.blob());
    by("kept").textContent = say("kept", answer.files[0]);
  } catch (error) {
    by("kept").textContent = "";
    message.say(error);
  }
}

/** Pictures that are pasted or dropped, and the keyboard's undo. */
function listen() {
  by("clear").addEventListener("click", () => paper.clear());
  by("undo").addEventListener("click", () => paper.undo());
  by("correct").addEventListener("submit", (event) => void keep(event));
  by("file").addEventListener("change", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    void lay(input.files?.[0]);
    input.value = "";
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    void lay(files.find((file) => file.type.startsWith("image/")));
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    void lay(event.dataTransfer?.files[0]);
  });
  document.addEventListener("keydown", (event) => {
    const undo = event.key === "z" && (event.ctrlKey || event.metaKey);
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (undo && !typing) {
      event.preventDefault();
      paper.undo();
    }
  });
  wireCamera(lay, (error) => {
    const reason = error instanceof Error ? error.message : String(error);
    message.say(new Error(say("noCamera", reason)));
  });
}

export function wire() {
  by("message").append(message.root);
  by("draw-command").append(command.root, el("p", { className: "quiet", words: "commandHelp" }));
  const label = el("label", { htmlFor: gradCam.id, words: "gradCam" });
  label.dataset.hint = "gradCamHelp";
  by("ask-more").append(el("span", { className: "check" }, gradCam, label), more);
  gradCam.addEventListener("change", () => {
    for (const card of cards) {
      card.withGradCam = gradCam.checked;
      card.ask(drawing());
    }
  });
  onDrawing((picture) => {
    for (const card of cards) card.ask(picture);
  });
  watch((news) => news === "runs" && showMore());
  listen();
  void restore().catch(() => {});
  void start();
}

export function texts() {
  for (const card of cards) card.show();
  showMore();
  const first = cards[0]?.model.name ?? "MODEL";
  command.say(
    `atelier predict ${first} drawing.png\n` +
      `curl --data-binary @drawing.png -H 'Content-Type: image/png' '${location.origin}/v1/predict?model=${part(first)}'`,
  );
}
