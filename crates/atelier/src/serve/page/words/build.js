// Words of the view Build: English, French.

/** @satisfies {Record<string, [string, string]>} */
export const BUILD = {
  startFrom: ["Start from a recipe", "Partir d’une recette"],
  presets: ["Built in", "Intégrées"],
  savedRecipes: ["Saved", "Enregistrées"],
  recipeName: ["Name", "Nom"],
  save: ["Save", "Enregistrer"],
  saved: ["Saved as {0}", "Enregistrée sous {0}"],
  download: ["Download", "Télécharger"],
  shareLink: ["Copy a link", "Copier un lien"],
  linked: ["The link is copied; it carries the whole recipe.", "Le lien est copié ; il porte toute la recette."],
  tooLong: [
    "This recipe is too long for a link; download it as a file.",
    "Cette recette est trop longue pour un lien ; téléchargez-la.",
  ],
  trainThis: ["Train it", "L’entraîner"],
  layers: ["Layers", "Couches"],
  training: ["Training", "Entraînement"],
  toml: ["The recipe as text", "La recette en texte"],
  tomlHelp: [
    "Both sides are one recipe: change either.",
    "Les deux côtés sont une même recette : modifiez l’un ou l’autre.",
  ],
  line: ["line {0}, column {1}", "ligne {0}, colonne {1}"],
  addLayer: ["Add a layer …", "Ajouter une couche …"],
  moveUp: ["Move up: layer", "Monter : couche"],
  moveDown: ["Move down: layer", "Descendre : couche"],
  removeLayer: ["Remove: layer", "Retirer : couche"],
  unknownLayer: [
    "This layer has no form here; change it in the text.",
    "Cette couche n’a pas de formulaire ici ; modifiez-la dans le texte.",
  ],
  everything: ["all", "tout"],
  shortWeights: ["{0} weights", "{0} poids"],
  shortAdds: ["{0} multiply-adds", "{0} mult.-add."],
  shortSees: ["sees {0}", "voit {0}"],
  output: ["Output", "Sortie"],
  outputHint: [
    "The shape that leaves the layer for one image: channels × rows × columns, or a list of features.",
    "La forme qui sort de la couche pour une image : canaux × lignes × colonnes, ou une liste de valeurs.",
  ],
  parameters: ["Parameters", "Paramètres"],
  parametersHint: [
    "The numbers that training changes: weights and biases.",
    "Les nombres que l’entraînement modifie : poids et biais.",
  ],
  multiplyAdds: ["Multiply-adds", "Multiplications-additions"],
  multiplyAddsHint: [
    "The work for one image; twice as many take about twice as long.",
    "Le travail pour une image ; deux fois plus dure à peu près deux fois plus.",
  ],
  receptiveField: ["Sees", "Voit"],
  receptiveFieldHint: [
    "The receptive field: how many pixels of the image one output value depends on.",
    "Le champ récepteur : de combien de pixels de l’image dépend une valeur de sortie.",
  ],
  memory: ["Memory", "Mémoire"],
  memoryHint: [
    "What training keeps of this layer for the backward pass.",
    "Ce que l’entraînement garde de cette couche pour la passe arrière.",
  ],
  memoryTrainHint: [
    "The least that training needs: weights, gradients, the optimizer’s state, and what the layers keep for a batch.",
    "Le minimum pour entraîner : poids, gradients, état de l’optimiseur, et ce que les couches gardent d’un lot.",
  ],
  what: ["?", "?"],
  epochsHint: ["How many times every training image is seen.", "Combien de fois chaque image d’entraînement est vue."],
  batchHint: [
    "Images between two changes of the weights. Larger: smoother, fewer steps, more memory.",
    "Images entre deux changements des poids. Plus grand : plus lisse, moins de pas, plus de mémoire.",
  ],
  seedHint: [
    "Start of the random numbers; the same seed gives the same weights again.",
    "Départ des nombres aléatoires ; la même graine redonne les mêmes poids.",
  ],
  optimizerHint: [
    "How gradients become changes of the weights.",
    "Comment les gradients deviennent des changements des poids.",
  ],
  rateHint: [
    "The learning rate: the size of a step. Too large: the loss jumps or grows; too small: it falls slowly.",
    "Le taux d’apprentissage : la taille d’un pas. Trop grand : la perte saute ou monte ; trop petit : elle baisse lentement.",
  ],
  decayHint: [
    "Pulls the weights towards zero, against overfitting.",
    "Tire les poids vers zéro, contre le surapprentissage.",
  ],
  momentumHint: ["The share of the last step that the next one keeps.", "La part du dernier pas que le suivant garde."],
  adamRateHint: [
    "The learning rate of the weights that Muon leaves to Adam.",
    "Le taux d’apprentissage des poids que Muon laisse à Adam.",
  ],
  scheduleHint: [
    "How the learning rate changes during training.",
    "Comment le taux d’apprentissage change pendant l’entraînement.",
  ],
  peakHint: ["The highest learning rate of the cycle.", "Le taux d’apprentissage le plus haut du cycle."],
  riseHint: ["The share of all steps on which the rate grows.", "La part des pas pendant laquelle le taux monte."],
  warmUpHint: [
    "Steps at the start over which the rate grows from zero.",
    "Pas du début pendant lesquels le taux monte de zéro.",
  ],
  everyHint: ["Steps between two cuts.", "Pas entre deux baisses."],
  gammaHint: ["Each cut multiplies the rate by this.", "Chaque baisse multiplie le taux par ce nombre."],
  patienceHint: [
    "Epochs without improvement before the rate is cut.",
    "Époques sans progrès avant que le taux baisse.",
  ],
  smoothingHint: [
    "Spreads a share of each target over all classes, so that the network is not too sure of itself.",
    "Répartit une part de chaque cible sur toutes les classes, pour que le réseau ne soit pas trop sûr de lui.",
  ],
  mixupHint: [
    "Blends pairs of training images; 0 turns it off.",
    "Mélange des paires d’images d’entraînement ; 0 l’éteint.",
  ],
  clipHint: [
    "Longer gradients are shortened to this; empty: never.",
    "Les gradients plus longs sont raccourcis à cette valeur ; vide : jamais.",
  ],
  emaHint: [
    "Evaluates a moving average of the weights with this decay; empty: the weights themselves.",
    "Évalue une moyenne mobile des poids avec cette décroissance ; vide : les poids mêmes.",
  ],
  aboutConv: [
    "Slides a small kernel over the map: each output channel is a filter.",
    "Fait glisser un petit noyau sur la carte : chaque canal de sortie est un filtre.",
  ],
  aboutMaxPool: [
    "Keeps the largest value of each window; the map shrinks.",
    "Garde la plus grande valeur de chaque fenêtre ; la carte rétrécit.",
  ],
  aboutAvgPool: ["The mean of each window; the map shrinks.", "La moyenne de chaque fenêtre ; la carte rétrécit."],
  aboutGlobalPool: [
    "The mean of each channel: a map becomes a list of features.",
    "La moyenne de chaque canal : une carte devient une liste de valeurs.",
  ],
  aboutAdaptivePool: [
    "Means of windows, so that a map of this size comes out.",
    "Des moyennes de fenêtres, pour qu’il sorte une carte de cette taille.",
  ],
  aboutBatchNorm: [
    "Brings each channel to mean 0 and variance 1 over the batch: training gets faster and steadier.",
    "Ramène chaque canal à moyenne 0 et variance 1 sur le lot : l’entraînement est plus rapide et plus stable.",
  ],
  aboutRelu: ["max(x, 0): what is negative becomes zero.", "max(x, 0) : ce qui est négatif devient zéro."],
  aboutActivation: [
    "An activation function; without one, many layers could do no more than a single one.",
    "Une fonction d’activation ; sans elle, plusieurs couches ne feraient pas plus qu’une seule.",
  ],
  aboutDropout: [
    "In training, sets this share of the features to zero at random, against overfitting.",
    "À l’entraînement, met cette part des valeurs à zéro au hasard, contre le surapprentissage.",
  ],
  aboutFlatten: ["A map becomes a list of features.", "Une carte devient une liste de valeurs."],
  aboutLinear: [
    "Every output is a weighted sum of every input. The last one has one output for each class.",
    "Chaque sortie est une somme pondérée de toutes les entrées. La dernière a une sortie par classe.",
  ],
  aboutResidual: [
    "What comes in is added to what these layers make of it.",
    "Ce qui entre est ajouté à ce que ces couches en font.",
  ],
  aboutStage: [
    "Several residual blocks of convolutions, one after the other.",
    "Plusieurs blocs résiduels de convolutions, l’un après l’autre.",
  ],
  aboutInverted: [
    "MobileNet’s block: widens to “expand” channels, filters each one, and narrows again.",
    "Le bloc de MobileNet : élargit à « expand » canaux, filtre chacun, et rétrécit.",
  ],
  aboutSqueeze: [
    "Weighs the channels by what the whole map shows.",
    "Pondère les canaux selon ce que montre toute la carte.",
  ],
};
