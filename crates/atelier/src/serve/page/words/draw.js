// Words of the view Draw: English, French.

/** @satisfies {Record<string, [string, string]>} */
export const DRAW = {
  draw: ["Draw, drop or paste a picture", "Dessinez, déposez ou collez une image"],
  help: [
    "With the keyboard: arrows move the pen, Shift and an arrow draws.",
    "Au clavier : les flèches déplacent le crayon, Maj et une flèche dessinent.",
  ],
  clear: ["Clear", "Effacer"],
  undo: ["Undo", "Annuler"],
  open: ["Open a picture", "Ouvrir une image"],
  camera: ["Camera", "Caméra"],
  shoot: ["Take this picture", "Prendre cette image"],
  pen: ["Pen", "Crayon"],
  wrong: ["The right answer is", "La bonne réponse est"],
  keep: ["Keep as training data", "Garder pour l’apprentissage"],
  kept: ["Kept: {0}", "Gardé : {0}"],
  answers: ["What the networks answer", "Ce que répondent les réseaux"],
  nothing: ["–", "–"],
  blank: ["nothing to see", "rien à voir"],
  time: ["{0} ms", "{0} ms"],
  timeHint: [
    "From sending the picture to having the answer, with the way there and back.",
    "De l’envoi de l’image à la réponse, trajets compris.",
  ],
  barsHint: [
    "How sure the network is of each class; the shares add up to 100 %.",
    "La confiance du réseau dans chaque classe ; la somme fait 100 %.",
  ],
  probabilities: ["Probabilities", "Probabilités"],
  seen: ["as the network sees it", "tel que le réseau le voit"],
  found: ["found: {0}", "trouvés : {0}"],
  gradCam: ["Grad-CAM", "Grad-CAM"],
  gradCamHelp: [
    "Where the answer comes from: bright places speak for the class.",
    "D’où vient la réponse : les zones claires parlent pour la classe.",
  ],
  commandHelp: [
    "Save the picture as drawing.png first; the second line asks this server.",
    "Enregistrez d’abord l’image sous le nom drawing.png ; la seconde ligne interroge ce serveur.",
  ],
  noCamera: ["The camera can’t be used: {0}", "La caméra n’est pas utilisable : {0}"],
  paper: ["Paper to draw on", "Feuille à dessin"],
  noPicture: [
    "The browser can’t show this file as a picture.",
    "Le navigateur ne sait pas afficher ce fichier comme image.",
  ],
};
