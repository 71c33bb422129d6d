// The layers that a recipe can name, with the options that the forms of the view Build offer for each.

/** @typedef {import("./api.js").Block} Block */
/** @typedef {import("./words.js").Word} Word */
/** A whole number, a number, one or two whole numbers, yes or no, one of several, or layers.
 * @typedef {"count" | "number" | "pair" | "flag" | "text" | string[] | "layers"} Form
 */
/** @typedef {{ key: string, form: Form, usual: any }} Option */
/** @typedef {{ first: Form | null, options: Option[], fresh: Block, about: Word, inner?: boolean }} Kind */

/** @param {string} key @param {Form} form @param {any} usual @returns {Option} */
const option = (key, form, usual) => ({ key, form, usual });

const MOMENTUM = option("momentum", "number", 0.1);
const EPSILON = option("epsilon", "number", 1e-5);
const STRIDE = option("stride", "pair", 1);
const PADDING = option("padding", "pair", 0);

/** @param {Word} about @param {string} name @returns {Kind} */
const plain = (about, name) => ({
  first: null,
  options: [],
  fresh: name,
  about,
});

/** By the name in the recipe; `first` is the form of the value that stands beside the name.
 * @type {Record<string, Kind>}
 */
export const KINDS = {
  conv: {
    first: "count",
    options: [
      option("kernel", "pair", 3),
      STRIDE,
      PADDING,
      option("dilation", "pair", 1),
      option("groups", "text", 1),
      option("bias", "flag", true),
    ],
    fresh: { conv: 32, kernel: 3, padding: 1 },
    about: "aboutConv",
  },
  "max-pool": {
    first: "pair",
    options: [option("stride", "pair", null), PADDING],
    fresh: { "max-pool": 2 },
    about: "aboutMaxPool",
  },
  "avg-pool": {
    first: "pair",
    options: [option("stride", "pair", null), PADDING],
    fresh: { "avg-pool": 2 },
    about: "aboutAvgPool",
  },
  "global-avg-pool": plain("aboutGlobalPool", "global-avg-pool"),
  "adaptive-avg-pool": {
    first: "pair",
    options: [],
    fresh: { "adaptive-avg-pool": 4 },
    about: "aboutAdaptivePool",
  },
  "batch-norm": {
    first: null,
    options: [MOMENTUM, EPSILON],
    fresh: "batch-norm",
    about: "aboutBatchNorm",
    inner: true,
  },
  relu: plain("aboutRelu", "relu"),
  gelu: plain("aboutActivation", "gelu"),
  silu: plain("aboutActivation", "silu"),
  "leaky-relu": {
    first: "number",
    options: [],
    fresh: { "leaky-relu": 0.01 },
    about: "aboutActivation",
  },
  sigmoid: plain("aboutActivation", "sigmoid"),
  "hard-sigmoid": plain("aboutActivation", "hard-sigmoid"),
  "hard-swish": plain("aboutActivation", "hard-swish"),
  dropout: {
    first: "number",
    options: [],
    fresh: { dropout: 0.5 },
    about: "aboutDropout",
  },
  flatten: plain("aboutFlatten", "flatten"),
  linear: {
    first: "count",
    options: [option("bias", "flag", true)],
    fresh: { linear: 128 },
    about: "aboutLinear",
  },
  residual: {
    first: "layers",
    options: [option("shortcut", "layers", [])],
    fresh: {
      residual: [{ conv: 32, kernel: 3, padding: 1, bias: false }, "batch-norm"],
    },
    about: "aboutResidual",
  },
  stage: {
    first: "count",
    options: [
      option("block", ["basic", "bottleneck"], "basic"),
      option("channels", "count", 64),
      option("stride", "count", 1),
      option("width", "count", null),
      option("groups", "count", 1),
      MOMENTUM,
      EPSILON,
    ],
    fresh: { stage: 1, block: "basic", channels: 64 },
    about: "aboutStage",
  },
  inverted: {
    first: "count",
    options: [
      option("expand", "count", 64),
      option("kernel", "count", 3),
      option("stride", "count", 1),
      option("squeeze", "count", null),
      option("activation", ["relu", "hard-swish", "silu", "gelu"], "relu"),
    ],
    fresh: { inverted: 32, expand: 64 },
    about: "aboutInverted",
  },
  "squeeze-excitation": {
    first: "count",
    options: [option("gate", ["sigmoid", "hard-sigmoid"], "sigmoid")],
    fresh: { "squeeze-excitation": 8 },
    about: "aboutSqueeze",
  },
};

/** The name of a layer's kind, also of one that is unknown here.
 * @param {Block} block
 */
export function kindOf(block) {
  if (typeof block === "string") return block;
  const keys = Object.keys(block);
  return keys.find((key) => key in KINDS) ?? keys[0] ?? "?";
}

/** The table that holds the options of a layer: itself, or the one behind its name.
 * @param {Block} block
 * @returns {Record<string, any>}
 */
export function optionsOf(block) {
  if (typeof block === "string") return {};
  const name = kindOf(block);
  const inner = block[name];
  const nested = inner && typeof inner === "object" && !Array.isArray(inner);
  return nested ? inner : block;
}

/** The layer with another value of an option; undefined removes it.
 * @param {Block} block
 * @param {string} key
 * @param {any} value
 * @returns {Block}
 */
export function changed(block, key, value) {
  const name = kindOf(block);
  const kind = KINDS[name];
  const options = { ...optionsOf(block) };
  if (value === undefined) delete options[key];
  else options[key] = value;
  if (kind?.inner) {
    delete options[name];
    return Object.keys(options).length > 0 ? { [name]: options } : name;
  }
  // The first key names the layer.
  const { [name]: first, ...rest } = options;
  return first === undefined ? name : { [name]: first, ...rest };
}

/** A layer in a few words: `conv 32, 3 x 3, padding 1`.
 * @param {Block} block
 */
export function describe(block) {
  const name = kindOf(block);
  const first = typeof block === "string" ? undefined : block[name];
  const value = KINDS[name]?.inner ? undefined : first;
  const rest = Object.entries(optionsOf(block))
    .filter(([key]) => key !== name)
    .map(([key, value]) => `${key} ${written(value)}`);
  return [value === undefined ? name : `${name} ${written(value)}`, ...rest];
}

/** @param {any} value */
function written(value) {
  if (Array.isArray(value))
    return value.some((one) => typeof one !== "number") ? `(${value.length})` : value.join(" x ");
  return String(value);
}
