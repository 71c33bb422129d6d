//! The paths that may be meant by a name in an annotation.

/// What `asked` may mean as a path with slashes: itself, with back-slashes as slashes, as a URL, and decoded.
pub fn forms(asked: &str) -> Vec<String> {
    let mut forms = vec![asked.to_string()];
    let mut add = |form: String| {
        if !form.is_empty() && !forms.contains(&form) {
            forms.push(form);
        }
    };
    let trimmed = asked.trim();
    let slashed = trimmed.replace('\\', "/");
    let path = without_host(&slashed);
    add(trimmed.to_string());
    add(slashed.clone());
    add(decoded(path));
    if let Some((before, query)) = path.split_once('?') {
        // Label Studio's local files: /data/local-files/?d=shapes/a.png
        for value in query
            .split('&')
            .filter_map(|field| field.strip_prefix("d="))
        {
            add(decoded(value).replace('\\', "/"));
        }
        add(decoded(before));
    }
    forms
}

/// The same names without the prefix that Label Studio puts before the names of uploaded files.
pub fn without_upload_prefixes(forms: &[String]) -> Vec<String> {
    forms
        .iter()
        .filter_map(|form| without_upload_prefix(form))
        .collect()
}

/// A URL's path; anything else as it is.
fn without_host(name: &str) -> &str {
    match name.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            rest.split_once('/').map_or(rest, |(_, path)| path)
        }
        _ => name,
    }
}

/// `%20` as a space, and so on. Left as it is where the result would not be text.
fn decoded(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let value = hex
            .filter(|hex| hex.iter().all(u8::is_ascii_hexdigit))
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        plain.push(value.unwrap_or(bytes[at]));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8(plain).unwrap_or_else(|_| name.to_string())
}

/// `shapes/a.png` for `shapes/cb06e2b1-a.png`.
fn without_upload_prefix(path: &str) -> Option<String> {
    let start = path.rfind('/').map_or(0, |slash| slash + 1);
    let (prefix, name) = path[start..].split_once('-')?;
    let hex = prefix.len() == 8
        && prefix
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (hex && !name.is_empty()).then(|| format!("{}{name}", &path[..start]))
}
