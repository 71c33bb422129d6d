// A still from the camera.

import { by } from "./dom.js";

/** Wires the camera's buttons.
 * @param {(picture: Blob | null) => void} taken
 * @param {(error: unknown) => void} failed
 */
export function wireCamera(taken, failed) {
  const video = /** @type {HTMLVideoElement} */ (by("video"));
  by("camera").addEventListener("click", async () => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment" },
      });
      await video.play();
      by("still").hidden = false;
    } catch (error) {
      failed(error);
    }
  });
  by("shoot").addEventListener("click", () => {
    const shot = document.createElement("canvas");
    shot.width = video.videoWidth;
    shot.height = video.videoHeight;
    shot.getContext("2d")?.drawImage(video, 0, 0);
    shot.toBlob(taken, "image/png");
    const stream = /** @type {MediaStream | null} */ (video.srcObject);
    for (const track of stream?.getTracks() ?? []) track.stop();
    by("still").hidden = true;
  });
}
