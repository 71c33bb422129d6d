//! Every word of the report of a sweep that is not data, in one table a language. The page's own words (contents, footer)
//! are those of the other reports.
//!
//! Words go into pages as they are: no `&`, `<` or straight double quotation mark. `{keys}` are filled by `format::fill`.

mod french;

use crate::Language;
use french::FRENCH;

/// The words of a language.
pub struct SweepWords {
    pub title: &'static str,
    pub eyebrow: &'static str,
    pub best: &'static str,
    pub counts: &'static str,
    pub chosen: &'static str,
    pub no_best: &'static str,

    // Figures.
    pub accuracy: &'static str,
    pub ap: &'static str,
    pub loss: &'static str,

    // Trials.
    pub trial: &'static str,
    pub best_trial: &'static str,
    pub best_trials: &'static str,
    pub all_trials: &'static str,
    pub as_table: &'static str,
    pub status: &'static str,
    pub finished: &'static str,
    pub stopped: &'static str,
    pub failed: &'static str,
    pub stopped_or_failed: &'static str,
    pub failed_trials: &'static str,
    pub epochs: &'static str,
    pub time: &'static str,
    pub setting: &'static str,
    pub settings: &'static str,
    pub values: &'static str,

    // Pictures.
    pub progress: &'static str,
    pub best_so_far: &'static str,
    pub side_by_side: &'static str,
    pub side_by_side_lead: &'static str,
    pub good: &'static str,
    pub front: &'static str,
    pub front_lead: &'static str,
    pub front_note: &'static str,
    pub front_trial: &'static str,
    pub on_front: &'static str,
    pub off_front: &'static str,
    pub seconds: &'static str,
    pub minutes: &'static str,
    pub hours: &'static str,

    // Importance.
    pub importance_title: &'static str,
    pub importance: &'static str,
    pub importance_axis: &'static str,
    pub importance_caption: &'static str,
    pub importance_table: &'static str,
    pub importance_lead: &'static str,
    pub importance_unknown: &'static str,
    pub importance_note: &'static str,
    pub best_quarter: &'static str,

    // How it was done.
    pub how: &'static str,
    pub varied: &'static str,
    pub random: &'static str,
    pub grid: &'static str,
    pub tpe: &'static str,
    pub halving: &'static str,
    pub no_halving: &'static str,
    pub images: &'static str,
    pub same_seed: &'static str,
    pub repeat: &'static str,
    pub confirm: &'static str,
    pub best_recipe: &'static str,
    pub again: &'static str,
}

impl SweepWords {
    /// The words of `language`.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::French => &FRENCH,
        }
    }
}

static ENGLISH: SweepWords = SweepWords {
    title: "Which settings suit {recipe}?",
    eyebrow: "Search for settings · {date}",
    best: "Trial {trial} is the best of {trials}, with a {metric} of {value}: {settings}.",
    counts: "{finished} of {trials} trials were trained to the end, {stopped} stopped early, {failed} failed.",
    chosen: "They were judged by {images} training images that were held out; the test images were never touched. The best of many is partly luck: on other images, and with another seed, expect a little less.",
    no_best: "None of {trials} trials was trained to the end: {stopped} stopped early, {failed} failed.",

    accuracy: "validation accuracy",
    ap: "validation AP",
    loss: "validation loss",

    trial: "trial",
    best_trial: "the best",
    best_trials: "The best trials",
    all_trials: "All trials",
    as_table: "All trials as a table",
    status: "outcome",
    finished: "finished",
    stopped: "stopped early",
    failed: "failed",
    stopped_or_failed: "stopped early or failed",
    failed_trials: "Failed, trial",
    epochs: "epochs",
    time: "training",
    setting: "setting",
    settings: "Every trial’s settings",
    values: "values",

    progress: "The way to the best",
    best_so_far: "best so far",
    side_by_side: "All trials side by side",
    side_by_side_lead: "Each line is a trial: follow it from setting to setting down to its figure. Where the coloured lines meet, a setting is good; where they are spread as widely as the others, it hardly matters.",
    good: "best quarter",
    front: "Quality against training time",
    front_lead: "A trial on the dotted line is beaten by no other in both: whoever is better took longer.",
    front_note: "Trials that were trained to the end. Times are of this machine; where several trials ran at a time, they slowed each other down.",
    front_trial: "Trial {trial}: {quality} after {time} ({settings})",
    on_front: "beaten by none",
    off_front: "beaten",
    seconds: "seconds of training",
    minutes: "minutes of training",
    hours: "hours of training",

    importance_title: "What matters",
    importance: "importance",
    importance_axis: "share of the ranks’ variance",
    importance_caption: "What each setting counts for by itself",
    importance_table: "Settings by importance",
    importance_lead: "How much of the trials’ order each setting explains by itself: 0 % is nothing, 100 % everything.",
    importance_unknown: "There are too few trials, or too few different values, to say what a setting counts for.",
    importance_note: "Epsilon squared of the Kruskal-Wallis test: the trials are ranked (those stopped early behind those that finished, failures last) and grouped by the setting’s value, numbers into up to five groups of equal size; shown is the share of the ranks’ variance that lies between the groups, less what chance would put there. It can’t see settings that matter only together, and with few trials it is rough. A search that looks mostly where it is good makes a setting look less important than it is.",
    best_quarter: "in the best quarter",

    how: "How it was searched",
    varied: "What was varied",
    random: "Settings were drawn at random, each trial independent of the others.",
    grid: "Every combination was tried in turn.",
    tpe: "Settings were chosen by tree-structured Parzen estimators (Bergstra et al. 2011): ten trials at random, then where good trials are dense and bad ones are not.",
    halving: "Bad trials were stopped early by successive halving (Li et al. 2018): after 1, {factor}, {factor}², … epochs a trial went on if it was among the best 1/{factor} of those that had come there before it. A trial that learns slowly at first can fall victim to that.",
    no_halving: "Every trial was trained to its end.",
    images: "Trials learned from {train} images and were judged by {validation} others of the training set.",
    same_seed: "All trials had the same seed, the same first weights where the network is the same, and the same order of images: they differ by their settings only.",
    repeat: "What next",
    confirm: "Is it really better, or lucky? Train both with several seeds and compare them on the test images:",
    best_recipe: "The recipe of the best trial",
    again: "The search itself; the same command goes on where it was stopped:",
};
