//! Tests of `elastic`.

use super::*;
use crate::random::{Key, Purpose};

#[test]
fn displacements_are_as_large_and_as_smooth_as_asked_for() {
    let augment = Augment {
        elastic: 1.5,
        elastic_sigma: 5.0,
        ..Augment::default()
    };
    let (mut squares, mut steps, mut count) = (0.0, 0.0, 0.0);
    for index in 0..20 {
        let key = Key {
            seed: 1,
            purpose: Purpose::Augment,
            epoch: 1,
            index,
        };
        let field = Field::draw(&augment, [90, 110], &mut key.stream());
        for y in 0..90 {
            for x in 0..109 {
                let [here, right] =
                    [x, x + 1].map(|x| field.at(f64::from(x) + 0.5, f64::from(y) + 0.5));
                squares += here[0] * here[0] + here[1] * here[1];
                steps += (right[0] - here[0]).powi(2) + (right[1] - here[1]).powi(2);
                count += 2.0;
            }
        }
    }
    // Interpolation takes a few percent off.
    let rms = f64::sqrt(squares / count);
    assert!((1.3..1.6).contains(&rms), "{rms}");
    // A field smoothed by a Gaussian of s changes by rms / (s * sqrt(2)) a pixel.
    let slope = f64::sqrt(steps / count);
    assert!(
        (slope - 1.5 / (5.0 * 2.0_f64.sqrt())).abs() < 0.03,
        "{slope}"
    );
}

#[test]
fn rows_of_pixels_are_what_stands_at_their_centres() {
    let augment = Augment {
        elastic: 1.0,
        elastic_sigma: 3.3,
        ..Augment::default()
    };
    let key = Key {
        seed: 2,
        purpose: Purpose::Augment,
        epoch: 1,
        index: 0,
    };
    let field = Field::draw(&augment, [9, 13], &mut key.stream());
    let (mut pixels, mut row) = (field.pixels(13), [[0.0; 2]; 13]);
    for y in 0..9 {
        pixels.row(y, &mut row);
        for (x, [found_x, found_y]) in row.iter().enumerate() {
            let [at_x, at_y] = field.at(x as f64 + 0.5, y as f64 + 0.5);
            assert!((found_x - at_x).abs() < 1e-5 && (found_y - at_y).abs() < 1e-5);
        }
    }
}

#[test]
fn small_images_have_a_field_too() {
    let augment = Augment {
        elastic: 1.0,
        elastic_sigma: 400.0,
        ..Augment::default()
    };
    let key = Key {
        seed: 1,
        purpose: Purpose::Augment,
        epoch: 1,
        index: 0,
    };
    let field = Field::draw(&augment, [1, 2], &mut key.stream());
    let [x, y] = field.at(-3.0, 9.0);
    assert!(x.is_finite() && y.is_finite());
}
