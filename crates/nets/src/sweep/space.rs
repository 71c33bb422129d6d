//! The search space: keys of a recipe, each with its possible values.

use measure::record::{Domain, SettingValue, SweepParameter};

use super::SweepError;
use recipe::{Recipe, RecipeError};

/// A value for each parameter, in their order.
pub type Point = Vec<SettingValue>;

/// Keys that can't be varied, because they change the validation images or the random numbers, and the reason for each.
const FIXED: [(&str, &str); 4] = [
    (
        "data.source",
        "trials are compared on the same validation images; search on one data set",
    ),
    (
        "data.validation",
        "trials are compared on the same validation images; fix their number with --set data.validation=N",
    ),
    (
        "data.scenes",
        "trials are compared on the same validation images; fix the scenes with --set",
    ),
    (
        "training.seed",
        "every trial has the sweep's seed, so that they differ by their settings only; \
         `atelier compare --seeds N` trains one recipe with several seeds",
    ),
];

/// The largest number of values in a finite range.
const MOST_POINTS: usize = 100_000;
/// Whole numbers beyond this are not exact as `f64`.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// Reads `KEY=VALUES`.
///
/// | values | what |
/// | --- | --- |
/// | `16,32,64` | one of these, any TOML values |
/// | `1..10` | a whole number, both ends included |
/// | `lin:0..0.5` | a number, evenly |
/// | `log:1e-4..1e-1` | a number, evenly in its logarithm |
/// | `int-log:16..256` | a whole number, evenly in its logarithm |
///
/// A range followed by `/N` has only N values, evenly spaced, with both ends.
///
/// # Errors
/// [`SweepError::Vary`] with what is wrong.
pub fn parameter(argument: &str) -> Result<SweepParameter, SweepError> {
    let wrong = |what: String| SweepError::Vary {
        argument: argument.to_string(),
        what,
    };
    let (key, values) = argument
        .split_once('=')
        .map(|(key, values)| (key.trim(), values.trim()))
        .filter(|(key, values)| !key.is_empty() && !values.is_empty())
        .ok_or_else(|| {
            wrong("write it as KEY=VALUES, as in training.optimizer.learning-rate=log:1e-4..1e-1 or training.batch-size=32,64,128".to_string())
        })?;
    let fixed = |name: &str| {
        let rest = key.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if let Some((name, why)) = FIXED.iter().find(|(name, _)| fixed(name)) {
        return Err(wrong(format!("{name} can't be varied: {why}")));
    }
    Ok(SweepParameter {
        key: key.to_string(),
        values: values.to_string(),
        domain: domain(values).map_err(wrong)?,
    })
}

fn domain(text: &str) -> Result<Domain, String> {
    for (prefix, log, integer) in [
        ("log:", true, false),
        ("lin:", false, false),
        ("int-log:", true, true),
    ] {
        if let Some(range) = text.strip_prefix(prefix) {
            return numbers(range.trim(), log, integer);
        }
    }
    let choices = choices(text)?;
    match choices.as_slice() {
        [only] if only.contains("..") && !only.starts_with(['"', '\'', '[', '{']) => {
            numbers(only, false, true)
        }
        _ => {
            let twice = |place: usize| choices[..place].contains(&choices[place]);
            match (0..choices.len()).find(|place| twice(*place)) {
                Some(place) => Err(format!("{} appears twice", choices[place])),
                None => Ok(Domain::Choices { choices }),
            }
        }
    }
}

/// `LOW..HIGH` or `LOW..HIGH/N`.
fn numbers(range: &str, log: bool, integer: bool) -> Result<Domain, String> {
    let (range, points) = match range.split_once('/') {
        None => (range, None),
        Some((range, points)) => (range, Some(points.trim())),
    };
    let (low, high) = range
        .split_once("..")
        .ok_or_else(|| format!("`{range}` is not a range: write LOW..HIGH, as in 1e-4..1e-1"))?;
    let number = |text: &str| -> Result<f64, String> {
        let text = text.trim();
        let number = text.parse::<f64>().ok().filter(|n| n.is_finite());
        let number = number.ok_or_else(|| format!("`{text}` is not a number"))?;
        if integer && (text.parse::<i64>().is_err() || number.abs() > LARGEST) {
            return Err(format!(
                "`{text}` is not a whole number, which LOW..HIGH needs; for other numbers write lin:LOW..HIGH or log:LOW..HIGH"
            ));
        }
        Ok(number)
    };
    let low = number(low)?;
    let high = number(high)?;
    if low >= high {
        return Err(format!(
            "the smaller number comes first, but {low} is not below {high}"
        ));
    }
    if log && low <= 0.0 {
        return Err(format!(
            "a logarithm needs numbers above 0, but the range starts at {low}"
        ));
    }
    let points = points
        .map(|text| match text.parse::<usize>() {
            Ok(points) if (2..=MOST_POINTS).contains(&points) => Ok(points),
            _ => Err(format!(
                "/{text}: the number of values must be 2 to {MOST_POINTS}"
            )),
        })
        .transpose()?;
    if integer && points.is_some_and(|points| points as f64 > high - low + 1.0) {
        return Err(format!(
            "there are fewer whole numbers from {low} to {high}"
        ));
    }
    Ok(Domain::Numbers {
        low,
        high,
        log,
        integer,
        points,
    })
}

/// The parts between commas, except commas within brackets or quotation marks.
fn choices(text: &str) -> Result<Vec<String>, String> {
    let (mut depth, mut quote, mut start) = (0_usize, None, 0);
    let mut parts = Vec::new();
    let mut escaped = false;
    for (place, character) in text.char_indices() {
        match (quote, character) {
            (Some('"'), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(mark), _) if mark == character && !escaped => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => {
                depth = depth
                    .checked_sub(1)
                    .ok_or("a bracket is closed that was never opened")?;
            }
            (None, ',') if depth == 0 => {
                parts.push(text[start..place].trim().to_string());
                start = place + 1;
            }
            _ => {}
        }
        escaped = false;
    }
    if depth > 0 || quote.is_some() {
        return Err("a bracket or a quotation mark is not closed".to_string());
    }
    parts.push(text[start..].trim().to_string());
    if parts.iter().any(String::is_empty) {
        return Err("a value is missing beside a comma".to_string());
    }
    Ok(parts)
}

/// The number of values; `None` for too many to count.
pub fn size(domain: &Domain) -> Option<usize> {
    match domain {
        Domain::Choices { choices } => Some(choices.len()),
        Domain::Numbers {
            points: Some(points),
            ..
        } => Some(*points),
        Domain::Numbers {
            low,
            high,
            integer: true,
            ..
        } => {
            let count = high - low + 1.0;
            (count <= MOST_POINTS as f64).then_some(count as usize)
        }
        Domain::Numbers { .. } => None,
    }
}

/// The number of points in the space; `None` for too many to count.
pub fn space_size(parameters: &[SweepParameter]) -> Option<usize> {
    parameters.iter().try_fold(1_usize, |all, parameter| {
        all.checked_mul(size(&parameter.domain)?)
    })
}

/// The value at `unit`, from 0 to 1; equal intervals are equally likely.
pub fn at(domain: &Domain, unit: f64) -> SettingValue {
    let cell = |cells: usize| ((unit * cells as f64) as usize).min(cells - 1);
    match *domain {
        Domain::Choices { ref choices } => {
            SettingValue::Choice(choices[cell(choices.len())].clone())
        }
        Domain::Numbers {
            low,
            high,
            log,
            integer,
            points: Some(points),
        } => {
            let part = cell(points) as f64 / (points - 1) as f64;
            number(between(low, high, log, part), [low, high], log, integer)
        }
        Domain::Numbers {
            low,
            high,
            log,
            integer: true,
            ..
        } => {
            // Each whole number stands for the interval around it.
            let value = between(low - 0.5, high + 0.5, log, unit);
            number(value, [low, high], log, true)
        }
        Domain::Numbers { low, high, log, .. } => {
            number(between(low, high, log, unit), [low, high], log, false)
        }
    }
}

/// The place of a value from 0 to 1: the middle of the interval from which [`at`] gives it.
pub fn unit(domain: &Domain, value: &SettingValue) -> f64 {
    let middle = |cell: usize, cells: usize| (cell as f64 + 0.5) / cells as f64;
    let place = match (domain, value) {
        (Domain::Choices { choices }, SettingValue::Choice(choice)) => {
            let cell = choices.iter().position(|known| known == choice);
            middle(cell.unwrap_or(0), choices.len())
        }
        (
            &Domain::Numbers {
                low,
                high,
                log,
                integer,
                points,
            },
            value,
        ) => {
            let value = value.number().unwrap_or(low);
            match points {
                Some(points) => {
                    let part = part(low, high, log, value) * (points - 1) as f64;
                    middle(part.round() as usize, points)
                }
                None if integer => part(low - 0.5, high + 0.5, log, value),
                None => part(low, high, log, value),
            }
        }
        (Domain::Choices { .. }, _) => 0.5,
    };
    place.clamp(0.0, 1.0)
}

/// Every value in order.
///
/// # Errors
/// [`SweepError::Vary`] where there are too many, with what to do.
pub fn grid(parameter: &SweepParameter) -> Result<Vec<SettingValue>, SweepError> {
    let size = size(&parameter.domain).ok_or_else(|| SweepError::Vary {
        argument: format!("{}={}", parameter.key, parameter.values),
        what: format!(
            "a grid needs a number of values: write {}/5 for five of them, evenly spaced",
            parameter.values
        ),
    })?;
    let mut values: Vec<SettingValue> = match parameter.domain {
        Domain::Numbers {
            low,
            integer: true,
            points: None,
            ..
        } => (0..size)
            .map(|place| SettingValue::Integer(low as i64 + place as i64))
            .collect(),
        _ => (0..size)
            .map(|place| at(&parameter.domain, (place as f64 + 0.5) / size as f64))
            .collect(),
    };
    values.dedup();
    Ok(values)
}

/// The value at a part from 0 to 1 of the way from `low` to `high`.
fn between(low: f64, high: f64, log: bool, part: f64) -> f64 {
    if log {
        (low.ln() + part * (high.ln() - low.ln())).exp()
    } else {
        low + part * (high - low)
    }
}

/// The inverse of [`between`].
fn part(low: f64, high: f64, log: bool, value: f64) -> f64 {
    if log {
        (value.ln() - low.ln()) / (high.ln() - low.ln())
    } else {
        (value - low) / (high - low)
    }
}

/// A number as a person would type it: whole, or with only as many digits as matter (a thousandth of the range).
fn number(value: f64, [low, high]: [f64; 2], log: bool, integer: bool) -> SettingValue {
    if integer {
        return SettingValue::Integer(value.round().clamp(low, high) as i64);
    }
    let scale = if log {
        value.min(high - low)
    } else {
        high - low
    };
    let decimals = 3 - scale.log10().floor() as i32;
    let rounded = match decimals {
        ..=0 => (value / 10_f64.powi(-decimals)).round() * 10_f64.powi(-decimals),
        // By way of text, because a product would miss the nearest short decimal.
        _ => format!("{value:.*}", decimals as usize)
            .parse()
            .unwrap_or(value),
    };
    SettingValue::Number(rounded.clamp(low, high))
}

/// `key=value` for each parameter, as `--set` takes them.
pub fn settings(parameters: &[SweepParameter], point: &[SettingValue]) -> Vec<String> {
    let pairs = parameters.iter().zip(point);
    pairs
        .map(|(parameter, value)| format!("{}={value}", parameter.key))
        .collect()
}

/// Checks every choice, and both ends and a value between them of every range, with the recipe `text` and `sets`.
///
/// # Errors
/// [`SweepError::Vary`] for the first that the recipe refuses.
pub fn check(
    parameters: &[SweepParameter],
    text: &str,
    origin: &str,
    sets: &[String],
) -> Result<(), SweepError> {
    for (place, parameter) in parameters.iter().enumerate() {
        let typed = |parameter: &SweepParameter| format!("{}={}", parameter.key, parameter.values);
        if parameters[..place]
            .iter()
            .any(|other| other.key == parameter.key)
        {
            return Err(SweepError::Vary {
                argument: typed(parameter),
                what: format!("{} is varied twice", parameter.key),
            });
        }
        let probes: Vec<SettingValue> = match &parameter.domain {
            Domain::Choices { choices } => {
                choices.iter().cloned().map(SettingValue::Choice).collect()
            }
            // The ends may be whole numbers where most values between them are not.
            range => [0.0, 0.3712, 1.0].map(|unit| at(range, unit)).to_vec(),
        };
        for probe in probes {
            // The other keys have their first value: the values of one key may depend on another's.
            let mut point: Point = parameters.iter().map(|p| at(&p.domain, 0.0)).collect();
            point[place] = probe;
            let varied = settings(parameters, &point);
            let all: Vec<&String> = sets.iter().chain(&varied).collect();
            let Err(error) = Recipe::parse(text, origin, &all) else {
                continue;
            };
            let RecipeError::Set {
                argument,
                what,
                help,
            } = error
            else {
                return Err(error.into());
            };
            let help = help.map_or(String::new(), |help| format!("\n  help: {help}"));
            let blamed = varied.iter().position(|set| *set == argument);
            return Err(SweepError::Vary {
                argument: typed(&parameters[blamed.unwrap_or(place)]),
                what: format!("{argument}: {what}{help}"),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
