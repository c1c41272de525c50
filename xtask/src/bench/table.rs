//! What all rounds came to.

#[cfg(test)]
mod tests;

use std::fmt;

use super::push::Outcome;

/// One row for each way; the first one is what the others are compared with.
pub(super) struct Table {
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    /// One for each round; `None` where it failed.
    outcomes: Vec<Option<Outcome>>,
}

impl Table {
    pub(super) fn new(names: Vec<&'static str>) -> Self {
        let row = |name| Row {
            name,
            outcomes: Vec::new(),
        };
        Self {
            rows: names.into_iter().map(row).collect(),
        }
    }

    /// Takes in that row's outcome of the next round.
    pub(super) fn add(&mut self, row: usize, outcome: Option<Outcome>) {
        if let Some(row) = self.rows.get_mut(row) {
            row.outcomes.push(outcome);
        }
    }

    /// The first row's value divided by that row's, round by round: what disturbs the machine for
    /// longer than a round disturbs both.
    fn ratio(&self, row: &Row, value: &dyn Fn(&Outcome) -> Option<f64>) -> Option<f64> {
        let ours = self.rows.first()?;
        let rounds = ours.outcomes.iter().zip(&row.outcomes);
        let ratios = rounds
            .filter_map(|(ours, theirs)| Some(value(ours.as_ref()?)? / value(theirs.as_ref()?)?));
        // What took no time that could be measured is no measure for anything.
        median(ratios.filter(|ratio| ratio.is_finite()).collect())
    }
}

impl Row {
    fn median(&self, value: &dyn Fn(&Outcome) -> Option<f64>) -> Option<f64> {
        median(self.outcomes.iter().flatten().filter_map(value).collect())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| way | wall s | ours / this | CPU s | ours / this | peak MB | stored MB | again s \
             | ours / this | again CPU s |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|")?;
        let fresh = |outcome: &Outcome| Some(outcome.fresh.wall);
        let cpu = |outcome: &Outcome| Some(outcome.fresh.cpu);
        let memory = |outcome: &Outcome| Some(outcome.fresh.memory as f64 / 1e6);
        let bytes = |outcome: &Outcome| Some(outcome.bytes as f64 / 1e6);
        let again = |outcome: &Outcome| Some(outcome.again?.wall);
        let again_cpu = |outcome: &Outcome| Some(outcome.again?.cpu);
        for row in &self.rows {
            let cells = [
                shown(row.median(&fresh), 2),
                shown(self.ratio(row, &fresh), 3),
                shown(row.median(&cpu), 2),
                shown(self.ratio(row, &cpu), 3),
                shown(row.median(&memory), 0),
                shown(row.median(&bytes), 1),
                shown(row.median(&again), 3),
                shown(self.ratio(row, &again), 4),
                shown(row.median(&again_cpu), 3),
            ];
            writeln!(f, "| {} | {} |", row.name, cells.join(" | "))?;
        }
        write!(f, "Medians; ratios are medians of each round's ratio.")
    }
}

pub(super) fn shown(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}
