//! The report as Markdown (with the tables of GitHub), for notebooks, issues and messages.

mod evidence;

use super::curves::reliability;
use super::figures::{COST, FURTHER, QUALITY, epoch, rows, times_to_accuracy};
use super::format::{ABSENT, fill};
use super::mistakes::mistakes;
use super::seeds::shown;
use super::words::Words;
use super::{Contestant, Language, Report, facts, sentences};

/// Larger confusion matrices are left to the other formats.
const LARGEST_MATRIX: usize = 30;
/// Mistakes listed, the surest first.
const SHOWN: usize = 20;

/// The whole report but its pictures and plots. Names and recipes may hold anything: they are escaped.
pub fn markdown(report: &Report<'_>) -> String {
    let columns = shown(report);
    let document = Document {
        report: &columns,
        whole: report,
        words: Words::of(report.language),
        language: report.language,
    };
    let words = document.words;
    let mut text = format!("# {}\n\n", Plain(&sentences::title(report)));
    for sentence in [
        sentences::eyebrow(report),
        sentences::verdict(report),
        sentences::cost(report),
    ] {
        if !sentence.is_empty() {
            text += &format!("{}\n\n", Plain(&sentence));
        }
    }
    let several = columns.contestants.len() > 1;
    let mistakes_title = match several {
        true => words.differences,
        false => words.mistakes,
    };
    let recipes = if several { words.recipes } else { words.recipe };
    for (title, body) in [
        (words.figures, document.figures()),
        (words.over_seeds, document.seeds()),
        (words.curves, document.epochs()),
        (mistakes_title, document.mistakes()),
        (words.suspects, document.suspects()),
        (words.scenes, document.scenes()),
        (words.box_mistakes, document.box_mistakes()),
        (words.confusion, document.confusion()),
        (words.classes, document.classes()),
        (words.calibration, document.calibration()),
        (words.thresholds, document.boxes()),
        (words.costs, document.costs()),
        (words.further, document.rows(FURTHER)),
        (recipes, document.recipes()),
        (words.repeat, document.repeat()),
    ] {
        if !body.is_empty() {
            text += &format!("## {title}\n\n{body}");
        }
    }
    text
}

struct Document<'a> {
    /// With one contestant a column.
    report: &'a Report<'a>,
    /// With every training.
    whole: &'a Report<'a>,
    words: &'static Words,
    language: Language,
}

impl Document<'_> {
    fn figures(&self) -> String {
        let (words, language) = (self.words, self.language);
        let mut text = self.rows(QUALITY) + &self.rows(COST);
        let single = self.whole.seeds.is_none();
        let intervals = self.report.contestants.iter().filter(|_| single);
        let intervals = intervals.filter_map(|c| {
            let answers = c.evaluation.classification.as_ref()?;
            let [low, high] = answers.accuracy_interval;
            let cells = [answers.accuracy, low, high].map(|v| language.percent(v, 2));
            let [accuracy, low, high] = cells;
            Some(vec![
                Plain(c.name).to_string(),
                accuracy,
                format!("{low} – {high}"),
            ])
        });
        let intervals: Vec<Vec<String>> = intervals.collect();
        if !intervals.is_empty() {
            let caption = words.intervals_caption;
            text += &format!("{}\n\n", caption.replace("<b>", "**").replace("</b>", "**"));
            text += &table(&["", words.accuracy, "95 %"], intervals);
        }
        let difference = sentences::difference(self.whole);
        if !difference.is_empty() {
            text += &format!("{}\n\n", Plain(&difference));
        }
        let pairs = self.report.verdict.map_or(&[][..], |v| &v.pairs);
        if pairs.len() > 1 {
            let rows = pairs.iter().map(|pair| {
                vec![
                    format!("{} – {}", Plain(&pair.a), Plain(&pair.b)),
                    language.count(pair.only_a),
                    language.count(pair.only_b),
                    language.p_value(pair.p_value),
                ]
            });
            text += &format!("{}\n\n", words.pairs_caption);
            let head = [words.pair, words.only_first, words.only_second, "p"];
            text += &table(&head, rows.collect());
        }
        text
    }

    /// A table of figures; the best of a row is bold.
    fn rows(&self, definitions: crate::metrics::Group) -> String {
        let rows = rows(self.whole, definitions, self.words);
        let rows = rows.iter().map(|row| {
            let cells = row.cells.iter().map(|cell| match cell.best {
                true => format!("**{}**", cell.text),
                false => cell.text.clone(),
            });
            std::iter::once(row.name.to_string()).chain(cells).collect()
        });
        self.by_contestant(self.words.figure, rows.collect())
    }

    /// A table with a column a contestant.
    fn by_contestant(&self, first: &str, rows: Vec<Vec<String>>) -> String {
        let names = self.report.contestants.iter();
        let names: Vec<String> = names.map(|c| Plain(c.name).to_string()).collect();
        let names = names.iter().map(String::as_str);
        let head: Vec<&str> = std::iter::once(first).chain(names).collect();
        table(&head, rows)
    }

    /// What `body` says of each contestant, under its name where there are several.
    fn each(&self, body: impl Fn(&Contestant<'_>) -> String) -> String {
        Self::each_of(&self.report.contestants, body)
    }

    fn each_of(contestants: &[Contestant<'_>], body: impl Fn(&Contestant<'_>) -> String) -> String {
        let mut text = String::new();
        for contestant in contestants {
            let body = body(contestant);
            if body.is_empty() {
                continue;
            }
            if contestants.len() > 1 {
                text += &format!("### {}\n\n", Plain(contestant.name));
            }
            text += &body;
        }
        text
    }

    fn epochs(&self) -> String {
        Self::each_of(&self.whole.contestants, |contestant| {
            let rows = contestant.history.iter();
            let rows = rows.map(|e| epoch(self.language, e).to_vec());
            table(&self.words.epoch_columns, rows.collect())
        })
    }

    /// Who alone was wrong and who together, in numbers, and the surest mistakes.
    fn mistakes(&self) -> String {
        let (words, language) = (self.words, self.language);
        let contestants = &self.report.contestants;
        let Some(mistakes) = mistakes(self.report) else {
            return String::new();
        };
        if mistakes.is_empty() {
            return format!("{}\n\n", words.no_mistakes);
        }
        let mut text = String::new();
        if contestants.len() > 1 {
            let number = |of: &dyn Fn(&[usize]) -> bool| {
                let those = mistakes.iter().filter(|m| of(&m.wrong()));
                language.count(those.count() as u64)
            };
            let mut lines = Vec::new();
            for (slot, contestant) in contestants.iter().enumerate() {
                let name = Plain(contestant.name).to_string();
                let only = fill(words.only_wrong, &[("name", &name)]);
                lines.push((only, number(&|wrong| wrong == [slot])));
            }
            let all = contestants.len();
            if all > 2 {
                let several = number(&|wrong| (2..all).contains(&wrong.len()));
                lines.push((words.several_wrong.to_string(), several));
            }
            let together = match all {
                2 => words.both_wrong,
                _ => words.all_wrong,
            };
            lines.push((together.to_string(), number(&|wrong| wrong.len() == all)));
            for (who, images) in lines {
                text += &format!("- {who}{}{images}\n", language.colon());
            }
            text.push('\n');
        }
        let rows = mistakes.iter().take(SHOWN).map(|mistake| {
            let first = mistake.answers.first();
            let number = first.map_or(String::new(), |a| language.count(a.index as u64));
            let truth = first.map_or(String::new(), |a| self.report.class(a.label));
            let answers = mistake.answers.iter().map(|a| {
                let sign = if a.is_correct() { "✓" } else { "✗" };
                let class = self.report.class(a.predicted);
                let sure = language.percent(f64::from(a.score), 1);
                format!("{sign} {} ({sure})", Plain(&class))
            });
            let start = [number, Plain(&truth).to_string()].into_iter();
            start.chain(answers).collect()
        });
        let names: Vec<String> = contestants
            .iter()
            .map(|c| Plain(c.name).to_string())
            .collect();
        let names = names.iter().map(String::as_str);
        let head: Vec<&str> = [words.number, words.truth]
            .into_iter()
            .chain(names)
            .collect();
        text += &format!("{}\n\n", words.confident_note);
        text + &table(&head, rows.collect())
    }

    fn confusion(&self) -> String {
        self.each(|contestant| {
            let answers = contestant.evaluation.classification.as_ref();
            let rows = answers.map_or(&[][..], |a| &a.confusion);
            if rows.is_empty() || rows.len() > LARGEST_MATRIX {
                return String::new();
            }
            let classes: Vec<String> = (0..rows.len()).map(|class| self.class(class)).collect();
            let names = classes.iter().map(String::as_str);
            let head: Vec<&str> = std::iter::once(self.words.truth).chain(names).collect();
            let rows = rows.iter().zip(&classes).map(|(row, class)| {
                let cells = row.iter().map(|images| self.language.count(*images));
                std::iter::once(format!("**{class}**"))
                    .chain(cells)
                    .collect()
            });
            let counts = table(&head, rows.collect());
            let rows = answers
                .map_or(&[][..], |a| &a.confusion)
                .iter()
                .zip(&classes);
            let rows = rows.map(|(row, class)| {
                let total: u64 = row.iter().sum();
                let share = |images: &u64| *images as f64 / total as f64;
                let cells = row
                    .iter()
                    .map(|images| self.language.decimal(100.0 * share(images), 1));
                std::iter::once(format!("**{class}**"))
                    .chain(cells)
                    .collect()
            });
            let shares = table(&head, rows.collect());
            format!("{counts}{}\n\n{shares}", self.words.in_shares)
        })
    }

    fn classes(&self) -> String {
        let words = self.words;
        self.each(|contestant| {
            let answers = contestant.evaluation.classification.as_ref();
            let classes = answers.map_or(&[][..], |a| &a.per_class);
            let rows = classes.iter().map(|class| {
                let figure = |value: f64, decimals| self.language.decimal(value, decimals);
                vec![
                    Plain(&class.class).to_string(),
                    self.language.count(class.support),
                    figure(class.precision, 4),
                    figure(class.recall, 4),
                    figure(class.f1, 4),
                    figure(class.roc_auc.unwrap_or(f64::NAN), 5),
                    figure(class.average_precision.unwrap_or(f64::NAN), 5),
                ]
            });
            let head = [
                words.class,
                words.images,
                words.precision,
                words.recall,
                words.f1,
                words.roc_auc,
                words.average_precision,
            ];
            table(&head, rows.collect())
        })
    }

    fn calibration(&self) -> String {
        let (words, language) = (self.words, self.language);
        self.each(|contestant| {
            let bins = reliability(contestant.predictions).map_or(Vec::new(), |r| r.bins);
            let rows = bins.iter().filter(|bin| bin.images > 0).map(|bin| {
                let [confidence, accuracy] =
                    [bin.confidence, bin.accuracy].map(|share| language.percent(share, 1));
                vec![confidence, accuracy, language.count(bin.images)]
            });
            let head = [words.confidence, words.accuracy_axis, words.images];
            table(&head, rows.collect())
        })
    }

    fn times(&self) -> String {
        let rows = times_to_accuracy(self.whole).into_iter();
        let rows = rows.map(|(accuracy, times)| {
            let times = times.iter().map(|time| time.text.clone());
            let first = self.language.percent(accuracy, 1);
            std::iter::once(first).chain(times).collect()
        });
        self.by_contestant(self.words.accuracy, rows.collect())
    }

    fn recipes(&self) -> String {
        self.each(|contestant| match contestant.recipe_toml.trim_end() {
            "" => String::new(),
            recipe => fenced("toml", recipe),
        })
    }

    fn repeat(&self) -> String {
        let mut text = String::new();
        if !self.report.command.is_empty() {
            text += &format!("{}\n\n", self.words.repeat_note);
            text += &fenced("sh", self.report.command);
        }
        text + &Self::each_of(&self.whole.contestants, |contestant| {
            let facts = facts::of(self.language, contestant).into_iter();
            let facts = facts.filter(|(_, value)| value != ABSENT);
            let lines = facts.map(|(name, value)| {
                format!("- {name}{}{}\n", self.language.colon(), Plain(&value))
            });
            lines.collect::<String>() + "\n"
        })
    }

    fn class(&self, class: usize) -> String {
        Plain(&self.report.class(class)).to_string()
    }
}

/// Text with the characters escaped that mean something in Markdown or in its tables.
struct Plain<'a>(&'a str);

impl std::fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => write!(f, "\\{character}")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                c if c.is_control() => f.write_str(" ")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// A table, the first column to the left and the others to the right; nothing without rows.
fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rule = std::iter::once("---").chain(head.iter().skip(1).map(|_| "---:"));
    let rule: Vec<&str> = rule.collect();
    let mut text = format!("| {} |\n| {} |\n", head.join(" | "), rule.join(" | "));
    for row in rows {
        text += &format!("| {} |\n", row.join(" | "));
    }
    text + "\n"
}

/// A block of code, fenced by more backticks than it holds.
fn fenced(language: &str, code: &str) -> String {
    let mut fence = "```".to_string();
    while code.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{language}\n{code}\n{fence}\n\n")
}
