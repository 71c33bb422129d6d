// Words of the whole page: English, French.

/** @satisfies {Record<string, [string, string]>} */
export const COMMON = {
  language: ["Français", "English"],
  theme: ["Light or dark", "Clair ou sombre"],
  views: ["Views", "Vues"],
  api: ["API", "API"],
  viewDraw: ["Draw", "Dessiner"],
  viewBuild: ["Build", "Créer"],
  viewTrain: ["Train", "Entraîner"],
  viewCompare: ["Compare", "Comparer"],
  viewInside: ["Inside", "Dedans"],
  viewData: ["Data", "Données"],
  command: ["The same as a command", "La même chose en ligne de commande"],
  copy: ["Copy", "Copier"],
  copied: ["Copied", "Copié"],
  offline: ["The server does not answer.", "Le serveur ne répond pas."],
  offlineHint: [
    "It may have been stopped; this page tries again by itself.",
    "Il a peut-être été arrêté ; cette page réessaie d’elle-même.",
  ],
  token: ["The server’s token", "Le jeton du serveur"],
  tokenHelp: [
    "This server answers only those who know its token. It stays in this tab and is forgotten when you close it.",
    "Ce serveur ne répond qu’à ceux qui connaissent son jeton. Il reste dans cet onglet et s’oublie à sa fermeture.",
  ],
  tokenWrong: ["That is not the token.", "Ce n’est pas ce jeton."],
  enter: ["Enter", "Entrer"],
  cancel: ["Cancel", "Annuler"],
  none: ["none", "aucun"],
  emptyDrawing: [
    "Draw something first: the networks then answer it here.",
    "Dessinez d’abord quelque chose : les réseaux y répondront ici.",
  ],
  toDraw: ["Go to the drawing", "Aller au dessin"],
  toCanvas: ["Put it onto the canvas to change it", "Le mettre sur la feuille pour le modifier"],
  classifier: ["classifier", "classifieur"],
  detector: ["detector", "détecteur"],
  loading: ["Loading …", "Chargement …"],
};
