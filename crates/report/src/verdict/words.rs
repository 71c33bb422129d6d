//! The sentences of verdicts, in English and French: `{keys}` are filled by `format::fill`.

crate::words::words! { VerdictWords {
    // Of two or more runs.
    cannot_tell: "The data can’t tell:", "Les données ne permettent pas de trancher :";
    all_the_same:
        "Of {images} images, {a} and {b} are right on exactly the same ones.",
        "{a} et {b} donnent la bonne réponse aux mêmes images, sur {images}.";
    equal_one:
        "{a} and {b} are equally accurate: of {images} images, each is right on {each} that the other gets wrong.",
        "{a} et {b} sont aussi exacts l’un que l’autre : sur {images} images, chacun donne {each} bonne réponse que l’autre n’a pas.";
    equal_many:
        "{a} and {b} are equally accurate: of {images} images, each is right on {each} that the other gets wrong.",
        "{a} et {b} sont aussi exacts l’un que l’autre : sur {images} images, chacun donne {each} bonnes réponses que l’autre n’a pas.";
    counts:
        "of {images} images, only {better} is right on {gained} and only {worse} on {lost}",
        "sur {images} images, {better} est seul à donner la bonne réponse à {gained} d’entre elles, et {worse} à {lost}";
    mcnemar: "McNemar’s exact test{corrected}, {p}", "test exact de McNemar{corrected}, {p}";
    corrected: ", Holm-corrected", ", correction de Holm";
    clear:
        "{better} is more accurate than {worse}, by {points}: {counts} ({test}).",
        "{better} est plus exact que {worse}, de {points} : {counts} ({test}).";
    unbacked:
        "{cannot_tell} {better} is ahead of {worse}: {counts}. Chance alone hardly explains that ({test}), but resampling the images gives a difference of {low} to {high} percentage points (95 % interval), which does not exclude zero.",
        "{cannot_tell} {better} devance {worse} : {counts}, ce que le hasard seul n’explique guère ({test}) ; mais un nouveau tirage des images donne un écart de {low} à {high} points de pourcentage (intervalle à 95 %), qui n’exclut pas un écart nul.";
    unclear:
        "{cannot_tell} {better} is ahead of {worse}, but {counts}, which chance alone could explain ({test}).",
        "{cannot_tell} {better} devance {worse}, mais {counts}, ce que le hasard seul pourrait expliquer ({test}).";
    point_of_accuracy: "{points} percentage points", "{points} point de pourcentage";
    points_of_accuracy: "{points} percentage points", "{points} points de pourcentage";
    point_of_precision: "{points} points of average precision", "{points} point de précision moyenne";
    points_of_precision: "{points} points of average precision", "{points} points de précision moyenne";

    // Over seeds.
    one_seed: "1 seed", "1 graine";
    many_seeds: "{seeds} seeds", "{seeds} graines";
    equal_accuracy:
        "{a} and {b} are equally accurate on average over {number}.",
        "{a} et {b} ont la même exactitude en moyenne sur {number}.";
    equal_precision:
        "On average over {number}, {a} and {b} have the same average precision.",
        "{a} et {b} ont la même précision moyenne en moyenne sur {number}.";
    too_few_seeds:
        "{cannot_tell} {better} is ahead of {worse} by {points}, but one seed says nothing about how much runs vary. Train with several seeds.",
        "{cannot_tell} {better} devance {worse} de {points}, mais une seule graine ne dit rien de l’écart entre entraînements ; il en faut plusieurs.";
    no_spread:
        "{cannot_tell} {better} is ahead of {worse} by exactly {points} with every seed. The t test needs a spread between seeds, and there is none.",
        "{cannot_tell} {better} devance {worse} d’exactement {points} avec chaque graine, et le test t juge d’après la dispersion, ici nulle.";
    range: "95 % interval {low} to {high}", "intervalle à 95 % de {low} à {high}";
    t_test:
        "{over_seeds}; paired t test over seeds{corrected}, {p}",
        "{over_seeds} ; test t apparié sur les graines{corrected}, {p}";
    ahead:
        "{better} is ahead of {worse} by {points} on average over {number}",
        "{better} devance {worse} de {points} en moyenne sur {number}";
    found_accuracy:
        "{better} is more accurate than {worse}, by {points} on average over {number}",
        "{better} est plus exact que {worse}, de {points} en moyenne sur {number}";
    found_precision:
        "{better} detects better than {worse}, by {points} on average over {number}",
        "{better} détecte mieux que {worse}, de {points} en moyenne sur {number}";
    both_tell:
        "{found} ({test}); the images say the same ({over_images}).",
        "{found} ({test}) ; les images le confirment ({over_images}).";
    images_untested:
        "{found} ({test}); whether this holds on other images was not tested.",
        "{found} ({test}) ; rien ne montre si d’autres images en diraient autant.";
    images_decide:
        "{cannot_tell} {ahead} ({test}), but on other images of the same kind it could be the other way round ({over_images}).",
        "{cannot_tell} {ahead} ({test}), mais d’autres images du même genre pourraient dire l’inverse ({over_images}).";
    seeds_decide:
        "{cannot_tell} {ahead}, but with other seeds it could be the other way round ({test}).",
        "{cannot_tell} {ahead}, mais d’autres graines pourraient dire l’inverse ({test}).";
    nothing_tells:
        "{cannot_tell} {ahead}, but with other seeds ({test}) or other images ({over_images}) it could be the other way round.",
        "{cannot_tell} {ahead}, mais d’autres graines ({test}) ou d’autres images ({over_images}) pourraient dire l’inverse.";
    factor:
        "With {number}, a difference counts only if it is at least {factor} times its own spread, and there are too few seeds to check that the spread is normal, as the test assumes.",
        "Avec {number}, une différence ne compte qu’à partir de {factor} fois sa propre dispersion, et rien ne montre si celle-ci est normale, comme le test le suppose.";
} }
