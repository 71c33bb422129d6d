//! The report as Markdown: seeds, costs, boxes and labels.

use super::{Document, Plain, SHOWN, table};
use crate::box_mistakes;
use crate::costs::{Cost, Gain, markets};
use crate::format::{ABSENT, fill};
use crate::scenes::{Kind, LEAST_SCORE, category, scenes};
use crate::suspects::suspects;
use measure::record::SeedsFigure;

impl Document<'_> {
    /// What quality costs: who is beaten by no other, speeds, and times to accuracies.
    pub(super) fn costs(&self) -> String {
        let (words, language) = (self.words, self.language);
        let mut text = String::new();
        for market in markets(self.whole) {
            let gain = match market.gain {
                Gain::Accuracy => words.gain_accuracy,
                Gain::Map => words.gain_map,
            };
            let cost = match market.cost {
                Cost::TrainTime => words.against_train_time,
                Cost::Latency => words.against_latency,
                Cost::MultiplyAdds => words.against_multiply_adds,
            };
            let front = market.front.iter().map(|place| market.priced[*place].name);
            let front = Plain(&front.collect::<Vec<_>>().join(", ")).to_string();
            text += &format!("- {gain} {cost}. {} {front}\n", words.front);
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let speeds = self.whole.contestants.iter();
        let speeds = speeds.filter_map(|c| Some((c.name, c.evaluation.speed.as_ref()?)));
        let rows = speeds.flat_map(|(name, speed)| {
            let rows = speed.throughput.iter();
            rows.map(move |at| {
                vec![
                    Plain(name).to_string(),
                    language.count(at.batch_size as u64),
                    language.significant(at.images_per_s),
                ]
            })
        });
        let head = [words.run, words.batch_axis, words.throughput_axis];
        text += &table(&head, rows.collect());
        let energies = self.whole.contestants.iter();
        let energies = energies.filter_map(|c| c.evaluation.energy);
        if let Some(reason) = energies.filter_map(|energy| energy.unavailable).next() {
            let reason = (words.no_energy)(reason);
            text += &format!("{} ({reason}).\n\n", words.energy_unavailable);
        }
        let times = self.times();
        if !times.is_empty() {
            text += &format!("{}\n\n{times}", words.time_to_accuracy_note);
        }
        text
    }

    /// Every training's figures, and the tests of every pair of recipes.
    pub(super) fn seeds(&self) -> String {
        let (words, language) = (self.words, self.language);
        let Some(verdict) = self.whole.seeds else {
            return String::new();
        };
        let rows = verdict.recipes.iter().flat_map(|recipe| {
            let runs = recipe.runs.iter().zip(&recipe.seeds).zip(&recipe.values);
            runs.map(|((run, seed), value)| {
                vec![
                    Plain(run).to_string(),
                    seed.to_string(),
                    language.percent(*value, 2),
                ]
            })
        });
        let figure = match verdict.figure {
            SeedsFigure::Accuracy => words.accuracy,
            SeedsFigure::AveragePrecision => words.map,
        };
        let mut text = table(&[words.run, words.seed, figure], rows.collect());
        let points = |share: f64| language.signed(100.0 * share, 2);
        let range = |interval: Option<[f64; 2]>| {
            interval.map_or(ABSENT.to_string(), |ends| {
                let [low, high] = ends.map(points);
                format!("{low} – {high}")
            })
        };
        let pairs = verdict.pairs.iter().map(|pair| {
            let p = language.p_value(pair.p_value.unwrap_or(f64::NAN));
            vec![
                format!("{} − {}", Plain(&pair.a), Plain(&pair.b)),
                points(pair.difference),
                range(pair.interval),
                range(pair.images_interval),
                Plain(&p).to_string(),
            ]
        });
        let head = [
            words.pair,
            words.difference_short,
            words.interval_seeds,
            words.interval_images,
            "p",
        ];
        text += &format!("{}\n\n", words.seed_pairs_caption);
        text + &table(&head, pairs.collect())
    }

    /// The area under COCO's curves, which are their average precisions; the points are left to the other formats.
    pub(super) fn boxes(&self) -> String {
        let words = self.words;
        let contestants = self.report.contestants.iter();
        let curves = contestants.filter_map(|c| {
            let curves = c.evaluation.box_precision_recall.as_ref()?;
            let tenth = |heights: &[f64]| -> Vec<String> {
                let heights = heights.iter().step_by(10);
                heights
                    .map(|height| self.language.decimal(*height, 3))
                    .collect()
            };
            let three = [
                (words.coco_50, &curves.iou_50),
                (words.coco_75, &curves.iou_75),
                (words.coco_50_95, &curves.iou_50_95),
            ];
            let rows = three.map(|(name, heights)| {
                let first = format!("{}{}{name}", Plain(c.name), self.language.colon());
                std::iter::once(first).chain(tenth(heights)).collect()
            });
            Some(rows)
        });
        let rows: Vec<Vec<String>> = curves.flatten().collect();
        let recalls: Vec<String> = (0..=10)
            .map(|tenth| self.language.percent(f64::from(tenth) / 10.0, 0))
            .collect();
        let recalls = recalls.iter().map(String::as_str);
        let head: Vec<&str> = std::iter::once(words.recall_axis).chain(recalls).collect();
        table(&head, rows)
    }

    pub(super) fn suspects(&self) -> String {
        let (words, language) = (self.words, self.language);
        let suspects = suspects(self.report);
        let rows = suspects.iter().take(SHOWN).map(|suspect| {
            let index = suspect.answers.first().map_or(0, |answer| answer.index);
            let label = suspect.answers.first().map_or(0, |answer| answer.label);
            vec![
                language.count(index as u64),
                self.class(label),
                language.percent(suspect.annotated, 1),
                self.class(suspect.class),
                language.percent(suspect.probability, 1),
            ]
        });
        let head = [words.number, words.truth, "p", words.class, "p"];
        let rows = table(&head, rows.collect());
        match rows.is_empty() {
            true => rows,
            false => format!("{}\n\n{rows}", words.suspects_note),
        }
    }

    /// How often what is wrong among sure detections, and the surest of each kind.
    pub(super) fn scenes(&self) -> String {
        let (words, language) = (self.words, self.language);
        let text = self.each(|contestant| {
            let Some(scenes) = scenes(self.report, contestant) else {
                return String::new();
            };
            let mut lines = Vec::new();
            for kind in Kind::ALL {
                let mut wrong: Vec<_> = scenes
                    .iter()
                    .flat_map(|scene| scene.wrong.iter().map(move |wrong| (scene.index, wrong)))
                    .filter(|(_, wrong)| wrong.kind == kind)
                    .collect();
                wrong.sort_by(|a, b| b.1.score().total_cmp(&a.1.score()));
                let all = wrong.len() as u64;
                lines.extend(wrong.iter().take(5).map(|(index, wrong)| {
                    let name = |id| Plain(&category(self.report, id)).to_string();
                    let number = |value: Option<f64>, decimals| {
                        language.decimal(value.unwrap_or(f64::NAN), decimals)
                    };
                    let object = wrong.object.map(|object| name(object.category));
                    let detected = wrong.detection.map(|found| name(found.category));
                    vec![
                        format!("{} ({})", (words.box_mistake)(kind), language.count(all)),
                        language.count(*index as u64),
                        object.unwrap_or(ABSENT.to_string()),
                        detected.unwrap_or(ABSENT.to_string()),
                        number(wrong.detection.map(|found| found.score), 3),
                        number(wrong.iou(), 2),
                    ]
                }));
            }
            let head = [
                words.mistake,
                words.number,
                words.truth,
                words.class,
                words.confidence,
                "IoU",
            ];
            table(&head, lines)
        });
        match text.is_empty() {
            true => text,
            false => {
                let score = language.decimal(LEAST_SCORE, 2);
                let note = fill(words.scenes_note, &[("score", &score)]);
                format!("{note}\n\n{text}")
            }
        }
    }

    pub(super) fn box_mistakes(&self) -> String {
        let (words, language) = (self.words, self.language);
        let text = self.each(|contestant| {
            let lines = box_mistakes::of(contestant).unwrap_or_default();
            let rows = lines.iter().map(|line| {
                vec![
                    (words.box_mistake)(line.kind).to_string(),
                    language.count(line.count),
                    language.percent(line.ap_lost.unwrap_or(f64::NAN), 2),
                ]
            });
            let head = [words.mistake, words.number_of, words.ap_lost];
            table(&head, rows.collect())
        });
        match text.is_empty() {
            true => text,
            false => format!("{}\n\n{text}", words.box_mistakes_note),
        }
    }
}
