//! `data.image` as users write it, right and wrong.

use super::*;
use crate::options::Check;
use crate::problem::{Problem, path_text};
use crate::value::Node;
use toml::de::{DeTable, DeValue};

fn read(text: &str) -> Result<Image, Problem> {
    let table = DeTable::parse(text).unwrap().into_inner();
    let image = Image::deserialize(Node(&DeValue::Table(table)))?;
    image.check()?;
    Ok(image)
}

#[test]
fn what_may_be_left_out_is() {
    let image = read("").unwrap();
    assert_eq!(image, Image::default());
    let text = toml::to_string(&image).unwrap();
    assert_eq!(text, "background = 255\nmean = 0.0\nstd = 1.0\n");
    assert_eq!(read(&text).unwrap(), image);
}

#[test]
fn all_of_it_comes_back() {
    let text = r#"colour = "rgb"
size = [224, 192]
fit = "crop"
background = 114
resize = 256
mean = [0.485, 0.456, 0.406]
std = "dataset"
"#;
    let image = read(text).unwrap();
    assert_eq!(image.size, Some(InputSize::Fixed([224, 192])));
    assert_eq!(image.mean.channel(1), Some(0.456));
    assert_eq!(image.mean.channel(3), None);
    assert_eq!(image.std, PerChannel::Dataset);
    assert_eq!(toml::to_string(&image).unwrap(), text);
}

#[test]
fn numbers_in_any_form() {
    let cases = [
        ("0.5", 0.5),
        ("-0.5", -0.5),
        ("1", 1.0),
        ("-1.0", -1.0),
        ("[0.5]", 0.5),
    ];
    for (text, expected) in cases {
        let image = read(&format!("mean = {text}")).unwrap();
        assert_eq!(image.mean, PerChannel::Same(expected), "{text}");
    }
}

#[test]
fn wrong_values_are_named() {
    #[rustfmt::skip]
    let cases = [
        ("color = \"rgb\"", "color", "unknown key `color`; did you mean `colour`?"),
        ("colour = \"gray\"", "colour", "unknown name `gray`; did you mean `grey`?"),
        ("colour = 3", "colour", "expected a name in quotes, found the number 3"),
        ("fit = \"leterbox\"", "fit", "did you mean `letterbox`?"),
        ("size = 224", "size", "expected a list of 2 numbers, or a table with `shorter` and `longest`, found"),
        ("size = [224]", "size", "expected a list of 2 numbers"),
        ("size = { shorter = 800 }", "size", "missing key `longest`"),
        ("size = { shorter = 800, longer = 900 }", "size.longer", "did you mean `longest`?"),
        ("size = { shorter = 800, longest = 700 }", "size.longest", "must be at least shorter, 800, found 700"),
        ("size = { shorter = 0, longest = 700 }", "size.shorter", "must be from 1 to 4096, found 0"),
        ("size = { shorter = 8, longest = 9, multiple = 0 }", "size.multiple", "must be from 1 to 4096, found 0"),
        ("fit = \"stretch\"\nsize = { shorter = 8, longest = 9 }", "fit", "leave out fit = \"stretch\""),
        ("size = [224, 0]", "size[1]", "must be from 1 to 4096, found 0"),
        ("size = [4097, 1]", "size[0]", "must be from 1 to 4096, found 4097"),
        ("background = 256", "background", "must be from 0 to 255, found 256"),
        ("background = -1", "background", "expected a whole number of at least 0"),
        ("background = \"white\"", "background", "expected a whole number, found the text \"white\""),
        ("mean = \"datset\"", "mean", "unknown name `datset`; did you mean `dataset`?"),
        ("mean = true", "mean", "expected a number, a list of one or three numbers, or \"dataset\", found boolean `true`"),
        ("mean = [1, 2]", "mean", "one or three numbers, or \"dataset\", found 2 elements"),
        ("mean = []", "mean", "found 0 elements"),
        ("mean = [1, \"x\", 3]", "mean[1]", "expected a number, found the text \"x\""),
        ("mean = nan", "mean", "must be from -1000 to 1000 (white is 1), found NaN"),
        ("std = 0", "std", "must be from 0.000001 to 1000000 (white is 1), found 0"),
        ("std = [1, 1, 1e308]", "std[2]", "must be from 0.000001 to 1000000"),
        ("fit = \"digit\"\ncolour = \"rgb\"", "colour", "must be \"grey\", or left out, with data.image.fit = \"digit\""),
        ("colour = \"grey\"\nstd = [1, 1, 1]", "std", "must be one number, or \"dataset\", with data.image.colour = \"grey\", found [1.0, 1.0, 1.0]"),
        ("fit = \"crop\"\nsize = [64, 96]\nresize = 95", "resize", "must be at least the longer side of data.image.size, 96, found 95"),
    ];
    for (text, path, expected) in cases {
        let problem = read(text).expect_err(text);
        let message = match &problem.help {
            Some(help) => format!("{}; {help}", problem.what),
            None => problem.what.clone(),
        };
        assert_eq!(path_text(&problem.path), path, "{text}: {message}");
        assert!(message.contains(expected), "{text}: {message}");
    }
}
