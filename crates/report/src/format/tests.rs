use super::*;

#[test]
fn control_characters_are_replaced() {
    let cases = [
        ("lines", "a\n\tb", "a\n\tb"),
        ("control", "a\u{0}b\u{1b}", "a\u{fffd}b\u{fffd}"),
        ("letters", "é 数字", "é 数字"),
    ];
    for (name, text, expected) in cases {
        assert_eq!(printable(text), expected, "{name}");
    }
}

#[test]
fn commands_can_be_pasted() {
    let arguments = [
        ("name", "lab-cnn", "lab-cnn"),
        ("path", "../my_runs/a.toml", "../my_runs/a.toml"),
        ("setting", "training.epochs=1", "training.epochs=1"),
        ("space", "my net", "'my net'"),
        (
            "brackets",
            "model.layers[0].conv=16",
            "'model.layers[0].conv=16'",
        ),
        ("double quotes", "{name=\"sgd\"}", "'{name=\"sgd\"}'"),
        ("single quote", "l'un", "'l'\\''un'"),
        ("variable", "$HOME", "'$HOME'"),
        ("home", "~", "'~'"),
        ("nothing", "", "''"),
    ];
    for (name, argument, expected) in arguments {
        assert_eq!(shell_quoted(&[argument.to_string()]), expected, "{name}");
    }
    let all = arguments.map(|(_, argument, _)| argument.to_string());
    // The shell itself is asked, where there is one.
    let script = format!("printf '%s\\n' {}", shell_quoted(&all));
    if let Ok(output) = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
    {
        let output = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output, all.map(|argument| argument + "\n").concat());
    }
}

#[test]
fn templates() {
    let cases = [
        ("{a} and {b}", "1 and {a}"),
        ("no key", "no key"),
        ("{unknown} {a", "{unknown} 1"),
        ("}{a}{a}", "}11"),
    ];
    for (template, expected) in cases {
        assert_eq!(fill(template, &[("a", "1"), ("b", "{a}")]), expected);
    }
}
