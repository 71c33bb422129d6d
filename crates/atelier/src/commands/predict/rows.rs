//! Predictions for the terminal and as rows of CSV.

use measure::detection::csv_field;
use nets::predict::ImagePrediction;
use report::terminal::escaped;

/// A picture's prediction in words, with a line for each detection.
pub fn text(answer: &ImagePrediction, of_detector: bool) -> String {
    let image = escaped(&answer.image);
    let Some(class) = &answer.class else {
        return format!("{image}: nothing to see");
    };
    if of_detector && answer.detections.is_empty() {
        return format!("{image}: nothing detected");
    }
    let mut text = format!(
        "{image}: {} ({:.2} %)",
        escaped(class),
        100.0 * answer.score
    );
    for found in &answer.detections {
        let [x1, y1, x2, y2] = found.bounds;
        text += &format!(
            "\n  {} {:5.2} % at ({x1:.1}, {y1:.1}) to ({x2:.1}, {y2:.1})",
            escaped(&found.class),
            100.0 * found.score
        );
    }
    text
}

/// The first line of the CSV.
pub fn header(of_detector: bool) -> &'static str {
    if of_detector {
        "image,class,score,x1,y1,x2,y2"
    } else {
        "image,class,score"
    }
}

/// A row for each detection, or one for the picture's class; without the last line break. Numbers are in the shortest form
/// that reads back to the same bits.
pub fn csv(answer: &ImagePrediction, of_detector: bool) -> Vec<String> {
    let image = field(&answer.image);
    if !of_detector {
        let class = field(answer.class.as_deref().unwrap_or_default());
        return vec![format!("{image},{class},{:?}", answer.score)];
    }
    let row = |found: &nets::predict::FoundObject| {
        let [x1, y1, x2, y2] = found.bounds;
        let class = field(&found.class);
        format!(
            "{image},{class},{:?},{x1:?},{y1:?},{x2:?},{y2:?}",
            found.score
        )
    };
    answer.detections.iter().map(row).collect()
}

/// A name as CSV, whose control characters can't change the state of a terminal.
fn field(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for character in name.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    csv_field(&shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nets::predict::FoundObject;

    fn answer(image: &str, class: Option<&str>) -> ImagePrediction {
        ImagePrediction {
            image: image.to_string(),
            class: class.map(str::to_string),
            score: 0.75,
            probabilities: Vec::new(),
            detections: Vec::new(),
            abreast: 0,
        }
    }

    #[test]
    fn names_are_quoted_and_never_formulas() {
        for (image, class, expected) in [
            ("a.png", "cat", "a.png,cat,0.75"),
            (
                "a, b.png",
                "the \"cat\"",
                "\"a, b.png\",\"the \"\"cat\"\"\",0.75",
            ),
            ("=1+2.png", "-3", "'=1+2.png,-3,0.75"),
            (
                "a\nb\u{1b}.png",
                "\u{202f}",
                "a\\nb\\u{1b}.png,\u{202f},0.75",
            ),
        ] {
            assert_eq!(csv(&answer(image, Some(class)), false), [expected]);
        }
        assert_eq!(csv(&answer("a.png", None), false), ["a.png,,0.75"]);
    }

    #[test]
    fn every_detection_has_a_row() {
        let mut found = answer("a.png", Some("cat"));
        assert_eq!(text(&found, true), "a.png: nothing detected");
        assert_eq!(csv(&found, true), [""; 0]);
        let object = FoundObject {
            bounds: [1.0, 2.5, 3.0, 4.0],
            class: "cat".to_string(),
            score: 0.5,
        };
        found.detections = vec![object.clone(), object];
        assert_eq!(csv(&found, true), ["a.png,cat,0.5,1.0,2.5,3.0,4.0"; 2]);
        let columns = header(true).split(',').count();
        assert_eq!(csv(&found, true)[0].split(',').count(), columns);
        assert!(text(&found, true).ends_with("at (1.0, 2.5) to (3.0, 4.0)"));
    }
}
