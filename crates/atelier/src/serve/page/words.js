// The page's texts in both languages.

const WORDS = {
  en: {
    language: "Français",
    theme: "Light or dark",
    api: "API",
    draw: "Draw, drop or paste a picture",
    help: "With the keyboard: arrows move the pen, Shift and an arrow draws.",
    clear: "Clear",
    undo: "Undo",
    open: "Open a picture",
    camera: "Camera",
    shoot: "Take this picture",
    pen: "Pen",
    wrong: "The right answer is",
    keep: "Keep as training data",
    kept: "Kept: {0}",
    answers: "What the networks answer",
    classifier: "classifier",
    detector: "detector",
    nothing: "–",
    blank: "nothing to see",
    time: "{0} ms",
    seen: "as the network sees it",
    found: "found: {0}",
    command: "The same as a command",
    commandHelp:
      "Save the picture as drawing.png first; the second line asks this server.",
    noCamera: "The camera can't be used: {0}",
    offline: "The server does not answer.",
    paper: "Paper to draw on",
    noPicture: "This file is no picture that the browser can show.",
  },
  fr: {
    language: "English",
    theme: "Clair ou sombre",
    api: "API",
    draw: "Dessinez, déposez ou collez une image",
    help: "Au clavier : les flèches déplacent le crayon, Maj et une flèche dessinent.",
    clear: "Effacer",
    undo: "Annuler",
    open: "Ouvrir une image",
    camera: "Caméra",
    shoot: "Prendre cette image",
    pen: "Crayon",
    wrong: "La bonne réponse est",
    keep: "Garder pour l’apprentissage",
    kept: "Gardé : {0}",
    answers: "Ce que répondent les réseaux",
    classifier: "classifieur",
    detector: "détecteur",
    nothing: "–",
    blank: "rien à voir",
    time: "{0} ms",
    seen: "tel que le réseau le voit",
    found: "trouvés : {0}",
    command: "La même chose en ligne de commande",
    commandHelp:
      "Enregistrez d’abord l’image sous le nom drawing.png ; la seconde ligne interroge ce serveur.",
    noCamera: "La caméra n’est pas utilisable : {0}",
    offline: "Le serveur ne répond pas.",
    paper: "Feuille à dessin",
    noPicture:
      "Ce fichier n’est pas une image que le navigateur sait afficher.",
  },
};

/** @typedef {keyof typeof WORDS} Language */
/** @typedef {keyof typeof WORDS.en} Word */

/** @type {Language} */
let language = remembered();

/** @returns {Language} */
function remembered() {
  const chosen =
    localStorage.getItem("language") ?? navigator.language.slice(0, 2);
  return chosen === "fr" ? "fr" : "en";
}

/** The text of a word, with values in its places.
 * @param {Word} word
 * @param {...(string | number)} values
 */
export function say(word, ...values) {
  return values.reduce(
    (/** @type {string} */ text, value, place) =>
      text.replace(`{${place}}`, String(value)),
    WORDS[language][word],
  );
}

/** A number as the language writes it.
 * @param {number} value
 * @param {number} digits
 */
export function number(value, digits) {
  return value.toLocaleString(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** A share as a percentage.
 * @param {number} value
 */
export function percent(value) {
  return value.toLocaleString(language, {
    style: "percent",
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
}

/** The other language from now on. */
export function switchLanguage() {
  language = language === "fr" ? "en" : "fr";
  localStorage.setItem("language", language);
}

/** Writes the words of the language into the page. */
export function write() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-words]")) {
    element.textContent = say(
      /** @type {Word} */ (element.getAttribute("data-words")),
    );
  }
  const button = /** @type {HTMLElement} */ (
    document.getElementById("language")
  );
  button.textContent = say("language");
  button.lang = language === "fr" ? "en" : "fr";
  document.getElementById("paper")?.setAttribute("aria-label", say("paper"));
}
