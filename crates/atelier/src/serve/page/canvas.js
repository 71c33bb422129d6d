// The drawing that all views share: a sheet of paper, and who wants to know what is on it.

import { by } from "./dom.js";
import { Paper } from "./paper.js";

/** @typedef {{ blob: Blob, url: string, size: number[] }} Picture */

/** Bytes of the largest drawing that outlives the page. */
const LARGEST_KEPT = 300_000;

const pen = /** @type {HTMLInputElement} */ (by("pen"));
/** @type {Set<(picture: Picture | null) => void>} */
const readers = new Set();
/** @type {Picture | null} */
let newest = null;
/** Which change of the paper is the newest. */
let change = 0;

export const paper = new Paper(
  by("paper"),
  () => Number(pen.value),
  () => void changed(),
);

async function changed() {
  const count = ++change;
  /** @type {Picture | null} */
  let next = null;
  if (!paper.empty) {
    const size = [paper.canvas.width, paper.canvas.height];
    const blob = await paper.blob();
    if (count !== change) return;
    next = { blob, url: URL.createObjectURL(blob), size };
  }
  if (newest) setTimeout(URL.revokeObjectURL, 10_000, newest.url);
  newest = next;
  for (const reader of readers) reader(next);
  void keep(next?.blob ?? null);
}

/** Keeps the drawing in this tab, for when the page is loaded anew.
 * @param {Blob | null} blob
 */
async function keep(blob) {
  if (!blob || blob.size > LARGEST_KEPT) return sessionStorage.removeItem("drawing");
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  if (blob === newest?.blob) sessionStorage.setItem("drawing", btoa(text));
}

/** Lays the drawing of before on the paper. */
export async function restore() {
  const kept = sessionStorage.getItem("drawing");
  if (!kept) return;
  const bytes = Uint8Array.from(atob(kept), (one) => one.charCodeAt(0));
  await paper.lay(new Blob([bytes], { type: "image/png" }));
}

/** Calls the reader after each change of the drawing.
 * @param {(picture: Picture | null) => void} reader
 */
export function onDrawing(reader) {
  readers.add(reader);
}

/** The drawing as it is; null while the paper is empty. */
export const drawing = () => newest;

/** Lays a picture on the paper, and shows the paper. Small ones are enlarged, and light digits on black become ink on
 * paper, so that the pen can change them.
 * @param {string} url
 */
export async function toCanvas(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const small = Math.max(image.width, image.height) <= 64;
  const scale = small ? 560 / Math.max(image.width, image.height) : 1;
  const sheet = new OffscreenCanvas(image.width * scale, image.height * scale);
  const context = sheet.getContext("2d");
  if (!context) return;
  context.drawImage(image, 0, 0, sheet.width, sheet.height);
  const corner = context.getImageData(0, 0, 1, 1).data;
  if (small && corner[0] < 64) {
    context.globalCompositeOperation = "difference";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, sheet.width, sheet.height);
  }
  await paper.lay(await sheet.convertToBlob());
  location.hash = "#draw";
}
