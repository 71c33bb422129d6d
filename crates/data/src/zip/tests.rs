//! Archives built here, whole and broken.

use super::*;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use std::io::Write;

/// How an archive is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Deflate the entries.
    pub compressed: bool,
    /// Write sizes as archives of more than 4 GB have them.
    pub long: bool,
}

/// An archive of these entries.
pub fn archive(entries: &[(&str, &[u8])], options: Options) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in entries {
        let start = bytes.len();
        let stored = if options.compressed {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        } else {
            content.to_vec()
        };
        let mut crc = Crc::new();
        crc.update(content);
        let method: u16 = if options.compressed { 8 } else { 0 };
        let short = |size: usize| if options.long { u32::MAX } else { size as u32 };
        let mut common = Vec::new();
        // Version, flags, method, time and date.
        for word in [45, 0, method, 0, 0] {
            common.extend(word.to_le_bytes());
        }
        common.extend(crc.sum().to_le_bytes());
        common.extend(short(stored.len()).to_le_bytes());
        common.extend(short(content.len()).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        let mut extra = Vec::new();
        if options.long {
            // Another field first, which is to be skipped.
            extra.extend([0x55, 0x54, 1, 0, 7]);
            let sizes = [content.len() as u64, stored.len() as u64, start as u64];
            extra.extend([1, 0, 24, 0]);
            extra.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
        }
        common.extend((extra.len() as u16).to_le_bytes());
        bytes.extend(LOCAL);
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(&extra);
        bytes.extend(&stored);
        directory.extend(CENTRAL);
        directory.extend(45u16.to_le_bytes());
        directory.extend(&common);
        // Comment, disk and attributes.
        directory.extend([0; 10]);
        directory.extend(short(start).to_le_bytes());
        directory.extend(name.as_bytes());
        directory.extend(&extra);
    }
    let start = bytes.len();
    bytes.extend(&directory);
    if options.long {
        let end = bytes.len() as u64;
        bytes.extend(END_64);
        bytes.extend(44u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for size in [entries.len(), entries.len(), directory.len(), start] {
            bytes.extend((size as u64).to_le_bytes());
        }
        bytes.extend(LOCATOR_64);
        bytes.extend(0u32.to_le_bytes());
        bytes.extend(end.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
    }
    bytes.extend(END);
    bytes.extend([0; 4]);
    let count = if options.long {
        u16::MAX
    } else {
        entries.len() as u16
    };
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend((directory.len() as u32).to_le_bytes());
    let start = if options.long { u32::MAX } else { start as u32 };
    bytes.extend(start.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

const CONTENT: [(&str, &[u8]); 3] = [
    ("a.npy", b"abcabcabcabcabcabc"),
    ("empty", b""),
    ("b/c", b"x"),
];

fn all_options() -> impl Iterator<Item = Options> {
    [false, true]
        .into_iter()
        .flat_map(|compressed| [false, true].map(|long| Options { compressed, long }))
}

#[test]
fn entries_are_read_as_they_were_written() {
    for options in all_options() {
        let bytes = archive(&CONTENT, options);
        let entries = entries(&bytes).unwrap();
        assert_eq!(entries.len(), CONTENT.len(), "{options:?}");
        for (name, content) in CONTENT {
            let entry = entries[name];
            assert_eq!(entry.read().unwrap(), content, "{options:?} {name}");
            assert_eq!(entry.is_compressed(), options.compressed, "{options:?}");
            let borrowed = matches!(entry.read(), Ok(Cow::Borrowed(_)));
            assert_eq!(borrowed, !options.compressed, "{options:?}");
        }
        let with_comment = [&bytes[..bytes.len() - 2], b"\x02\0hi"].concat();
        assert_eq!(super::entries(&with_comment).unwrap().len(), CONTENT.len());
    }
}

#[test]
fn broken_archives_are_refused() {
    let plain = archive(&CONTENT, Options::default());
    let deflated = archive(
        &CONTENT,
        Options {
            compressed: true,
            long: false,
        },
    );
    let find = |bytes: &[u8], what: &[u8]| {
        bytes
            .windows(what.len())
            .position(|part| part == what)
            .unwrap()
    };
    let changed = |bytes: &[u8], at: usize, value: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = value;
        bytes
    };
    let directory = find(&plain, CENTRAL);
    let in_deflated = find(&deflated, CENTRAL);
    #[rustfmt::skip]
    let cases = [
        ("nothing", vec![], "damaged or not whole"),
        ("cut off", plain[..plain.len() - 30].to_vec(), "damaged or not whole"),
        ("other content", changed(&plain, LOCAL_SIZE + 6, b'!'), "its checksum is wrong"),
        ("encrypted", changed(&plain, directory + 8, 1), "is encrypted"),
        ("bzip2", changed(&plain, directory + 10, 12), "compressed by method 12"),
        ("overlapping", changed(&plain, directory + 22, 0xff), "damaged or not whole"),
        ("longer than stated", changed(&deflated, in_deflated + 24, 3), "its size is not what the archive states"),
        ("shorter than stated", changed(&deflated, in_deflated + 25, 9), "its size is not what the archive states"),
        ("no deflate", changed(&deflated, LOCAL_SIZE + 5, 0xff), "is damaged"),
    ];
    for (name, bytes, expected) in cases {
        let read = entries(&bytes).and_then(|entries| entries["a.npy"].read().map(Cow::into_owned));
        let error = read.unwrap_err();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_make_the_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        slips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        compressed in any::<bool>(),
        long in any::<bool>(),
    ) {
        let mut mutated = archive(&CONTENT, Options { compressed, long });
        for (at, value) in slips {
            let at = at.index(mutated.len());
            mutated[at] = value;
        }
        let with_end = [&bytes[..], &mutated[mutated.len() - END_SIZE..]].concat();
        for bytes in [bytes, mutated, with_end] {
            for entry in entries(&bytes).unwrap_or_default().values() {
                let _ = entry.read();
            }
        }
    }
}
