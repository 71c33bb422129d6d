//! Curves over the threshold and over confidence: ROC, precision-recall, COCO's curves of boxes, calibration.

use super::View;
use super::classes::per_class;
use super::gallery::noted;
use crate::curves::{pooled, reliability, thinned};
use crate::model::{Block, Figure, Line, Row, Span, Table};
use crate::plot::axis::{Axis, Measure, Scale};
use crate::plot::lines::{LineChart, Series};
use crate::plot::reliability::Diagram;
use measure::calibration::Reliability;
use measure::detection::recall_grid;
use measure::record::BoxPrecisionRecall;

/// Points nearer than this share of a plot are one point: about a pixel.
const GAP: f64 = 0.003;
/// Shares below this are drawn at it: a logarithm has no zero.
const LEAST_SHARE: f64 = 1e-5;

/// Curves of all contestants, then of each detector's boxes.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let curves = view
        .slots()
        .filter_map(|(slot, c)| Some((slot, c.name, pooled(c.predictions)?)));
    let curves: Vec<_> = curves.collect();
    let mut blocks = Vec::new();
    if !curves.is_empty() {
        let series = |points: &dyn Fn(usize) -> Vec<[f64; 2]>| {
            let curves = curves.iter().enumerate();
            let series = curves.map(|(index, (slot, name, _))| Series {
                name,
                slot: *slot,
                dashed: false,
                points: points(index),
            });
            series.collect::<Vec<_>>()
        };
        let roc = series(&|index| {
            let points = curves[index].2.roc.iter();
            points.map(|[x, y]| [x.max(LEAST_SHARE), *y]).collect()
        });
        let precision_recall = series(&|index| curves[index].2.precision_recall.clone());
        let share = Measure::share;
        let plots = [
            rates(
                view,
                words.roc,
                share(words.false_positives, Scale::Log),
                share(words.true_positives, Scale::TowardsOne),
                roc,
            ),
            rates(
                view,
                words.precision_recall,
                share(words.recall_axis, Scale::TowardsOne),
                share(words.precision_axis, Scale::TowardsOne),
                precision_recall,
            ),
        ];
        blocks.push(Block::Paragraph(words.thresholds_note.into()));
        blocks.extend(view.legend());
        blocks.extend(Block::side_by_side(
            plots.into_iter().flatten().map(Block::Figure),
        ));
        blocks.push(Block::Details(
            words.areas_as_table.to_string(),
            vec![Block::Table(areas(view))],
        ));
    }
    blocks.extend(boxes(view));
    blocks
}

/// A plot with no more points than can be told apart.
fn rates(
    view: &View<'_>,
    title: &str,
    x: Measure<'_>,
    y: Measure<'_>,
    mut series: Vec<Series<'_>>,
) -> Option<Figure> {
    let axis = |axis: usize, measure: Measure<'_>| {
        let points = series.iter().flat_map(|series| &series.points);
        Axis::around(
            points.map(|point| point[axis]),
            measure.scale,
            measure.unit,
            5,
            view.language,
        )
    };
    let (across, up) = (axis(0, x)?, axis(1, y)?);
    for series in &mut series {
        series.points = thinned(&series.points, GAP, |p| {
            [across.place(p[0]), up.place(p[1])]
        });
    }
    let chart = LineChart {
        description: title,
        language: view.language,
        x,
        y,
        series,
    };
    Figure::of(chart.svg(), title)
}

/// ROC AUC and average precision of every class.
fn areas(view: &View<'_>) -> Table {
    let words = view.words;
    let rows = (0..view.report.class_names.len()).map(|class| {
        let cells = view.contestants().iter().flat_map(|c| {
            let figures = per_class(c.evaluation).get(class);
            figures.map_or([None; 2], |figures| {
                [figures.roc_auc, figures.average_precision]
            })
        });
        let cells = cells.map(|area| view.language.decimal(area.unwrap_or(f64::NAN), 5));
        Row::text(view.report.class(class), cells)
    });
    let names = view
        .contestants()
        .iter()
        .flat_map(|_| [words.roc_auc, words.average_precision]);
    Table {
        groups: view.groups(1, 2),
        ..Table::plain(
            words.areas_caption,
            std::iter::once(words.class).chain(names),
            rows,
        )
    }
}

/// A chart per overlap with the curve of every detector.
fn boxes(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    type Heights = fn(&BoxPrecisionRecall) -> &[f64];
    let charts: [(&str, Heights); 3] = [
        (words.coco_50, |curves| &curves.iou_50),
        (words.coco_75, |curves| &curves.iou_75),
        (words.coco_50_95, |curves| &curves.iou_50_95),
    ];
    let plots = charts.into_iter().filter_map(|(title, heights)| {
        let series = view.slots().filter_map(|(slot, contestant)| {
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
            language: view.language,
            x: Measure::share(words.recall_axis, Scale::Linear),
            y: Measure::share(words.precision_axis, Scale::Linear),
            series: series.collect(),
        };
        let figure = Figure::of(chart.svg(), title)?;
        let table = Some(tenths(view, title, &chart.series));
        Some(Block::Figure(Figure { table, ..figure }))
    });
    let Some(plots) = Block::side_by_side(plots) else {
        return Vec::new();
    };
    let mut blocks = vec![
        Block::Heading(3, words.coco_precision_recall.into()),
        Block::Paragraph(words.coco_note.into()),
    ];
    blocks.extend(view.legend());
    blocks.push(plots);
    blocks
}

/// Precision at every tenth of recall.
fn tenths(view: &View<'_>, title: &str, series: &[Series<'_>]) -> Table {
    let names = series.iter().map(|series| series.name);
    let head = std::iter::once(view.words.recall_axis).chain(names);
    let rows = (0..=10).map(|tenth| {
        let heights = series.iter().map(|series| series.points.get(10 * tenth));
        let cells = heights.map(|point| view.language.decimal(point.map_or(f64::NAN, |p| p[1]), 3));
        Row::text(view.language.percent(tenth as f64 / 10.0, 0), cells)
    });
    Table::plain(title, head, rows)
}

/// A reliability diagram per contestant: whether its confidence is justified.
pub fn calibration(view: &View<'_>) -> Vec<Block> {
    let words = view.words;
    let plots = view.slots().filter_map(|(slot, contestant)| {
        let bins = reliability(contestant.predictions)?;
        let diagram = Diagram {
            description: words.calibration,
            confidence: words.confidence,
            accuracy: words.accuracy_axis,
            images: words.images_log,
            language: view.language,
        };
        let ece = contestant
            .evaluation
            .classification
            .as_ref()
            .map(|scores| scores.ece);
        let ece = view.language.percent(ece.unwrap_or(f64::NAN), 2);
        Some(Block::Figure(Figure {
            caption: Line::from(view.key(slot)).and(Span::Text(format!("· ECE {ece}"))),
            legend: Vec::new(),
            svg: diagram.svg(&bins, slot),
            table: Some(bins_table(view, contestant.name, &bins)),
        }))
    });
    noted(
        words.calibration_note,
        Block::side_by_side(plots).into_iter().collect(),
    )
}

fn bins_table(view: &View<'_>, name: &str, reliability: &Reliability) -> Table {
    let (words, language) = (view.words, view.language);
    let bins = reliability.bins.iter().filter(|bin| bin.images > 0);
    let rows = bins.map(|bin| {
        let cells = [
            language.percent(bin.accuracy, 1),
            language.count(bin.images),
        ];
        Row::text(language.percent(bin.confidence, 1), cells)
    });
    Table::plain(
        name,
        [words.confidence, words.accuracy_axis, words.images],
        rows,
    )
}
