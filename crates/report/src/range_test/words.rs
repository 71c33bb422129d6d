//! Every text of the report of a range test that is not data, in English and French.

crate::words::words! { RangeWords {
    title: "Which learning rate for {recipe}?", "Quel taux d’apprentissage pour {recipe} ?";
    eyebrow: "Learning-rate range test", "Test d’une plage de taux d’apprentissage";
    suggested:
        "Try a learning rate of {rate}: a tenth of the rate where the loss has nearly reached its minimum.",
        "Essayez un taux d’apprentissage de {rate} : le dixième du taux où la perte atteint presque son minimum.";
    still_falls:
        "Try a learning rate of {rate}: a tenth of the rate where the loss has nearly reached its minimum. But the loss is still falling at {to}, the largest rate tested: repeat the test with a larger --to.",
        "Essayez un taux d’apprentissage de {rate} : le dixième du taux où la perte atteint presque son minimum. Mais à {to}, le plus grand taux essayé, la perte baisse encore : refaites le test avec un --to plus grand.";
    nothing:
        "No suggestion: the loss never fell. Try smaller rates (--from), more steps (--steps), or check the recipe and the data.",
        "Pas de suggestion : la perte n’a jamais baissé. Essayez des taux plus petits (--from), plus de pas (--steps), ou vérifiez la recette et les données.";
    finished:
        "All {steps} steps were taken, from {from} to {to}.",
        "Les {steps} pas ont été faits, de {from} à {to}.";
    diverged:
        "The test ended after {done} of {steps} steps, because the loss rose to four times its minimum.",
        "Le test s’est arrêté après {done} pas sur {steps}, car la perte avait atteint quatre fois son minimum.";
    not_finite:
        "The test ended after {done} of {steps} steps, because the loss was no longer a finite number.",
        "Le test s’est arrêté après {done} pas sur {steps}, car la perte n’était plus un nombre fini.";

    curve: "Loss over the learning rate", "La perte selon le taux d’apprentissage";
    rate: "learning rate", "taux d’apprentissage";
    loss: "loss", "perte";
    smoothed: "smoothed loss", "perte lissée";
    point: "point", "point";
    suggestion: "suggestion", "suggestion";
    steepest: "steepest fall", "baisse la plus forte";
    bottom: "98 % of the fall", "98 % de la baisse";
    least: "minimum", "minimum";

    how: "How it was measured", "Comment on a mesuré";
    method:
        "One training with {optimizer} from the recipe’s start (seed {seed}), whose learning rate is multiplied by the same factor in every step (Smith 2015, arXiv 1506.01186). Each point is the loss of a mini-batch before the step at this rate. The smoothed loss is an exponential average with bias correction over about a fifteenth of the steps, so it lags a little behind.",
        "Un seul entraînement avec {optimizer}, depuis le début de la recette (graine {seed}), dont le taux d’apprentissage est multiplié par le même facteur à chaque pas (Smith 2015, arXiv 1506.01186). Chaque point est la perte d’un mini-lot avant le pas fait à ce taux. La perte lissée est une moyenne exponentielle sans biais sur environ un quinzième des pas ; elle a donc un léger retard.";
    rules:
        "The suggestion is a tenth of the rate at which the smoothed loss has made 98 % of its fall. (fastai’s rule “minimum” divides the rate at the minimum itself by ten, which is far too large where the loss goes to 0.) The rate at the minimum is too large to train with: there the loss is about to rise. The rate of the steepest fall is the cautious choice. The first tenth of the steps is not judged. The test is short and sees neither the schedule nor the end of a training, so take the suggestion as a starting point. For one-cycle it is the peak, which may be larger because it lasts only a few steps.",
        "La suggestion est le dixième du taux où la perte lissée a fait 98 % de sa baisse. (La règle « minimum » de fastai divise par dix le taux du minimum même, ce qui est beaucoup trop grand quand la perte tend vers 0.) Le taux du minimum est trop grand pour entraîner : la perte est sur le point d’y remonter. Celui de la baisse la plus forte est le choix prudent. Le premier dixième des pas n’est pas jugé. Le test est court et ne voit ni le calendrier du taux ni la fin d’un entraînement : prenez la suggestion comme point de départ. Pour one-cycle, c’est le sommet, qui peut être plus grand parce qu’il ne dure que quelques pas.";
    images:
        "Only training images were used ({images}); the test images were not.",
        "Seules des images d’entraînement ont servi ({images}), aucune image de test.";

    what_next: "What next", "Et ensuite";
    next: "Train with the suggested rate:", "Entraînez avec le taux suggéré :";
    again: "The test itself:", "Le test lui-même :";
} }
