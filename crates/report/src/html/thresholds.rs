//! ROC and precision-recall curves, the areas under them class by class, and COCO's curves of boxes.

use super::{Page, details, figure, paragraph, scroll};
use crate::curves::{pooled, thinned};
use crate::plot::axis::{Axis, Scale, Unit};
use crate::plot::lines::{LineChart, Series};
use measure::detection::recall_grid;
use measure::record::{BoxPrecisionRecall, ClassFigures};

/// Points nearer than this share of a plot are one point: about a pixel.
const GAP: f64 = 0.003;
/// Shares below this are drawn at it: a logarithm has no zero.
const LEAST_SHARE: f64 = 1e-5;

/// Curves of all contestants, then of each detector's boxes.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let curves = page.contestants().iter().enumerate();
    let curves = curves.filter_map(|(slot, c)| Some((slot, c.name, pooled(c.predictions)?)));
    let curves: Vec<_> = curves.collect();
    let mut html = String::new();
    if !curves.is_empty() {
        let line = |points: &dyn Fn(usize) -> Vec<[f64; 2]>| {
            let series = curves.iter().enumerate();
            let series = series.map(|(index, (slot, name, _))| Series {
                name,
                slot: *slot,
                dashed: false,
                points: points(index),
            });
            series.collect::<Vec<_>>()
        };
        let roc = Chart {
            description: words.roc,
            x_name: words.false_positives,
            x_scale: Scale::Log,
            y_name: words.true_positives,
            series: line(&|index| {
                let points = curves[index].2.roc.iter();
                points.map(|[x, y]| [x.max(LEAST_SHARE), *y]).collect()
            }),
        };
        let precision_recall = Chart {
            description: words.precision_recall,
            x_name: words.recall_axis,
            x_scale: Scale::TowardsOne,
            y_name: words.precision_axis,
            series: line(&|index| curves[index].2.precision_recall.clone()),
        };
        html += &paragraph(words.thresholds_note);
        html += &page.legend();
        html += &format!(
            "<div class=\"pair\">{}{}</div>\n",
            roc.figure(page, &format!("<b>{}</b>", words.roc)),
            precision_recall.figure(page, &format!("<b>{}</b>", words.precision_recall))
        );
        html += &areas(page);
    }
    html + &boxes(page)
}

struct Chart<'a> {
    description: &'a str,
    x_name: &'a str,
    x_scale: Scale,
    y_name: &'a str,
    series: Vec<Series<'a>>,
}

impl Chart<'_> {
    /// Captioned, with no more points than can be told apart.
    fn figure(mut self, page: &Page<'_>, caption: &str) -> String {
        let language = page.language;
        let axis = |axis: usize, scale: Scale| {
            let points = self.series.iter().flat_map(|s| &s.points);
            let values: Vec<f64> = points.map(|p| p[axis]).collect();
            Axis::around(values, scale, Unit::Percent, 5, language)
        };
        let (Some(x), Some(y)) = (axis(0, self.x_scale), axis(1, Scale::TowardsOne)) else {
            return String::new();
        };
        for series in &mut self.series {
            series.points = thinned(&series.points, GAP, |p| [x.place(p[0]), y.place(p[1])]);
        }
        let chart = LineChart {
            description: self.description,
            language,
            x_name: self.x_name,
            x_scale: self.x_scale,
            x_unit: Unit::Percent,
            x_show: |language, share| language.percent(share, 2),
            y_name: self.y_name,
            y_scale: Scale::TowardsOne,
            y_unit: Unit::Percent,
            y_show: |language, share| language.percent(share, 2),
            series: self.series,
        };
        figure(chart.svg(), caption)
    }
}

/// ROC AUC and average precision of every class, from the run's record.
fn areas(page: &Page<'_>) -> String {
    let words = page.words;
    let record = |slot: usize| -> &[ClassFigures] {
        let contestant = page.contestants().get(slot);
        let answers = contestant.and_then(|c| c.evaluation.classification.as_ref());
        answers.map_or(&[], |answers| &answers.per_class)
    };
    let slots = || 0..page.contestants().len();
    let cell = |value: Option<f64>| {
        let text = page.language.decimal(value.unwrap_or(f64::NAN), 5);
        format!("<td>{text}</td>")
    };
    let rows = (0..page.report.class_names.len()).map(|class| {
        let cells = slots().map(|slot| {
            let figures = record(slot).get(class);
            cell(figures.and_then(|f| f.roc_auc)) + &cell(figures.and_then(|f| f.average_precision))
        });
        let cells: String = cells.collect();
        format!(
            "<tr><th scope=\"row\">{}</th>{cells}</tr>\n",
            page.class(class)
        )
    });
    let rows: String = rows.collect();
    let groups = slots().map(|slot| {
        let key = page.key(slot);
        format!("<th scope=\"colgroup\" colspan=\"2\">{key}</th>")
    });
    let groups = match page.contestants().len() {
        1 => String::new(),
        _ => format!("<tr><td></td>{}</tr>", groups.collect::<String>()),
    };
    let names = [words.roc_auc, words.average_precision];
    let names = names.map(|name| format!("<th scope=\"col\">{name}</th>"));
    let names = names.concat().repeat(page.contestants().len());
    let table = format!(
        "<table class=\"plain\"><caption>{}</caption><thead>{groups}<tr><th scope=\"col\">{}</th>{names}</tr></thead><tbody>{rows}</tbody></table>",
        words.areas_caption, words.class
    );
    details(words.areas_as_table, &scroll(words.areas_caption, &table))
}

/// A chart an overlap with the curve of every detector, from the runs' records.
fn boxes(page: &Page<'_>) -> String {
    let words = page.words;
    type Heights = fn(&BoxPrecisionRecall) -> &[f64];
    let charts: [(&str, Heights); 3] = [
        (words.coco_50, |curves| &curves.iou_50),
        (words.coco_75, |curves| &curves.iou_75),
        (words.coco_50_95, |curves| &curves.iou_50_95),
    ];
    let chart = |(title, heights): (&'static str, Heights)| {
        let contestants = page.contestants().iter().enumerate();
        let series = contestants.filter_map(|(slot, contestant)| {
            let curves = contestant.evaluation.box_precision_recall.as_ref()?;
            let points = recall_grid().into_iter().zip(heights(curves));
            Some(Series {
                name: contestant.name,
                slot,
                dashed: false,
                points: points.map(|(recall, height)| [recall, *height]).collect(),
            })
        });
        let chart = LineChart {
            description: title,
            language: page.language,
            x_name: words.recall_axis,
            x_scale: Scale::Linear,
            x_unit: Unit::Percent,
            x_show: |language, share| language.percent(share, 2),
            y_name: words.precision_axis,
            y_scale: Scale::Linear,
            y_unit: Unit::Percent,
            y_show: |language, share| language.percent(share, 2),
            series: series.collect(),
        };
        figure(chart.svg(), &format!("<b>{title}</b>"))
    };
    let plots: String = charts.into_iter().map(chart).collect();
    match plots.is_empty() {
        true => plots,
        false => format!(
            "<h3>{}</h3>\n{}{}<div class=\"pair\">{plots}</div>\n",
            words.coco_precision_recall,
            paragraph(words.coco_note),
            page.legend()
        ),
    }
}
