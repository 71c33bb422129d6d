use super::*;

#[test]
fn files_hold_the_pixels() {
    let uri = data_uri(3, 2, &[0, 1, 2, 253, 254, 255]).unwrap();
    let file = STANDARD
        .decode(uri.strip_prefix("data:image/png;base64,").unwrap())
        .unwrap();
    let decoder = png::Decoder::new(std::io::Cursor::new(file));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; 6];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(
        (info.width, info.height, info.color_type),
        (3, 2, ColorType::Grayscale)
    );
    assert_eq!(pixels, [0, 1, 2, 253, 254, 255]);
}

#[test]
fn odd_sizes() {
    assert!(data_uri(0, 5, &[]).is_none(), "empty");
    assert!(data_uri(2, 2, &[0; 3]).is_none(), "too short");
    assert!(data_uri(usize::MAX, 2, &[0; 3]).is_none(), "overflow");
    assert!(data_uri(1, 1, &[7]).is_some());
    let photograph = data_uri(1000, 500, &vec![128; 500_000]).unwrap();
    assert!(photograph.len() < 2_000, "{}", photograph.len());
    let colour = data_uri(1000, 500, &vec![128; 1_500_000]).unwrap();
    assert!(colour.len() < 2_000, "{}", colour.len());
    let small = shrink([3, 1, 3], &[10, 0, 1, 20, 2, 3, 7, 8, 9], 2);
    assert_eq!(small, (2, 1, vec![15, 1, 2, 7, 8, 9]));
    let (width, height, small) = shrink([3, 1, 1], &[10, 20, 7], 2);
    assert_eq!((width, height, small), (2, 1, vec![15, 7]));
}
