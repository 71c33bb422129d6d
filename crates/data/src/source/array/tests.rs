//! Arrays as pictures and labels.

use super::*;

fn bytes(shape: &[usize], values: &[u8]) -> Array {
    Array::new(Number::U8, false, shape.to_vec(), values.to_vec()).unwrap()
}

fn floats(shape: &[usize], values: &[f32]) -> Array {
    let bytes = values
        .iter()
        .flat_map(|value| value.to_be_bytes())
        .collect();
    Array::new(Number::F32, true, shape.to_vec(), bytes).unwrap()
}

#[test]
fn pictures_of_all_shapes() {
    let count = |n: u8| (0..n).collect::<Vec<u8>>();
    #[rustfmt::skip]
    let cases = [
        ("grey", vec![1, 2, 3], false, [1, 2, 3], vec![0, 1, 2, 3, 4, 5]),
        ("grey, transposed", vec![1, 2, 3], true, [1, 3, 2], vec![0, 3, 1, 4, 2, 5]),
        ("grey, channels last", vec![1, 2, 3, 1], false, [1, 2, 3], vec![0, 1, 2, 3, 4, 5]),
        ("grey, channels first", vec![1, 1, 3, 2], false, [1, 3, 2], vec![0, 1, 2, 3, 4, 5]),
        ("colour, channels last rather than first", vec![1, 1, 2, 3], false, [3, 1, 2], vec![0, 3, 1, 4, 2, 5]),
        ("colour, channels last, high", vec![1, 2, 1, 3], false, [3, 2, 1], vec![0, 3, 1, 4, 2, 5]),
        ("colour, channels first", vec![1, 3, 1, 2], false, [3, 1, 2], vec![0, 1, 2, 3, 4, 5]),
        ("colour, channels last, transposed", vec![1, 2, 1, 3], true, [3, 1, 2], vec![0, 3, 1, 4, 2, 5]),
        ("two flat squares", vec![2, 4], false, [1, 2, 2], count(8)),
        ("two pictures, transposed", vec![2, 2, 2], true, [1, 2, 2], vec![0, 2, 1, 3, 4, 6, 5, 7]),
    ];
    for (name, shape, transposed, [channels, height, width], expected) in cases {
        let total: usize = shape.iter().product();
        let (pixels, _) = bytes(&shape, &count(total as u8))
            .pixels(transposed)
            .unwrap();
        assert_eq!(pixels.count, shape[0], "{name}");
        assert_eq!(
            [pixels.channels, pixels.height, pixels.width],
            [channels, height, width],
            "{name}"
        );
        assert_eq!(pixels.values, expected, "{name}");
    }
}

#[test]
fn what_is_no_picture_is_named() {
    #[rustfmt::skip]
    let cases = [
        ("labels", bytes(&[4], &[0; 4]), "found an array of shape [4], which looks like labels"),
        ("two channels", bytes(&[1, 2, 2, 2], &[0; 8]), "expected pictures of shape [N, height, width]"),
        ("flat, no square", bytes(&[1, 5], &[0; 5]), "found an array of shape [1, 5]"),
        ("nothing", bytes(&[0, 2, 2], &[]), "which holds nothing"),
        ("normalized", floats(&[1, 1, 2], &[-1.5, 2.0]), "the pixels reach from -1.5 to 2; expected 0 to 255"),
        ("not a number", floats(&[1, 1, 2], &[f32::NAN, 2.0]), "not finite"),
    ];
    for (name, array, expected) in cases {
        let error = array.pixels(false).unwrap_err();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn levels_of_all_types() {
    let levels = |array: Array| {
        array
            .pixels(false)
            .map(|(pixels, notes)| (pixels.values, notes.join(" ")))
            .unwrap()
    };
    let (values, note) = levels(floats(&[1, 1, 3], &[0.0, 0.5, 1.0]));
    assert_eq!(values, [0, 128, 255]);
    assert!(note.contains("multiplied by 255"), "{note}");
    let (values, note) = levels(floats(&[1, 1, 3], &[0.0, 7.0, 255.0]));
    assert_eq!((values, note.as_str()), (vec![0, 7, 255], ""));
    let (values, note) = levels(floats(&[1, 1, 3], &[0.0, 7.6, 255.0]));
    assert_eq!(values, [0, 8, 255]);
    assert!(note.contains("rounded"), "{note}");
    let (values, _) = levels(Array::new(Number::Bool, false, vec![1, 1, 2], vec![0, 1]).unwrap());
    assert_eq!(values, [0, 255]);
    let (values, note) = levels(bytes(&[1, 1, 2], &[0, 1]));
    assert_eq!(values, [0, 1]);
    assert!(note.contains("nearly black"), "{note}");
    let wide: Vec<u8> = [3i64, 255]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let (values, _) = levels(Array::new(Number::I64, false, vec![1, 1, 2], wide).unwrap());
    assert_eq!(values, [3, 255]);
}

#[test]
fn labels_of_all_types() {
    let labels =
        |number: Number, big: bool, shape: &[usize], bytes: Vec<u8>, first_column: bool| {
            Array::new(number, big, shape.to_vec(), bytes)
                .unwrap()
                .labels(first_column)
        };
    #[rustfmt::skip]
    let cases = [
        ("u8", Number::U8, false, vec![2], vec![7, 255], false, Ok(vec![7, 255])),
        ("i8", Number::I8, false, vec![2], vec![7, 255], false, Ok(vec![7, -1])),
        ("i16", Number::I16, true, vec![2], vec![1, 2, 0xff, 0xfe], false, Ok(vec![258, -2])),
        ("u16", Number::U16, false, vec![1], vec![1, 2], false, Ok(vec![513])),
        ("i32", Number::I32, true, vec![1], vec![0, 0, 1, 2], false, Ok(vec![258])),
        ("u32", Number::U32, false, vec![1], vec![2, 1, 0, 0], false, Ok(vec![258])),
        ("u64", Number::U64, false, vec![1], vec![2, 1, 0, 0, 0, 0, 0, 0], false, Ok(vec![258])),
        ("f64", Number::F64, true, vec![1], 3f64.to_be_bytes().to_vec(), false, Ok(vec![3])),
        ("a column", Number::U8, false, vec![2, 1], vec![7, 8], false, Ok(vec![7, 8])),
        ("one hot", Number::U8, false, vec![2, 3], vec![0, 0, 1, 1, 0, 0], false, Ok(vec![2, 0])),
        ("first column", Number::U8, false, vec![2, 3], vec![0, 0, 1, 5, 0, 9], true, Ok(vec![0, 5])),
        ("none", Number::U8, false, vec![0], vec![], false, Ok(vec![])),
        ("rows", Number::U8, false, vec![1, 2], vec![2, 3], false, Err("label 0 is a row of 2 numbers")),
        ("half", Number::F32, true, vec![1], 0.5f32.to_be_bytes().to_vec(), false, Err("label 0 is 0.5")),
        ("pictures", Number::U8, false, vec![1, 1, 1], vec![0], false, Err("which looks like pictures")),
        ("empty rows", Number::U8, false, vec![5, 0], vec![], false, Err("expected a label for each picture")),
    ];
    for (name, number, big, shape, bytes, first_column, expected) in cases {
        match (labels(number, big, &shape, bytes, first_column), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{name}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{name}: {found}"),
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
}

#[test]
fn an_array_has_as_many_bytes_as_its_shape_needs() {
    assert!(Array::new(Number::I16, false, vec![2, 3], vec![0; 12]).is_ok());
    assert!(Array::new(Number::I16, false, vec![2, 3], vec![0; 11]).is_err());
    assert!(Array::new(Number::U8, false, vec![usize::MAX, 2], vec![0; 11]).is_err());
}

#[test]
fn reversed_indices() {
    let array = bytes(&[3, 2, 4], &(0..24).collect::<Vec<u8>>()).reversed();
    assert_eq!(array.shape, [4, 2, 3]);
    for (x, y, z) in [(0, 0, 0), (3, 1, 2), (1, 0, 2), (2, 1, 0)] {
        assert_eq!(
            usize::from(array.bytes[x * 6 + y * 3 + z]),
            z * 8 + y * 4 + x
        );
    }
    assert_eq!(bytes(&[0, 7], &[]).reversed().shape, [7, 0]);
}
