// Words of the views Inside and Data: English, French.

/** @satisfies {Record<string, [string, string]>} */
export const INSIDE = {
  inside: ["What each layer makes of your drawing", "Ce que chaque couche fait de votre dessin"],
  insideHelp: [
    "Each small picture is a map: bright where its filter finds what it looks for. Press a place on the map of a convolution to see how its number comes about.",
    "Chaque petite image est une carte : claire où son filtre trouve ce qu’il cherche. Appuyez sur un endroit de la carte d’une convolution pour voir d’où vient son nombre.",
  ],
  network: ["Network", "Réseau"],
  range: ["from {0} to {1}", "de {0} à {1}"],
  rangeHint: [
    "The smallest and the largest number of these maps.",
    "Le plus petit et le plus grand nombre de ces cartes.",
  ],
  map: ["Map {0} of {1}", "Carte {0} de {1}"],
  more: ["and {0} more", "et {0} de plus"],
  channel: ["Map", "Carte"],
  row: ["Row", "Ligne"],
  column: ["Column", "Colonne"],
  patch: ["what the kernel sees", "ce que voit le noyau"],
  kernel: ["kernel", "noyau"],
  products: ["products", "produits"],
  inputChannel: ["Map that comes in", "Carte d’entrée"],
  equation: ["Sum over {0} maps: {1}, plus bias {2} = {3}", "Somme sur {0} cartes : {1}, plus biais {2} = {3}"],
  cellHelp: [
    "Each number that the kernel sees is multiplied by the weight at its place; the sum of all, plus the bias, is this value of the map.",
    "Chaque nombre que voit le noyau est multiplié par le poids à sa place ; la somme de tout, plus le biais, est cette valeur de la carte.",
  ],
  steps: ["Stages of the detector", "Étapes du détecteur"],
  anchors: ["Anchors", "Ancres"],
  anchorsHelp: [
    "Boxes of fixed sizes at every place, {0} in all; here those most likely to hold an object.",
    "Des boîtes de tailles fixes à chaque endroit, {0} en tout ; ici les plus susceptibles de contenir un objet.",
  ],
  corrected: ["Corrected anchors", "Ancres corrigées"],
  correctedHelp: [
    "The first stage moves and resizes the anchors to fit the objects.",
    "La première étape déplace et redimensionne les ancres selon les objets.",
  ],
  proposals: ["Proposals", "Propositions"],
  proposalsHelp: [
    "After suppression: of boxes that overlap, only the best stays.",
    "Après suppression : parmi les boîtes qui se recouvrent, seule la meilleure reste.",
  ],
  regions: ["Regions", "Régions"],
  regionsHelp: [
    "The second stage gives each proposal a class, or calls it background.",
    "La seconde étape donne à chaque proposition une classe, ou la dit fond.",
  ],
  detections: ["Detections", "Détections"],
  detectionsHelp: [
    "Boxes adjusted once more; again only the best of those that overlap.",
    "Les boîtes ajustées encore une fois ; de nouveau seulement la meilleure de celles qui se recouvrent.",
  ],
  dataTitle: ["What the data holds", "Ce que contiennent les données"],
  source: ["Source", "Source"],
  sourceHint: [
    "mnist, scenes, or a folder or file that the server can read.",
    "mnist, scenes, ou un dossier ou fichier que le serveur peut lire.",
  ],
  look: ["Look", "Regarder"],
  looking: [
    "Reading all pictures; a large set takes a while …",
    "Lecture de toutes les images ; un grand ensemble prend du temps …",
  ],
  classesOf: ["{0} classes, {1} training and {2} test images", "{0} classes, {1} images d’entraînement et {2} de test"],
  classes: ["Classes", "Classes"],
  data_class: ["Class", "Classe"],
  data_train: ["Training", "Entraînement"],
  data_share: ["Beside the largest", "À côté de la plus grande"],
  data_test: ["Test", "Test"],
  pictures: ["Some pictures", "Quelques images"],
  picturesHelp: ["Press one to put it onto the canvas.", "Appuyez sur l’une pour la mettre sur la feuille."],
  findings: ["Findings", "Constats"],
  noFindings: ["Nothing odd was found.", "Rien d’étrange n’a été trouvé."],
};
