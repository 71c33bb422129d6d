// The paper: strokes of mouse, finger, pen or keys, or a picture from elsewhere.

/** The side of an empty sheet in pixels. */
const SHEET = 560;
/** Longest side of a picture on the paper. */
const LONGEST = 1600;
/** Steps of the keyboard's pen in pixels. */
const STEP = 14;
/** States that can be brought back. */
const HISTORY = 30;

export class Paper {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => number} width of the pen in pixels of an empty sheet
   * @param {() => void} changed
   */
  constructor(canvas, width, changed) {
    this.canvas = canvas;
    this.width = width;
    this.changed = changed;
    /** @type {Blob | null} The file that lies on the paper untouched. */
    this.file = null;
    this.empty = true;
    /** @type {{ image: ImageBitmap, file: Blob | null, empty: boolean }[]} */
    this.history = [];
    this.cursor = { x: SHEET / 2, y: SHEET / 2 };
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("no canvas");
    this.context = context;
    this.blank();
    this.listen();
  }

  blank() {
    this.canvas.width = SHEET;
    this.canvas.height = SHEET;
    this.context.fillStyle = "#fff";
    this.context.fillRect(0, 0, SHEET, SHEET);
    this.file = null;
    this.empty = true;
  }

  clear() {
    this.remember();
    this.blank();
    this.changed();
  }

  remember() {
    const { file, empty } = this;
    const { width, height } = this.canvas;
    const copy = new OffscreenCanvas(width, height);
    copy.getContext("2d")?.drawImage(this.canvas, 0, 0);
    this.history.push({ image: copy.transferToImageBitmap(), file, empty });
    if (this.history.length > HISTORY) this.history.shift();
  }

  undo() {
    const last = this.history.pop();
    if (!last) return;
    this.canvas.width = last.image.width;
    this.canvas.height = last.image.height;
    this.context.drawImage(last.image, 0, 0);
    this.file = last.file;
    this.empty = last.empty;
    this.changed();
  }

  /** Lays a picture on the paper.
   * @param {Blob} file
   */
  async lay(file) {
    const picture = await createImageBitmap(file);
    this.remember();
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    this.canvas.width = Math.max(1, Math.round(picture.width * scale));
    this.canvas.height = Math.max(1, Math.round(picture.height * scale));
    this.context.fillStyle = "#fff";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.context.drawImage(picture, 0, 0, this.canvas.width, this.canvas.height);
    this.file = scale === 1 ? file : null;
    this.empty = false;
    this.changed();
  }

  /** What is on the paper, as a file: the one that was laid there, if nothing was drawn on it.
   * @returns {Promise<Blob>}
   */
  blob() {
    if (this.file) return Promise.resolve(this.file);
    return new Promise((resolve, reject) => {
      this.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png");
    });
  }

  /**
   * @param {{ x: number, y: number }} from
   * @param {{ x: number, y: number }} to
   */
  stroke(from, to) {
    const { context } = this;
    context.strokeStyle = "#000";
    context.lineWidth = (this.width() * Math.max(this.canvas.width, this.canvas.height)) / SHEET;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
    this.file = null;
    this.empty = false;
  }

  /** @param {PointerEvent} event */
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * this.canvas.width,
      y: ((event.clientY - box.top) / box.height) * this.canvas.height,
    };
  }

  listen() {
    /** @type {{ x: number, y: number } | null} */
    let last = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.remember();
      last = this.place(event);
      this.stroke(last, last);
      this.changed();
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      // A fast pen moves several times between two pictures of the screen.
      const moves = event.getCoalescedEvents?.() ?? [];
      for (const move of moves.length ? moves : [event]) {
        const next = this.place(move);
        this.stroke(last, next);
        last = next;
      }
      this.changed();
    });
    const end = () => {
      last = null;
    };
    this.canvas.addEventListener("pointerup", end);
    this.canvas.addEventListener("pointercancel", end);
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const ways = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const way = ways[/** @type {keyof typeof ways} */ (event.key)];
    if (!way) return;
    event.preventDefault();
    const within = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(Math.max(value, 0), most);
    const next = {
      x: within(this.cursor.x + way[0] * STEP, this.canvas.width),
      y: within(this.cursor.y + way[1] * STEP, this.canvas.height),
    };
    if (event.shiftKey) {
      this.remember();
      this.stroke(this.cursor, next);
      this.changed();
    }
    this.cursor = next;
  }
}
