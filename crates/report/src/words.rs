//! Every text of a report that is not data, in English and French: `{keys}` are filled by `format::fill`.

pub mod phrases;

/// Defines a struct of texts and its values in English and French.
macro_rules! words {
    ($name:ident { $($key:ident: $english:literal, $french:literal;)* }) => {
        /// The texts of a language.
        pub struct $name {
            $(pub $key: &'static str,)*
        }

        impl $name {
            /// The texts of `language`.
            pub fn of(language: $crate::Language) -> &'static Self {
                match language {
                    $crate::Language::English => &Self { $($key: $english,)* },
                    $crate::Language::French => &Self { $($key: $french,)* },
                }
            }
        }
    };
}
pub(crate) use words;

words! { Words {
    // Page.
    skip: "Skip to the content", "Aller au contenu";
    contents: "Contents", "Sommaire";
    footer:
        "Made by atelier. This page is one file: it needs no network and no script.",
        "Produit par atelier. Cette page tient en un seul fichier : elle n’a besoin ni de réseau ni de script.";
    nothing: "No runs", "Aucun entraînement";
    title_two: "{a} or {b}?", "{a} ou {b} ?";
    title_many: "{many} or {last}?", "{many} ou {last} ?";
    eyebrow:
        "{images} images of {data}, {split} set · {date}",
        "{images} images de {data}, ensemble {split} · {date}";
    single:
        "{accuracy} of the {images} images are classified correctly, {wrong} are not. On new images of the same kind, expect an accuracy between {low} and {high} (95 % interval).",
        "{accuracy} des {images} images reçoivent la bonne réponse, {wrong} une mauvaise. Sur de nouvelles images du même genre, attendez-vous à une exactitude de {low} à {high} (intervalle à 95 %).";
    single_boxes:
        "The average precision is {map} (at IoU 0.50: {map_50}) on {images} images with any number of objects each.",
        "La précision moyenne est de {map} (à un IoU de 0,50 : {map_50}) sur {images} images montrant chacune plusieurs objets, ou aucun.";
    several_boxes:
        "Average precision: {best} {most}, {others}. With several objects per image there is no single prediction per image to test. Only training with several seeds can show whether the difference is more than chance.",
        "Précision moyenne : {best} {most}, {others}. Les images montrent plusieurs objets : il n’y a pas une réponse par image à tester, et seuls des entraînements avec plusieurs graines diraient si l’écart n’est pas dû au hasard.";
    train_one:
        "{name} trained for {epochs} in {time} and processes {rate} images per second.",
        "Entraîné pendant {time} ({epochs}), {name} traite {rate} images par seconde.";
    train_only: "{name} trained for {epochs} in {time}.", "{name} a été entraîné pendant {time} ({epochs}).";
    one_epoch: "1 epoch", "1 époque";
    many_epochs: "{epochs} epochs", "{epochs} époques";
    train_two:
        "{fast} trained in {fast-time}; {slow} took {slow-time}{ratio}.",
        "{fast} a été entraîné en {fast-time} ; {slow} en {slow-time}{ratio}.";
    train_ratio: ", {ratio} times as long", ", soit {ratio} fois plus longtemps";
    infer_two:
        "After training, {quick} processes {quick-rate} images per second and {slow} {slow-rate}.",
        "Une fois entraîné, {quick} traite {quick-rate} images par seconde, et {slow} {slow-rate}.";

    // Figures.
    figures: "Results", "Résultats";
    figure: "Metric", "Grandeur";
    quality: "Quality", "Qualité";
    cost: "Cost", "Coût";
    table_caption:
        "The best value of each row is bold and marked ◂. Values that look the same are tied.",
        "La meilleure valeur de chaque ligne est en gras et porte la marque ◂. Des valeurs qui s’écrivent de la même façon ne sont pas départagées.";
    table_caption_one:
        "Measured on images that were not used for training.",
        "Mesuré sur des images que l’entraînement n’a jamais vues.";
    intervals_alt:
        "Accuracy of each model with its 95 % interval",
        "Exactitude de chaque modèle avec son intervalle à 95 %";
    intervals_caption: "Accuracy with 95 % intervals (Wilson)", "Exactitude et intervalles à 95 % (Wilson)";
    difference:
        "Accuracy of {a} minus accuracy of {b}: {difference} percentage points, 95 % interval {low} to {high} (paired bootstrap); McNemar’s exact test: {p}.",
        "Exactitude de {a} moins celle de {b}, en points de pourcentage : {difference}, intervalle à 95 % de {low} à {high} (bootstrap apparié) ; test exact de McNemar : {p}.";
    significant: "A difference this large is unlikely to be chance.", "Un tel écart n’est guère l’effet du hasard.";
    not_significant:
        "Chance alone can produce such a difference: these images can’t tell which is better.",
        "Le hasard seul produit de tels écarts : ces images ne permettent pas de dire lequel est le meilleur.";
    tests_disagree:
        "The test and the interval disagree: these images can’t tell which is better.",
        "Le test et l’intervalle se contredisent : ces images ne permettent pas de dire lequel est le meilleur.";
    is_significant: "difference significant", "écart significatif";
    is_not_significant: "difference not significant", "écart non significatif";
    pairs_caption:
        "McNemar’s exact test of every pair, p-values Holm-corrected",
        "Test exact de McNemar pour chaque paire, valeurs p corrigées par la méthode de Holm";
    pair: "Pair", "Paire";
    only_first: "only the first correct", "seul le premier a raison";
    only_second: "only the second correct", "seul le second a raison";
    accuracy: "Accuracy", "Exactitude";
    f1: "F1", "F1";
    precision: "Precision", "Précision";
    recall: "Recall", "Rappel";
    further: "Further metrics", "Autres mesures";
    further_caption:
        "From the same predictions. The best value of each row is marked.",
        "Tirées des mêmes prédictions ; la meilleure de chaque ligne est marquée.";

    // Learning curves.
    curves: "Learning curves", "Courbes d’apprentissage";
    training: "training", "entraînement";
    validation: "validation", "validation";
    epoch: "epoch", "époque";
    epochs: "Epochs", "Époques";
    seconds: "seconds of training", "secondes d’entraînement";
    minutes: "minutes of training", "minutes d’entraînement";
    hours: "hours of training", "heures d’entraînement";
    loss_axis: "loss", "perte";
    accuracy_axis: "accuracy", "exactitude";
    accuracy_over_epochs: "Accuracy over epochs", "Exactitude au fil des époques";
    accuracy_over_seconds: "Accuracy over time", "Exactitude au fil du temps";
    map_over_epochs: "Average precision over epochs", "Précision moyenne au fil des époques";
    map_over_seconds: "Average precision over time", "Précision moyenne au fil du temps";
    loss_over_epochs: "Loss over epochs", "Perte au fil des époques";
    loss_over_seconds: "Loss over time", "Perte au fil du temps";
    curves_note:
        "Log scale. Accuracy is plotted as error rate, so that 99 % and 99.9 % are far apart. Values that lie close together are on a linear scale. A detector’s loss is the sum of its parts: its course can be compared with a classifier’s, its level can’t. Training values are means over an epoch while the weights change, with the dropout and augmentation of the recipe, so validation may look better.",
        "Les axes sont logarithmiques (pour l’exactitude : en ce qui manque à 100 %), sauf quand les valeurs sont voisines. La perte d’un détecteur est la somme de ses parties : son niveau ne se compare pas à celui d’un classifieur, mais son évolution, oui. Les valeurs d’entraînement sont des moyennes sur une époque pendant laquelle les poids changent, avec l’abandon (dropout) et l’augmentation que prévoit la recette : la validation peut paraître meilleure.";
    no_accuracy:
        "No accuracy was recorded during training:",
        "Aucune exactitude n’a été relevée pendant l’entraînement :";
    loss_parts: "Parts of the loss of", "Parties de la perte de";
    epochs_as_table: "Epoch by epoch, as tables", "Époque par époque, en tableaux";

    // Mistakes.
    differences: "Where they differ", "Là où ils divergent";
    mistakes: "Mistakes", "Erreurs";
    right: "right", "juste";
    wrong: "wrong", "faux";
    none: "None.", "Aucune.";
    no_mistakes: "Every image was classified correctly.", "Toutes les images ont reçu la bonne réponse.";
    paired_caption:
        "Number of images by who classified them correctly. The significance test uses only those where one is right and the other wrong.",
        "Nombre d’images selon qui a donné la bonne réponse. Le test de signification ne regarde que celles où l’un a raison et l’autre tort.";
    gallery_note:
        "Each image with its number in the test set, its true class, and each model’s prediction with its confidence, the most confident mistakes first. Coloured outlines are a detector’s best box; the dashed white one is the annotated box.",
        "Chaque image avec son numéro dans l’ensemble de test, sa vraie classe, et la réponse de chacun avec sa confiance, les erreurs les plus assurées d’abord. Les contours colorés sont la meilleure boîte d’un détecteur ; le pointillé blanc est la boîte annotée.";
    gallery_note_one:
        "Each image with its number in the test set, its true class, and the prediction with its confidence, the most confident mistakes first. Coloured outlines are a detector’s best box; the dashed white one is the annotated box.",
        "Chaque image avec son numéro dans l’ensemble de test, sa vraie classe, et la réponse avec sa confiance, les erreurs les plus assurées d’abord. Les contours colorés sont la meilleure boîte d’un détecteur ; le pointillé blanc est la boîte annotée.";
    only_wrong: "Only {name} is wrong", "Seul {name} se trompe";
    several_wrong: "Several are wrong, but not all", "Plusieurs se trompent, mais pas tous";
    both_wrong: "Both are wrong", "Les deux se trompent";
    all_wrong: "All are wrong", "Tous se trompent";
    more: "{more} more of {all}", "{more} de plus, sur {all}";
    confident: "Most confident mistakes", "Les erreurs les plus assurées";
    confident_note:
        "Wrong but confident: look at these images again, and at their labels.",
        "Fausses, et sûres d’elles : ces réponses méritent un second regard, sur le modèle comme sur l’annotation.";
    number: "No.", "Nᵒ";
    truth_is: "is", "est";
    picture_alt:
        "Image {number} of the test set, truth {truth}",
        "Image {number} de l’ensemble de test, vraie classe {truth}";
    no_picture: "no picture", "pas d’image";

    // Confusion matrices and classes.
    confusion: "Confusion matrices", "Matrices de confusion";
    confusion_note:
        "Rows are true classes, columns predicted classes. The diagonal is correct; mistakes are orange, stronger the more there are.",
        "En ligne la vérité, en colonne la réponse. La diagonale est juste ; les erreurs sont en orange, d’autant plus vif qu’elles sont nombreuses.";
    counts_caption: "Number of images", "Nombre d’images";
    shares_caption: "Percentage of the row", "En pour cent de la ligne";
    in_shares: "As percentages of each row", "En pour cent de chaque ligne";
    right_share: "correct, %", "juste, %";
    truth: "Truth", "Vérité";
    images: "Images", "Images";
    most_frequent: "Most frequent mistakes, truth → prediction:", "Erreurs les plus fréquentes, vérité → réponse :";
    classes: "Class by class", "Classe par classe";
    class: "Class", "Classe";
    missed: "Share of each class’s images that are missed", "Parmi les images d’une classe, combien sont manquées";
    claimed:
        "Share of each class’s predictions that are wrong",
        "Parmi les réponses pour une classe, combien sont fausses";
    share_axis: "share of mistakes", "part d’erreurs";
    worst_classes:
        "Only the classes with the most mistakes; the table has all of them.",
        "Les classes qui comptent le plus d’erreurs ; le tableau les contient toutes.";
    classes_as_table: "Precision, recall and F1 of every class", "Précision, rappel et F1 de chaque classe";

    // Detections.
    boxes: "Detections", "Détections";
    boxes_note:
        "A detector says where as well as what. Its best box on each image is drawn in colour, the annotated box in dashed white.",
        "Un détecteur dit où, en plus de dire quoi. Sa meilleure boîte sur chaque image est tracée en couleur, la boîte annotée en pointillé blanc.";
    first_images: "The first images of the set:", "Les premières images de l’ensemble :";
    worst_boxes: "Where the box fits worst:", "Là où la boîte tombe le plus mal :";
    nothing_seen: "Images without any detection:", "Images où rien n’a été détecté :";

    // Curves over the threshold.
    thresholds: "ROC and precision-recall", "Courbes ROC et précision-rappel";
    thresholds_note:
        "Each class against all others, all classes pooled: an image is assigned to a class when its probability passes a threshold, and the curves show what a lower threshold gains and costs. Upper left (ROC) and upper right (precision-recall) are better. Log scale: rates are plotted as error rates, because good models would otherwise all sit in one corner.",
        "Chaque classe contre toutes les autres, toutes réunies : une image est attribuée à une classe quand sa probabilité dépasse un seuil, et les courbes montrent ce que l’on gagne et ce que l’on perd à l’abaisser. Le mieux est en haut à gauche (ROC) et en haut à droite (précision-rappel). Les axes sont logarithmiques en ce qui manque : sinon, le coin où vivent les bons modèles ne serait qu’un point.";
    roc: "ROC curve", "Courbe ROC";
    false_positives: "false positive rate", "attribuées à tort (parmi les images hors de la classe)";
    true_positives: "true positive rate", "trouvées (parmi les images de la classe)";
    precision_recall: "Precision-recall curve", "Courbe précision-rappel";
    precision_axis: "precision", "précision";
    recall_axis: "recall", "rappel";
    areas_as_table:
        "Area under the ROC curve and average precision of every class",
        "Aire sous la courbe ROC et précision moyenne de chaque classe";
    areas_caption: "Each class against the rest", "Chaque classe contre toutes les autres";
    roc_auc: "ROC AUC", "Aire ROC";
    average_precision: "Average precision", "Précision moyenne";

    // Calibration and time.
    calibration: "Is the confidence justified?", "La confiance est-elle méritée ?";
    calibration_note:
        "Of the predictions made with a confidence of 80 %, four in five should be correct: points on the dotted line. Below it a model is overconfident, above it underconfident. Vertical bars are 95 % intervals: they are long where there are few images.",
        "Parmi les réponses données avec une confiance de 80 %, quatre sur cinq devraient être justes : les points seraient sur la ligne pointillée. Au-dessous, un modèle est trop sûr de lui ; au-dessus, trop modeste. Les traits verticaux sont des intervalles à 95 % : longs là où peu d’images les appuient.";
    confidence: "confidence", "confiance";
    images_log: "images (log)", "images (log)";
    time_to_accuracy: "Time to accuracy", "Temps pour apprendre";
    time_to_accuracy_note:
        "Training time until the end of the first epoch with this accuracy in validation",
        "Temps d’entraînement jusqu’à la fin de la première époque qui a atteint une exactitude en validation";
    some_reached: "{time} ({reached} of {all})", "{time} ({reached} sur {all})";
    time_to: "Time to", "Temps pour atteindre";
    mean: "Mean", "Moyenne";
    deviation: "Standard deviation", "Écart type";

    // Labels that look wrong, and images of several objects.
    suspects: "Labels that look wrong", "Étiquettes douteuses";
    suspects_note:
        "Together, the models give another class at least the probability that they usually give to images of that class (the rule of Northcutt, Jiang and Chuang, 2021). Look at these images before you blame a model.",
        "Ensemble, les modèles donnent à une autre classe au moins la probabilité qu’ils donnent d’ordinaire à ses images (règle de Northcutt, Jiang et Chuang, 2021) : regardez ces images avant d’accuser un modèle.";
    looks_like:
        "looks like {class}: {probability}, not {annotated}",
        "évoque plutôt {class} : {probability} contre {annotated}";
    suspects_more: "The strongest of {all}.", "Les plus nettes parmi {all}.";
    scenes: "Mistakes in the images", "Erreurs dans les images";
    scenes_note:
        "Detections with a score of at least {score}, compared with the annotated objects. A detection is correct if its class is right and its IoU with the object is at least 0.5. Dashed white boxes are annotated, coloured ones detected; thick ones show what the heading says. The table of mistakes counts weaker detections too.",
        "Détections d’un score d’au moins {score}, comparées aux objets : une détection est juste si sa classe l’est et si elle recouvre l’objet avec un IoU d’au moins 0,5. Les cadres blancs en pointillé sont les annotations, les cadres de couleur les détections, et les cadres épais ce que dit le titre. Le tableau des erreurs compte aussi les détections plus faibles.";
    scene_alt:
        "Image {number} of the test set with {objects} objects; {kind}: {wrong}",
        "Image {number} de l’ensemble de test, à {objects} objets ; {kind} : {wrong}";
    objects_in_it: "objects: {objects}", "objets : {objects}";
    box_mistakes: "Where average precision is lost", "Où se perd la précision moyenne";
    box_mistakes_note:
        "Every detection that matches no object, by what is wrong with it (after Bolya and others, TIDE, 2020), and how much average precision at IoU 0.50 would rise if only that were corrected. This separates wrong classes from badly placed boxes.",
        "Chaque détection qui n’a trouvé aucun objet, selon ce qui ne va pas (d’après Bolya et al., TIDE, 2020), et ce que la précision moyenne à un IoU de 0,50 gagnerait si l’on ne corrigeait que cela : la classe et la place sont ainsi distinguées.";
    box_mistakes_caption: "All detections, however low their score", "Toute détection compte, si faible soit-elle";
    mistake: "Mistake", "Erreur";
    number_of: "number", "nombre";
    ap_lost: "AP lost", "précision perdue";
    ap_lost_axis: "average precision lost", "précision moyenne perdue";
    ap_lost_caption:
        "Average precision at IoU 0.50 that each kind of mistake costs",
        "Précision moyenne à un IoU de 0,50 que coûte chaque type d’erreur";

    // Cost.
    costs: "What it costs", "Ce que cela coûte";
    tradeoffs_note:
        "Up and to the left is better. The dotted line is the Pareto front: no other run is as cheap and better, or as good and cheaper, than a run on it. Bars through points are 95 % intervals.",
        "Mieux vaut être en haut à gauche. La ligne pointillée relie les entraînements qu’aucun autre ne bat, en étant aussi peu coûteux et meilleur, ou aussi bon et moins coûteux ; les traits à travers les points sont des intervalles à 95 %.";
    gain_accuracy: "Accuracy", "Exactitude";
    gain_map: "Average precision", "Précision moyenne";
    against_train_time: "against training time", "selon la durée de l’entraînement";
    against_latency: "against the time for one image", "selon le temps pour une image";
    against_multiply_adds: "against multiply-adds", "selon les multiplications-additions";
    latency_axis: "milliseconds for one image (median)", "millisecondes pour une image (médiane)";
    multiply_adds_axis:
        "million multiply-adds for one image",
        "millions de multiplications-additions pour une image";
    map_axis: "average precision", "précision moyenne";
    front: "On the Pareto front:", "Qu’aucun autre ne bat :";
    latency: "Time for one image", "Temps pour une image";
    latency_caption:
        "Time for one image alone: median, 95th percentile (tick below) and 99th percentile (end of the line)",
        "Temps pour une image seule : médiane, 95 sur 100 (trait dessous) et 99 sur 100 (bout de la ligne)";
    milliseconds: "milliseconds", "millisecondes";
    throughput_over_batches:
        "Images per second by batch size",
        "Images par seconde selon le nombre d’images traitées à la fois";
    batch_axis: "batch size", "images traitées à la fois";
    throughput_axis: "images/s", "images/s";
    batches_as_table:
        "Images per second by batch size, as a table",
        "Images par seconde selon la taille des lots, en tableau";
    energy_measured:
        "Energy of the whole processor, read from its own counter. It includes everything else that was running.",
        "L’énergie est celle de tout le processeur, selon son propre compteur : ce qui tournait en même temps compte aussi.";
    energy_unavailable: "Energy: unavailable", "Énergie : non disponible";

    // Several trainings of each recipe.
    over_seeds: "Run by run", "Entraînement par entraînement";
    over_seeds_note:
        "Each recipe was trained with {seeds} seeds. The table gives the mean and, after ±, the sample standard deviation over seeds.",
        "Chaque recette a été entraînée avec {seeds} graines. Le tableau donne des moyennes et, après ±, l’écart type d’une graine à l’autre.";
    over_seeds_caption:
        "over seeds: mean and 95 % interval (Student’s t); each tick below is one run",
        "sur les graines : la marque et la ligne sont la moyenne et son intervalle à 95 % (loi de Student), chaque trait dessous est un entraînement";
    over_seeds_alt:
        "Mean over seeds of each recipe with its 95 % interval",
        "Moyenne sur les graines de chaque recette, avec son intervalle à 95 %";
    over_seeds_table: "Results of every run", "Mesures de chaque entraînement";
    shown_seed:
        "Sections about single predictions (gallery, confusion matrices, threshold curves) show the first run of each recipe: {runs}.",
        "Ce qui montre des réponses une à une (la galerie, les matrices, les courbes selon un seuil) montre le premier entraînement de chaque recette : {runs}.";
    seed_pairs_caption:
        "Difference in percentage points with its intervals; paired t test over seeds, p-values of several pairs Holm-corrected",
        "Écart en points de pourcentage et ses intervalles ; test t apparié sur les graines, valeurs p de plusieurs paires corrigées par la méthode de Holm";
    difference_short: "points", "points";
    interval_seeds: "95 % over seeds", "95 % sur les graines";
    interval_images: "95 % over images", "95 % sur les images";
    run: "Run", "Entraînement";
    trainings_means: "Means over {seeds} seeds.", "Moyennes sur {seeds} graines.";

    // COCO's curves, and further figures.
    coco_precision_recall: "Precision-recall of the boxes", "Précision et rappel des boîtes";
    coco_note:
        "As in COCO: at each recall, the best precision at that recall or above, averaged over classes. The area under a curve is the average precision.",
        "À la manière de COCO : à chaque rappel, la meilleure précision à ce rappel ou au-delà, en moyenne sur les classes. L’aire sous une courbe est la précision moyenne indiquée.";
    coco_50: "Boxes at IoU 0.50", "Boîtes à un IoU de 0,50";
    coco_75: "Boxes at IoU 0.75", "Boîtes à un IoU de 0,75";
    coco_50_95: "Boxes, mean over IoU 0.50 to 0.95", "Boîtes, moyenne des IoU de 0,50 à 0,95";
    weights_digest: "Weights", "Poids";
    recipe_name: "Recipe", "Recette";

    // How it was made.
    recipe: "Recipe", "Recette";
    recipes: "Recipes", "Recettes";
    recipes_note: "Lines that differ are marked ≠.", "Les lignes qui diffèrent sont marquées ≠.";
    repeat: "How to repeat it", "Pour refaire l’expérience";
    repeat_note:
        "This command wrote this page; the command of each run is below.",
        "Cette commande a écrit cette page ; celle de chaque entraînement est ci-dessous.";
    command: "Command", "Commande";
    seed: "Seed", "Graine";
    data: "Data", "Données";
    device: "Device", "Appareil";
    threads: "Threads", "Fils d’exécution";
    processor: "Processor", "Processeur";
    cores: "Cores", "Cœurs";
    memory: "Memory", "Mémoire";
    system: "System", "Système";
    version: "atelier", "atelier";
    date: "Started", "Début";
} }
