//! Completions and manual pages.

use super::support::*;

/// The commands that `--help` lists.
fn commands() -> Vec<String> {
    let help = success(Path::new("."), &["--help"]);
    let help = String::from_utf8(help).expect("text");
    let (_, list) = help.split_once("Commands:\n").expect("a list of commands");
    let names = list.lines().take_while(|line| line.starts_with("  "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    let names: Vec<String> = names
        .filter(|name| *name != "help")
        .map(str::to_string)
        .collect();
    assert!(names.len() > 15, "{names:?}");
    names
}

#[test]
fn every_shell_completes_every_command() {
    let at = Path::new(".");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = String::from_utf8(success(at, &["completions", shell])).expect("text");
        let document = json(at, &["completions", shell, "--json"]);
        assert_eq!(document["shell"], shell);
        assert_eq!(
            document["script"].as_str(),
            Some(script.as_str()),
            "{shell}"
        );
        for command in commands() {
            assert!(script.contains(&command), "{shell}: no {command}");
        }
    }
    let message = error(at, &["completions", "tcsh"], 2);
    assert!(message.contains("bash, elvish, fish"), "{message}");
}

/// Where there is a bash, it is asked.
#[test]
fn bash_completes_commands_flags_and_values() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("atelier.bash");
    let text = success(folder.path(), &["completions", "bash"]);
    std::fs::write(&script, text).expect("written");
    for (words, completed) in [
        ("atelier swe", "sweep"),
        ("atelier coco", "coco-eval"),
        ("atelier train lab-cnn --epo", "--epochs"),
        ("atelier data ch", "check"),
        ("atelier export digits --format on", "onnx"),
    ] {
        let ask = format!(
            "source {}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _atelier atelier \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; \
             echo \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        let Ok(output) = Command::new("bash").args(["--norc", "-c", &ask]).output() else {
            eprintln!("no bash here: nothing is asked");
            return;
        };
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim(),
            completed,
            "{words}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let document = json(folder.path(), &["man", "share/man1", "--json"]);
    let page = |name: &str| {
        let file = format!("share/man1/{name}.1");
        let listed = document["files"].as_array().expect("files");
        assert!(listed.iter().any(|other| *other == file), "{file}");
        std::fs::read_to_string(folder.path().join(file)).expect("a page")
    };
    let overview = page("atelier");
    for command in commands() {
        assert!(
            page(&format!("atelier-{command}")).contains(".SH SYNOPSIS"),
            "{command}"
        );
        assert!(overview.contains(&command.replace('-', "\\-")), "{command}");
    }
    let check = page("atelier-data-check");
    assert!(check.contains("\\-\\-fix"), "{check}");
    assert!(
        check.contains(concat!("\"atelier ", env!("CARGO_PKG_VERSION"))),
        "{check}"
    );
    std::fs::write(folder.path().join("file"), "").expect("written");
    let message = error(folder.path(), &["man", "file/man1"], 1);
    assert!(message.contains("file/man1"), "{message}");
}
