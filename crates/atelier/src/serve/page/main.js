// Ties the paper to the models' answers.

import { Card } from "./answers.js";
import { Paper } from "./paper.js";
import { say, switchLanguage, write } from "./words.js";

/** @template {HTMLElement} T @param {string} id @returns {T} */
const by = (id) => /** @type {T} */ (document.getElementById(id));

/** @type {Card[]} */
let cards = [];
/** @type {string | null} */
let url = null;
/** Which change of the paper is the newest. */
let change = 0;

const pen = /** @type {HTMLInputElement} */ (by("pen"));
const paper = new Paper(
  by("paper"),
  () => Number(pen.value),
  () => void changed(),
);

/** Sends what is on the paper to every model. */
async function changed() {
  const number = ++change;
  if (paper.empty) {
    for (const card of cards) card.ask(null);
    return;
  }
  const size = [paper.canvas.width, paper.canvas.height];
  const blob = await paper.blob();
  if (number !== change) return;
  if (url) setTimeout(URL.revokeObjectURL, 10_000, url);
  url = URL.createObjectURL(blob);
  for (const card of cards) card.ask({ blob, url, size });
}

/** @param {string | null} text */
function report(text) {
  const message = by("message");
  message.hidden = text === null;
  message.textContent = text ?? "";
}

/** @param {Blob | null | undefined} file */
async function lay(file) {
  if (!file) return;
  try {
    await paper.lay(file);
    report(null);
  } catch {
    report(say("noPicture"));
  }
}

function texts() {
  write();
  for (const card of cards) card.show();
  const first = cards[0]?.model.name ?? "MODEL";
  by("command").textContent =
    `atelier predict ${first} drawing.png\n` +
    `curl --data-binary @drawing.png -H 'Content-Type: image/png' '${location.origin}/v1/predict?model=${encodeURIComponent(first)}'`;
}

async function start() {
  texts();
  try {
    const list = await (await fetch("/v1/models")).json();
    cards = list.models.map(
      (/** @type {import("./answers.js").Model} */ model) =>
        new Card(model, report),
    );
    by("answers").replaceChildren(...cards.map((card) => card.root));
    const names = new Set(cards.flatMap((card) => card.model.classes));
    by("labels").replaceChildren(
      ...[...names].map((name) => {
        const option = document.createElement("option");
        option.value = name;
        return option;
      }),
    );
  } catch {
    report(say("offline"));
  }
  texts();
  void changed();
}

by("clear").addEventListener("click", () => paper.clear());
by("undo").addEventListener("click", () => paper.undo());
by("language").addEventListener("click", () => {
  switchLanguage();
  texts();
});
by("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
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
  if (
    event.key === "z" &&
    (event.ctrlKey || event.metaKey) &&
    !(event.target instanceof HTMLInputElement)
  ) {
    event.preventDefault();
    paper.undo();
  }
});

const video = /** @type {HTMLVideoElement} */ (by("video"));
by("camera").addEventListener("click", async () => {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment" },
    });
    await video.play();
    by("still").hidden = false;
  } catch (error) {
    report(
      say("noCamera", error instanceof Error ? error.message : String(error)),
    );
  }
});
by("shoot").addEventListener("click", () => {
  const shot = document.createElement("canvas");
  shot.width = video.videoWidth;
  shot.height = video.videoHeight;
  shot.getContext("2d")?.drawImage(video, 0, 0);
  shot.toBlob((blob) => void lay(blob), "image/png");
  const stream = /** @type {MediaStream | null} */ (video.srcObject);
  for (const track of stream?.getTracks() ?? []) track.stop();
  by("still").hidden = true;
});

by("correct").addEventListener("submit", async (event) => {
  event.preventDefault();
  const label = /** @type {HTMLInputElement} */ (by("label"));
  const kept = by("kept");
  try {
    const blob = await paper.blob();
    const response = await fetch(
      `/v1/drawings?label=${encodeURIComponent(label.value)}`,
      {
        method: "POST",
        headers: { "Content-Type": blob.type || "application/octet-stream" },
        body: blob,
      },
    );
    const answer = await response.json();
    kept.textContent = response.ok
      ? say("kept", answer.files[0])
      : answer.error.message;
  } catch {
    kept.textContent = say("offline");
  }
});

void start();
