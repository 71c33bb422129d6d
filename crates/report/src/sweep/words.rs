//! Every text of the report of a sweep that is not data, in English and French. The page's own texts (contents, footer)
//! are in [`crate::words`]. `{keys}` are filled by `format::fill`.

crate::words::words! { SweepWords {
    title: "Which settings suit {recipe}?", "Quels réglages pour {recipe} ?";
    eyebrow: "Search for settings · {date}", "Recherche de réglages · {date}";
    best:
        "Trial {trial} is the best of {trials}, with a {metric} of {value}: {settings}.",
        "L’essai {trial} est le meilleur sur {trials}, avec une {metric} de {value} : {settings}.";
    counts:
        "{finished} of {trials} trials finished, {stopped} were stopped early, {failed} failed.",
        "Essais menés à leur terme : {finished} sur {trials} ; arrêtés tôt : {stopped} ; en échec : {failed}.";
    chosen:
        "They were judged on {images} training images that were held out; the test images were not used. The best of many trials is partly lucky: on other images and with another seed, expect slightly less.",
        "Ils ont été jugés sur {images} images d’entraînement mises de côté ; les images de test n’ont pas servi. Le meilleur de beaucoup d’essais doit une part à la chance : sur d’autres images, et avec une autre graine, attendez-vous à un peu moins bien.";
    no_best:
        "None of {trials} trials finished: {stopped} were stopped early, {failed} failed.",
        "Aucun des {trials} essais n’a été mené à son terme ; arrêtés tôt : {stopped} ; en échec : {failed}.";

    accuracy: "validation accuracy", "exactitude de validation";
    ap: "validation AP", "précision moyenne de validation";
    loss: "validation loss", "perte de validation";

    trial: "trial", "essai";
    best_trial: "the best", "le meilleur";
    best_trials: "The best trials", "Les meilleurs essais";
    all_trials: "All trials", "Tous les essais";
    as_table: "All trials as a table", "Tous les essais sous forme de tableau";
    status: "status", "issue";
    finished: "finished", "terminé";
    stopped: "stopped early", "arrêté tôt";
    failed: "failed", "en échec";
    stopped_or_failed: "stopped early or failed", "arrêté tôt ou en échec";
    failed_trials: "Failed, trial", "Échec, essai";
    epochs: "epochs", "époques";
    time: "training time", "entraînement";
    setting: "setting", "réglage";
    settings: "Every trial’s settings", "Les réglages de chaque essai";
    values: "values", "valeurs";

    progress: "Progress", "Le chemin vers le meilleur";
    best_so_far: "best so far", "meilleur jusque-là";
    side_by_side: "All trials side by side", "Tous les essais côte à côte";
    side_by_side_lead:
        "Each line is a trial: follow it from setting to setting down to its result. Where the coloured lines meet, a setting is good; where they spread as widely as the others, it hardly matters.",
        "Chaque ligne est un essai : suivez-la de réglage en réglage jusqu’à son résultat. Là où les lignes de couleur se rejoignent, un réglage est bon ; là où elles s’étalent autant que les autres, il ne compte guère.";
    good: "best quarter", "meilleur quart";
    front: "Quality against training time", "Qualité et durée d’entraînement";
    front_lead:
        "The dotted line is the Pareto front: any trial that is better than one on it took longer.",
        "Un essai sur la ligne pointillée n’est battu par aucun autre sur les deux tableaux : qui fait mieux a mis plus longtemps.";
    front_note:
        "Finished trials only. Times are from this machine; trials that ran at the same time slowed each other down.",
        "Essais menés à leur terme. Les durées sont celles de cette machine ; quand plusieurs essais tournaient à la fois, ils se ralentissaient.";
    front_trial:
        "Trial {trial}: {quality} after {time} ({settings})",
        "Essai {trial} : {quality} après {time} ({settings})";
    on_front: "on the Pareto front", "battu par aucun";
    off_front: "not on it", "battu";

    importance_title: "What matters", "Ce qui compte";
    importance: "importance", "importance";
    importance_axis: "share of the ranks’ variance", "part de la variance des rangs";
    importance_caption: "How much each setting matters by itself", "Ce que chaque réglage compte à lui seul";
    importance_table: "Settings by importance", "Réglages par importance";
    importance_lead:
        "How much of the trials’ ranking each setting explains by itself: 0 % is nothing, 100 % everything.",
        "La part du classement des essais que chaque réglage explique à lui seul : 0 %, rien ; 100 %, tout.";
    importance_unknown:
        "There are too few trials, or too few different values, to say how much a setting matters.",
        "Il y a trop peu d’essais, ou trop peu de valeurs différentes, pour dire ce qu’un réglage compte.";
    importance_note:
        "Epsilon squared of the Kruskal-Wallis test: the trials are ranked (finished trials first, then those stopped early, then failures) and grouped by the setting’s value; numbers form up to five groups of equal size. The value is the share of the ranks’ variance between the groups, minus what chance would give. It does not see settings that matter only together, and with few trials it is rough. A search that looks mostly where results are good makes a setting look less important than it is.",
        "Epsilon carré du test de Kruskal-Wallis : les essais sont classés (ceux arrêtés tôt après les essais terminés, les échecs en dernier) et groupés selon la valeur du réglage, les nombres en cinq groupes de même taille au plus ; on montre la part de la variance des rangs qui se trouve entre les groupes, moins ce que le hasard y mettrait. Des réglages qui ne comptent qu’ensemble lui échappent, et avec peu d’essais elle est grossière. Une recherche qui regarde surtout là où c’est bon fait paraître un réglage moins important qu’il n’est.";
    best_quarter: "in the best quarter", "dans le meilleur quart";

    how: "How it was searched", "Comment on a cherché";
    varied: "Settings that were varied", "Ce qu’on a fait varier";
    random:
        "Settings were drawn at random, each trial independently of the others.",
        "Les réglages ont été tirés au hasard, chaque essai indépendamment des autres.";
    grid: "Every combination was tried in turn.", "Toutes les combinaisons ont été essayées l’une après l’autre.";
    tpe:
        "Settings were chosen by tree-structured Parzen estimators (Bergstra et al. 2011): ten trials at random, then where good trials are dense and bad ones are not.",
        "Les réglages ont été choisis par des estimateurs de Parzen structurés en arbre (Bergstra et al. 2011) : dix essais au hasard, puis là où les bons essais sont denses et les mauvais ne le sont pas.";
    halving:
        "Bad trials were stopped early by successive halving (Li et al. 2018): after 1, {factor}, {factor}², … epochs a trial continued if it was among the best 1/{factor} of those that had reached this epoch before it. A trial that learns slowly at first may be stopped by mistake.",
        "Les mauvais essais ont été arrêtés tôt par réductions successives (Li et al. 2018) : après 1, {factor}, {factor}², … époques, un essai continuait s’il était dans le meilleur 1/{factor} de ceux arrivés là avant lui. Un essai qui apprend lentement au début peut en être victime.";
    no_halving: "No trial was stopped early.", "Chaque essai a été mené à son terme.";
    images:
        "Trials were trained on {train} images and judged on {validation} other images of the training set.",
        "Les essais ont appris sur {train} images et ont été jugés sur {validation} autres de l’ensemble d’entraînement.";
    same_seed:
        "All trials had the same seed, the same initial weights where the network is the same, and the same order of images: they differ only in their settings.",
        "Tous les essais avaient la même graine, les mêmes poids initiaux quand le réseau est le même, et le même ordre des images : ils ne diffèrent que par leurs réglages.";
    repeat: "What next", "Et ensuite";
    confirm:
        "Is it really better, or was it lucky? Train both with several seeds and compare them on the test images:",
        "Est-ce vraiment mieux, ou de la chance ? Entraînez les deux avec plusieurs graines et comparez-les sur les images de test :";
    best_recipe: "The recipe of the best trial", "La recette du meilleur essai";
    again:
        "The search itself. The same command continues a search that was stopped:",
        "La recherche elle-même ; la même commande reprend là où elle s’est arrêtée :";
} }
