//! Who may import whom: crates, files within a crate, and the few places that may name Burn or be unsafe.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What each crate may import of ours.
const ALLOWED: [(&str, &[&str]); 8] = [
    ("recipe", &[]),
    ("kernels", &[]),
    ("measure", &[]),
    ("data", &["recipe", "kernels"]),
    ("onnx", &["data", "recipe", "kernels"]),
    ("nets", &["onnx", "data", "recipe", "measure", "kernels"]),
    ("report", &["measure", "recipe"]),
    (
        "atelier",
        &[
            "data", "kernels", "measure", "nets", "onnx", "recipe", "report",
        ],
    ),
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Rust files below a folder, sorted, without those that hold tests only.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        if name == "tests" || name.ends_with("_tests") {
            continue;
        }
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The code of a file, without comments and the tests at its end.
fn code(path: &Path) -> String {
    let text = read(path);
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..end].lines();
    let lines = lines.map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn crates_import_only_what_they_may() {
    let mut wrong = Vec::new();
    for (name, allowed) in ALLOWED {
        let manifest = read(&crates().join(name).join("Cargo.toml"));
        let mut dependencies = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                dependencies = line.ends_with("dependencies]") && !line.contains("dev-");
                continue;
            }
            let key = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let ours = ALLOWED.iter().any(|(other, _)| *other == key);
            if dependencies && ours && !allowed.contains(&key) {
                wrong.push(format!("{name} depends on {key}"));
            }
            if dependencies && key.starts_with("burn") && name != "nets" {
                wrong.push(format!("{name} depends on {key}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let found = crates().read_dir().expect("a folder").count();
    assert_eq!(found, ALLOWED.len(), "a crate is missing in ALLOWED");
}

#[test]
fn backends_and_unsafe_code_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for (name, _) in ALLOWED {
        let root = crates().join(name).join("src");
        for file in sources(&root) {
            let place = file.strip_prefix(&root).expect("below").to_string_lossy();
            let code = code(&file);
            let says = |word: &str| code.contains(word);
            if says("burn::backend") && !(name == "nets" && place.starts_with("ops")) {
                wrong.push(format!("{name}/src/{place} names burn::backend"));
            }
            let is_unsafe = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait"];
            if is_unsafe.iter().any(|what| says(what)) && name != "kernels" {
                wrong.push(format!("{name}/src/{place} has unsafe code"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A package holds its own folder and nothing else.
#[test]
fn crates_embed_only_their_own_files() {
    let mut wrong = Vec::new();
    for (name, _) in ALLOWED {
        let root = crates().join(name);
        for file in sources(&root.join("src")) {
            let place = file.strip_prefix(&root).expect("below");
            let depth = place.components().count() - 1;
            let code = code(&file);
            let embedded = ["include_str!", "include_bytes!"]
                .iter()
                .flat_map(|word| code.split(word).skip(1))
                .filter_map(|after| after.split('"').nth(1));
            for path in embedded.filter(|path| path.matches("../").count() > depth) {
                wrong.push(format!("{name}/{} embeds {path}", place.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

type Module = Vec<String>;

/// `a::{b, c::{d, e as f}, *}` as `a::b`, `a::c::d`, `a::c::e`, `a::*`.
fn paths(tree: &str) -> Vec<Module> {
    let tree = tree.trim();
    let Some((before, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![
            path.split("::")
                .map(|part| part.trim().to_string())
                .collect(),
        ];
    };
    let before: Module = before
        .split("::")
        .map(|part| part.trim().to_string())
        .filter(|part| !part.is_empty())
        .collect();
    let inside = &rest[..rest.rfind('}').unwrap_or(rest.len())];
    let mut depth = 0;
    let parts = inside.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let all = parts.filter(|part| !part.trim().is_empty()).flat_map(paths);
    all.map(|path| [before.clone(), path].concat()).collect()
}

/// What the `use` statements of a module import, as paths from the crate's root.
fn imports(module: &Module, code: &str) -> Vec<Module> {
    let mut found = Vec::new();
    for statement in code.split(';') {
        let Some(tree) = statement
            .rsplit_once("use ")
            .filter(|(before, _)| before.is_empty() || before.ends_with(char::is_whitespace))
        else {
            continue;
        };
        for path in paths(tree.1) {
            let levels = path.iter().take_while(|part| *part == "super").count();
            let start = match path[0].as_str() {
                "crate" => Vec::new(),
                "self" => module.clone(),
                "super" => module[..module.len().saturating_sub(levels)].to_vec(),
                _ => continue,
            };
            found.push([start, path[levels.max(1)..].to_vec()].concat());
        }
    }
    found
}

/// The modules of a crate and what each imports. A module that imports its own children does not count.
fn graph(root: &Path) -> BTreeMap<Module, BTreeSet<Module>> {
    let module = |file: &Path| -> Module {
        let place = file.strip_prefix(root).expect("below").with_extension("");
        let parts = place.iter().map(|part| part.to_string_lossy().into_owned());
        let parts: Module = parts.collect();
        match parts[0].as_str() {
            "lib" | "main" if parts.len() == 1 => Vec::new(),
            _ => parts,
        }
    };
    let files = sources(root);
    let modules: BTreeSet<Module> = files.iter().map(|file| module(file)).collect();
    let edges = files.iter().map(|file| {
        let from = module(file);
        let targets = imports(&from, &code(file)).into_iter().filter_map(|path| {
            let file = |length: &usize| modules.contains(&path[..*length]);
            let length = (0..=path.len()).rev().find(file)?;
            Some(path[..length].to_vec())
        });
        let targets = targets.filter(|to| !to.starts_with(&from));
        (from.clone(), targets.collect())
    });
    edges.collect()
}

/// Everything that can be reached from a module.
fn reached(graph: &BTreeMap<Module, BTreeSet<Module>>, from: &Module) -> BTreeSet<Module> {
    let mut reached = BTreeSet::new();
    let mut left = vec![from];
    while let Some(module) = left.pop() {
        for next in graph.get(module).into_iter().flatten() {
            if reached.insert(next.clone()) {
                left.push(next);
            }
        }
    }
    reached
}

#[test]
fn files_import_each_other_in_one_direction() {
    let mut cycles = BTreeSet::new();
    for (name, _) in ALLOWED {
        let graph = graph(&crates().join(name).join("src"));
        for module in graph.keys() {
            let reachable = reached(&graph, module);
            if !reachable.contains(module) {
                continue;
            }
            let cycle = reachable
                .iter()
                .filter(|other| reached(&graph, other).contains(module));
            let cycle: Vec<String> = cycle.map(|module| module.join("::")).collect();
            cycles.insert(format!("{name}: {}", cycle.join(", ")));
        }
    }
    assert!(
        cycles.is_empty(),
        "files that import each other: {cycles:#?}"
    );
}

#[test]
fn imports_are_found() {
    let module: Module = vec!["a".into(), "b".into()];
    let code = "use super::c::{self, D};\npub use crate::{e, f::{g::H, i as j}};\nuse std::fmt;\nuse self::k;\nfn because () {}";
    let found: Vec<String> = imports(&module, code)
        .iter()
        .map(|path| path.join("::"))
        .collect();
    assert_eq!(
        found,
        ["a::c::self", "a::c::D", "e", "f::g::H", "f::i", "a::b::k"]
    );
}
