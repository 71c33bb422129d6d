use super::*;
use Language::{English, French};

#[test]
fn numbers() {
    let (en, fr) = (English, French);
    let cases = [
        ("percent", en.percent(0.989, 2), "98.90 %"),
        ("rounds", en.percent(0.99999, 2), "100.00 %"),
        ("nan", en.percent(f64::NAN, 2), "–"),
        ("infinite", en.decimal(f64::INFINITY, 1), "–"),
        ("grouped", en.count(1_234_567), "1,234,567"),
        ("not grouped", en.count(999), "999"),
        ("minus", en.decimal(-1234.5, 1), "−1,234.5"),
        ("no negative zero", en.decimal(-0.001, 2), "0.00"),
        ("signed", en.signed(0.16, 2), "+0.16"),
        ("signed minus", en.signed(-0.16, 2), "−0.16"),
        ("tiny time", en.duration(0.034), "0.03 s"),
        ("seconds", en.duration(9.44), "9.4 s"),
        ("almost a minute", en.duration(59.96), "1 min 00 s"),
        ("minutes", en.duration(587.17), "9 min 47 s"),
        ("almost an hour", en.duration(3599.7), "1 h 00 min"),
        ("hours", en.duration(3725.0), "1 h 02 min"),
        ("nan time", en.duration(f64::NAN), "–"),
        ("metric", en.metric(1_236_000.0), "1.24 M"),
        ("metric small", en.metric(8_932.0), "8,932"),
        ("metric nan", en.metric(f64::NAN), "–"),
        ("bytes", en.bytes(6_650_000.0), "6.65 MB"),
        ("latency", en.milliseconds(0.3912), "0.39 ms"),
        ("energy", en.joules(12_345.0), "12.3 kJ"),
        ("little energy", fr.joules(0.004_56), "4,56 mJ"),
        ("no energy", en.joules(f64::NAN), "–"),
        ("ratio", en.significant(3.8127), "3.81"),
        ("rate", en.significant(4120.4), "4,120"),
        ("tiny p", en.p_value(1e-9), "p < 0.0001"),
        ("French percent", fr.percent(0.989, 2), "98,90 %"),
        ("French count", fr.count(1_234_567), "1 234 567"),
        ("French minus", fr.decimal(-1234.5, 1), "−1 234,5"),
        ("French whole", fr.decimal(12.0, 0), "12"),
        ("French bytes", fr.bytes(6_650_000.0), "6,65 Mo"),
        ("French few bytes", fr.bytes(12.0), "12 o"),
        ("French memory", fr.mebibytes(1402.0), "1 402 Mio"),
        ("French seconds", fr.duration(9.44), "9,4 s"),
        ("French p", fr.p_value(0.0312), "p = 0,0312"),
    ];
    for (name, found, expected) in cases {
        assert_eq!(
            found.replace(['\u{202f}', '\u{a0}'], " "),
            expected,
            "{name}"
        );
    }
}

#[test]
fn days() {
    for (date, english, french) in [
        ("2026-01-31T12:00:00Z", "31 January 2026", "31 janvier 2026"),
        ("2026-08-01", "1 August 2026", "1er août 2026"),
        ("2026-13-01", "2026-13-01", "2026-13-01"),
        ("", "", ""),
        ("janvier 26é", "janvier 26é", "janvier 26é"),
    ] {
        assert_eq!(English.day(date), english);
        assert_eq!(French.day(date), french);
    }
    let moment = French.moment("2026-01-31T12:05:09Z");
    assert_eq!(moment, "31 janvier 2026, 12:05:09 UTC");
    assert_eq!(French.moment("hier"), "hier");
}

#[test]
fn tags() {
    for language in [English, French] {
        assert_eq!(language.to_string().parse(), Ok(language));
    }
    for wrong in ["", "FR", "français", "en-US"] {
        let message = wrong.parse::<Language>().unwrap_err().to_string();
        assert!(message.contains(&format!("'{wrong}'")), "{message}");
    }
}
