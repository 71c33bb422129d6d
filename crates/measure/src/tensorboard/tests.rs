use std::collections::BTreeMap;

use super::*;

/// The data of each record, after a check of lengths and checksums.
fn records(mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_at_checked(8).ok_or("no length")?;
        let (checksum, rest) = rest.split_at_checked(4).ok_or("no checksum")?;
        if checksum != masked(crc32c(length)).to_le_bytes() {
            return Err("checksum of a length".into());
        }
        let length = u64::from_le_bytes(length.try_into().unwrap()) as usize;
        let (data, rest) = rest.split_at_checked(length).ok_or("no data")?;
        let (checksum, rest) = rest.split_at_checked(4).ok_or("no checksum")?;
        if checksum != masked(crc32c(data)).to_le_bytes() {
            return Err("checksum of data".into());
        }
        records.push(data.to_vec());
        bytes = rest;
    }
    Ok(records)
}

/// Fields of a message by number: what the wire holds of each, in order.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (byte, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    }
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let length = match key & 7 {
            0 => {
                let value = varint(&mut bytes);
                fields.push((key >> 3, value.to_le_bytes().to_vec()));
                continue;
            }
            1 => 8,
            2 => varint(&mut bytes) as usize,
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let (value, rest) = bytes.split_at(length);
        fields.push((key >> 3, value.to_vec()));
        bytes = rest;
    }
    fields
}

/// Step, time and scalars of an event.
fn scalars(event: &[u8]) -> (u64, f64, BTreeMap<String, f32>) {
    let all = fields(event);
    let field = |number| &all.iter().find(|(n, _)| *n == number).unwrap().1;
    let values = fields(field(5)).into_iter().map(|(_, value)| {
        let [(1, tag), (2, figure)] = &fields(&value)[..] else {
            panic!("a value is a tag and a figure");
        };
        let figure = f32::from_le_bytes(figure[..].try_into().unwrap());
        (String::from_utf8(tag.clone()).unwrap(), figure)
    });
    (
        u64::from_le_bytes(field(2)[..].try_into().unwrap()),
        f64::from_le_bytes(field(1)[..].try_into().unwrap()),
        values.collect(),
    )
}

fn epoch(number: usize) -> EpochRecord {
    EpochRecord {
        epoch: number,
        step: 938 * number as u64,
        train_loss: 0.5 / number as f64,
        losses: BTreeMap::from([("rpn_box".to_string(), 0.25)]),
        validation_accuracy: Some(0.75),
        learning_rate: 1e-3,
        seconds: 30.5 * number as f64,
        images_per_s: 2000.0,
        ..EpochRecord::default()
    }
}

const STARTED: f64 = 1_769_860_800.0;

#[test]
fn checksums_are_those_of_rfc_3720() {
    let rising: Vec<u8> = (0..32).collect();
    for (name, bytes, expected) in [
        ("nothing", &[][..], 0),
        ("zeros", &[0; 32], 0x8a91_36aa),
        ("ones", &[0xff; 32], 0x62a8_ab43),
        ("rising", &rising, 0x46dd_794e),
        ("digits", b"123456789", 0xe306_9283),
    ] {
        assert_eq!(crc32c(bytes), expected, "{name}");
    }
}

#[test]
fn every_figure_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(EVENTS);
    EventFile::create(&path, STARTED, &[epoch(1)]).unwrap();
    let records = records(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!(fields(&records[0])[1], (3, b"brain.Event:2".to_vec()));
    let (step, time, scalars) = scalars(&records[1]);
    assert_eq!((step, time), (938, STARTED + 30.5));
    let expected = [
        ("accuracy/validation", 0.75),
        ("loss/train", 0.5),
        ("loss/train/rpn_box", 0.25),
        ("training/epoch", 1.0),
        ("training/images_per_s", 2000.0),
        ("training/learning_rate", 1e-3),
        ("training/seconds", 30.5),
    ];
    let expected = expected.map(|(tag, figure)| (tag.to_string(), figure));
    assert_eq!(scalars, BTreeMap::from(expected));
}

#[test]
fn an_interruption_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(EVENTS);
    let whole = folder.path().join("whole");
    let epochs = [epoch(1), epoch(2), epoch(3)];
    EventFile::create(&whole, STARTED, &epochs).unwrap();
    let whole = std::fs::read(whole).unwrap();

    let file = EventFile::create(&path, STARTED, &[]).unwrap();
    for epoch in &epochs {
        file.add(epoch).unwrap();
    }
    assert_eq!(std::fs::read(&path).unwrap(), whole, "without a stop");

    // Stopped in the middle of the third record, back to a checkpoint after the first epoch.
    let half = &whole[..whole.len() - 7];
    assert_eq!(records(half), Err("no data".to_string()));
    std::fs::write(&path, half).unwrap();
    let file = EventFile::create(&path, STARTED, &epochs[..1]).unwrap();
    file.add(&epochs[1]).unwrap();
    file.add(&epochs[2]).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), whole, "after a stop");
}

#[test]
fn damage_is_found() {
    let bytes = record(&event(STARTED, &epoch(1)));
    assert!(records(&bytes).is_ok());
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        assert!(records(&damaged).is_err(), "byte {place}");
    }
}
