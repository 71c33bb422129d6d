//! Several trainings of each recipe: what stands for them where one must.

use super::{Contestant, Report};

/// A column of tables, a colour of plots: a contestant, or all trainings of a recipe.
#[derive(Debug, Clone)]
pub struct Column<'a> {
    /// Name of the contestant or recipe.
    pub name: &'a str,
    /// Its trainings, as places in the list of contestants; at least one.
    pub runs: Vec<usize>,
}

/// The columns of a report: recipes where they are compared over seeds, else contestants.
pub fn columns<'a>(report: &Report<'a>) -> Vec<Column<'a>> {
    let contestants = || report.contestants.iter().enumerate();
    let Some(seeds) = report.seeds else {
        let column = |(place, c): (usize, &Contestant<'a>)| Column {
            name: c.name,
            runs: vec![place],
        };
        return contestants().map(column).collect();
    };
    let column = |recipe: &'a measure::record::OverSeeds| {
        let place = |run: &String| contestants().find(|(_, c)| c.name == run);
        let runs = recipe.runs.iter().filter_map(place);
        let runs: Vec<usize> = runs.map(|(place, _)| place).collect();
        let name = &*recipe.recipe;
        (!runs.is_empty()).then_some(Column { name, runs })
    };
    seeds.recipes.iter().filter_map(column).collect()
}

/// The report with one contestant a column: of a recipe its first training, under the recipe's name. Sections about single
/// predictions show these.
pub fn shown<'a>(report: &Report<'a>) -> Report<'a> {
    let column = |column: Column<'a>| Contestant {
        name: column.name,
        ..report.contestants[column.runs[0]]
    };
    Report {
        contestants: columns(report).into_iter().map(column).collect(),
        ..*report
    }
}

/// All trainings with the place of their column.
pub fn trainings<'a>(report: &Report<'a>) -> Vec<(usize, Contestant<'a>)> {
    let columns = columns(report).into_iter().enumerate();
    let runs = columns.flat_map(|(slot, column)| {
        let runs = column.runs.into_iter();
        runs.map(move |place| (slot, report.contestants[place]))
    });
    runs.collect()
}
