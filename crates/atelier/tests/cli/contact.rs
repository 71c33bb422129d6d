//! `data show`: contact sheets.

use serde_json::json;

use super::support::{error, folder_with_recipes, json as run, success};

const PNG: &[u8] = b"\x89PNG";

#[test]
fn data_show_draws_contact_sheets() {
    let folder = folder_with_recipes();
    let at = folder.path();
    let told = run(
        at,
        &["data", "show", "tiny-cnn.toml", "--count", "3", "--json"],
    );
    let expected = json!({
        "recipe": "tiny-cnn.toml", "out": "contact-sheet.png", "images": 3, "augmented": false,
    });
    assert_eq!(told, expected);
    let plain = std::fs::read(at.join("contact-sheet.png")).expect("a picture");
    assert!(plain.starts_with(PNG));

    let arguments = [
        "data",
        "show",
        "scenes-faster-rcnn",
        "--augment",
        "--count",
        "1",
        "--out",
        "sub/a.png",
        "--set",
        "data.augment={rotate=10,elastic=1,erase=1}",
    ];
    success(at, &arguments);
    let changed = std::fs::read(at.join("sub/a.png")).expect("a picture");
    assert!(changed.starts_with(PNG));
    success(at, &arguments);
    assert_eq!(
        std::fs::read(at.join("sub/a.png")).expect("a picture"),
        changed
    );

    let says = error(at, &["data", "show", "lab-cnn", "--augment"], 2);
    assert!(says.contains("data.augment"), "{says}");
    let says = error(
        at,
        &[
            "data",
            "show",
            "lab-cnn",
            "--set",
            "data.augment.rotate=200",
        ],
        2,
    );
    assert!(says.contains("from 0 to 180 degrees"), "{says}");
}
