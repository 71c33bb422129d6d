//! The server, asked over TCP as any client asks it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::support::{Command, Path, TempDir, Value, error, json};

/// A server on a free port, ended in the end.
pub struct Server {
    pub child: Child,
    address: String,
    pub folder: TempDir,
}

impl Server {
    pub fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        seven(folder.path());
        let mut child = Command::new(env!("CARGO_BIN_EXE_atelier"))
            .current_dir(&folder)
            .args(["serve", "--port", "0", "--log", "none"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("its standard output"));
        out.read_line(&mut line).expect("its address");
        let address = line
            .trim()
            .strip_prefix("http://")
            .expect("a URL")
            .to_string();
        Self {
            child,
            address,
            folder,
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("a connection");
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).expect("set");
        stream
    }

    /// The status and body of the answer to a request with these headers.
    pub fn ask(&self, route: &str, headers: &[&str], body: &[u8]) -> (u16, Value) {
        let mut stream = self.connect();
        stream
            .write_all(&self.request(route, headers, body))
            .expect("sent");
        answer(&mut stream)
    }

    pub fn request(&self, route: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
        let mut head = format!("{route} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|header| header.starts_with("Host:")) {
            head += &format!("Host: {}\r\n", self.address);
        }
        if !route.starts_with("GET") {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        for header in headers {
            head += &format!("{header}\r\n");
        }
        [head.as_bytes(), b"\r\n", body].concat()
    }

    pub fn seven(&self) -> Vec<u8> {
        std::fs::read(self.folder.path().join("seven.png")).expect("read")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gently, so that it ends its training.
        #[cfg(unix)]
        if let Ok(None) = self.child.try_wait() {
            let id = rustix::process::Pid::from_child(&self.child);
            let _sent = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_secs(10)
                && matches!(self.child.try_wait(), Ok(None))
            {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let _dead_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The status and JSON of an answer; null where the body is something else.
fn answer(stream: &mut TcpStream) -> (u16, Value) {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).expect("an answer");
    let text = String::from_utf8_lossy(&text);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no HTTP: {text}"));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = serde_json::from_str(body).unwrap_or_default();
    (status.unwrap_or_else(|| panic!("no status: {head}")), body)
}

/// A drawn seven, 80 x 80 pixels.
fn seven(folder: &Path) {
    let picture = image::GrayImage::from_fn(80, 80, |x, y| {
        let (x, y) = (f64::from(x), f64::from(y));
        let bar = (15.0..=20.0).contains(&y) && (20.0..=60.0).contains(&x);
        let stroke = (17.0..=65.0).contains(&y) && (x - (58.0 - (y - 17.0) * 0.5)).abs() < 3.0;
        image::Luma([if bar || stroke { 0 } else { 255 }])
    });
    picture.save(folder.join("seven.png")).expect("written");
}

#[test]
fn it_answers_as_predict_does_whatever_form_the_images_come_in() {
    let server = Server::start(&[]);
    let bytes = server.seven();
    for model in ["digits-cnn", "digits-detector"] {
        let mut expected = json(
            server.folder.path(),
            &["predict", model, "seven.png", "--json"],
        )[0]
        .clone();
        assert_eq!(expected["class"], "7");
        let route = format!("POST /v1/predict?model={model}");
        let (status, whole) = server.ask(&route, &["Content-Type: image/png"], &bytes);
        assert_eq!(
            (status, &whole["model"]),
            (200, &Value::from(model)),
            "{whole}"
        );
        expected.as_object_mut().expect("an object").remove("image");
        assert_eq!(whole["predictions"][0], expected);

        let text = base64(&bytes);
        let one = format!("{{\"image\": \"data:image/png;base64,{text}\"}}");
        let (_, of_json) = server.ask(&route, &["Content-Type: application/json"], one.as_bytes());
        assert_eq!(of_json, whole);
        let two = format!("{{\"images\": [\"{text}\", \"{text}\"]}}");
        let (_, of_two) = server.ask(&route, &["Content-Type: application/json"], two.as_bytes());
        // Batches differ in how they round.
        let score = |of: &Value| of["score"].as_f64().expect("a score");
        let second = &of_two["predictions"][1];
        assert!((score(second) - score(&expected)).abs() < 1e-5, "{second}");

        let mut form = Vec::new();
        for name in ["a.png", "b.png"] {
            let head = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=";
            form.extend(format!("{head}\"{name}\"\r\n\r\n").as_bytes());
            form.extend(&bytes);
            form.extend(b"\r\n");
        }
        form.extend(b"--x--\r\n");
        let kind = ["Content-Type: multipart/form-data; boundary=x"];
        let (_, of_form) = server.ask(&route, &kind, &form);
        assert_eq!(of_form["predictions"][1]["image"], "b.png");
        assert_eq!(of_form["predictions"][1]["class"], "7");
    }
}

#[test]
fn wrong_requests_are_told_what_is_wrong() {
    let server = Server::start(&["--max-body", "1"]);
    let large = vec![0; (1 << 20) + 1];
    let image = server.seven();
    let png = "Content-Type: image/png";
    let json = "Content-Type: application/json";
    let form = "Content-Type: multipart/form-data";
    for (route, headers, body, status, code) in [
        ("POST /v1/predict", vec![png], &b""[..], 400, "bad_request"),
        (
            "POST /v1/predict",
            vec![png],
            b"no image",
            422,
            "unreadable_image",
        ),
        (
            "POST /v1/predict",
            vec![png],
            &image[..image.len() / 2],
            422,
            "unreadable_image",
        ),
        ("POST /v1/predict", vec![png], &large, 413, "too_large"),
        (
            "POST /v1/predict",
            vec![json],
            b"{\"image\": 7}",
            400,
            "bad_request",
        ),
        (
            "POST /v1/predict",
            vec![json],
            b"{\"picture\": \"\"}",
            400,
            "bad_request",
        ),
        (
            "POST /v1/predict",
            vec![json],
            b"{\"image\": \"?\"}",
            400,
            "bad_request",
        ),
        ("POST /v1/predict", vec![json], b"{}", 400, "bad_request"),
        (
            "POST /v1/predict",
            vec![json],
            &[b'['; 100_000],
            400,
            "bad_request",
        ),
        ("POST /v1/predict", vec![form], b"--x", 400, "bad_request"),
        (
            "POST /v1/predict?model=x",
            vec![png],
            &image,
            404,
            "unknown_model",
        ),
        (
            "POST /v1/predict?top=3",
            vec![png],
            &image,
            400,
            "bad_request",
        ),
        ("GET /v1/predict", vec![], b"", 405, "method_not_allowed"),
        ("GET /v2", vec![], b"", 404, "not_found"),
        (
            "GET /v1/models",
            vec!["Host: evil.example"],
            b"",
            421,
            "unknown_host",
        ),
        (
            "GET /v1/models",
            vec!["Host: a@127.0.0.1"],
            b"",
            400,
            "bad_request",
        ),
        (
            "GET /v1/models",
            vec!["Host: localhost", "Host: localhost"],
            b"",
            400,
            "bad_request",
        ),
        (
            "GET /v1/models",
            vec!["Origin: https://evil.example"],
            b"",
            403,
            "foreign_origin",
        ),
        (
            "GET /v1/models",
            vec!["Origin: null"],
            b"",
            403,
            "foreign_origin",
        ),
        (
            "POST /v1/predict",
            vec![png, "Sec-Fetch-Site: cross-site"],
            &image,
            403,
            "foreign_origin",
        ),
    ] {
        let (found, text) = server.ask(route, &headers, body);
        let error = &text["error"];
        assert_eq!(
            (found, &error["code"]),
            (status, &Value::from(code)),
            "{route} {headers:?}: {text}"
        );
        for key in ["message", "hint"] {
            assert!(!error[key].as_str().expect("a text").is_empty(), "{text}");
        }
    }
    // A link from another site opens the page.
    for route in ["GET /", "GET /docs"] {
        let link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"];
        assert_eq!(server.ask(route, &link, b"").0, 200, "{route}");
    }
    let own = format!("Origin: http://{}", server.address);
    for headers in [
        vec!["Host: localhost"],
        vec!["Host: [::1]:80"],
        vec![own.as_str()],
    ] {
        assert_eq!(
            server.ask("GET /v1/models", &headers, b"").0,
            200,
            "{headers:?}"
        );
    }
}

#[test]
fn the_document_names_every_route() {
    let server = Server::start(&["digits-cnn"]);
    let (status, document) = server.ask("GET /openapi.json", &[], b"");
    assert_eq!((status, &document["openapi"]), (200, &Value::from("3.1.0")));
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let place = reference.split('"').next().expect("a place");
        assert!(document.pointer(place).is_some(), "{place}");
    }
    let paths = document["paths"].as_object().expect("paths");
    for (path, methods) in paths {
        // Those that want to be told more have tests of their own, as has the stream of events.
        let more = methods["get"]["parameters"].as_array();
        let more = more.is_some_and(|all| all.iter().any(|one| one["required"] == true));
        if methods.get("get").is_some() && !more && path != "/v1/events" {
            assert_eq!(
                server.ask(&format!("GET {path}"), &[], b"").0,
                200,
                "{path}"
            );
        }
    }
    assert!(paths.contains_key("/v1/predict") && paths.contains_key("/docs"));
    let (_, list) = server.ask("GET /v1/models", &[], b"");
    assert_eq!(list["models"][0]["name"], "digits-cnn");
    let (status, again) = server.ask("POST /v1/models/reload", &[], b"");
    assert_eq!((status, again), (200, list));
}

#[test]
fn a_token_keeps_others_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "0123456789abcdef\n").expect("written");
    let server = Server::start(&["--serve-token-file", &file.display().to_string()]);
    let right = "Authorization: Bearer 0123456789abcdef";
    for (route, headers, status) in [
        ("GET /v1/models", vec![], 401),
        (
            "GET /v1/models",
            vec!["Authorization: Bearer 0123456789abcdeg"],
            401,
        ),
        (
            "GET /v1/models",
            vec!["Authorization: Bearer 0123456789abcde"],
            401,
        ),
        ("GET /v1/models", vec![right], 200),
        ("GET /healthz", vec![], 200),
        ("GET /", vec![], 200),
        ("GET /main.js", vec![], 200),
    ] {
        assert_eq!(
            server.ask(route, &headers, b"").0,
            status,
            "{route} {headers:?}"
        );
    }
    let open = error(
        folder.path(),
        &["serve", "--host", "0.0.0.0", "--port", "0"],
        2,
    );
    assert!(open.contains("--insecure"), "{open}");
}

#[test]
fn a_full_queue_is_said_and_a_slow_client_holds_up_nobody() {
    let server = Server::start(&["digits-detector", "--queue", "2"]);
    let bytes = server.seven();
    let mut slow = server.connect();
    slow.write_all(
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx",
    )
    .expect("sent");
    let request = server.request("POST /v1/predict", &[], &bytes);
    let mut busy = 0;
    for _ in 0..20 {
        let mut streams: Vec<TcpStream> = (0..16).map(|_| server.connect()).collect();
        for stream in &mut streams {
            stream.write_all(&request).expect("sent");
        }
        for (status, body) in streams.iter_mut().map(answer) {
            assert!(status == 200 || status == 429, "{body}");
            busy += usize::from(status == 429);
        }
        if busy > 0 {
            break;
        }
    }
    assert!(busy > 0, "two images fit into the queue, and sixteen came");
    let three = format!(
        "{{\"images\": [\"{0}\", \"{0}\", \"{0}\"]}}",
        base64(&bytes)
    );
    let kind = ["Content-Type: application/json"];
    let (status, text) = server.ask("POST /v1/predict", &kind, three.as_bytes());
    assert_eq!(
        (status, &text["error"]["code"]),
        (413, &Value::from("too_many_images"))
    );
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_after_the_last_answer() {
    let mut server = Server::start(&["digits-detector"]);
    let bytes = server.seven();
    let request = server.request("POST /v1/predict", &[], &bytes);
    let mut streams: Vec<TcpStream> = (0..16).map(|_| server.connect()).collect();
    for stream in &mut streams {
        stream.write_all(&request).expect("sent");
    }
    let id = rustix::process::Pid::from_child(&server.child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("sent");
    for stream in &mut streams {
        assert_eq!(answer(stream).0, 200);
    }
    let begin = Instant::now();
    assert!(server.child.wait().expect("its end").success());
    assert!(begin.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_hangup_loads_the_models_anew_and_ends_nothing() {
    let mut server = Server::start(&["digits-cnn"]);
    let id = rustix::process::Pid::from_child(&server.child);
    for _ in 0..3 {
        rustix::process::kill_process(id, rustix::process::Signal::HUP).expect("sent");
        for _ in 0..10 {
            std::thread::sleep(Duration::from_millis(30));
            let (status, _) = server.ask("POST /v1/predict", &[], &server.seven());
            assert_eq!(status, 200);
        }
    }
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("sent");
    assert!(server.child.wait().expect("its end").success());
}

/// Clients that connect anew for each request, and never stop asking.
#[test]
fn a_signal_ends_it_under_load() {
    let mut server = Server::start(&["digits-cnn"]);
    let request = server.request("POST /v1/predict", &[], &server.seven());
    let address = server.address.clone();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (request, address) = (request.clone(), address.clone());
            std::thread::spawn(move || {
                let mut answered = 0;
                while let Ok(mut stream) = TcpStream::connect(&address) {
                    let mut bytes = Vec::new();
                    let asked = stream.write_all(&request);
                    if asked.is_err() || stream.read_to_end(&mut bytes).is_err() {
                        break; // it came when the door was being closed
                    }
                    answered += usize::from(bytes.starts_with(b"HTTP/1.1 200"));
                }
                answered
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    let id = rustix::process::Pid::from_child(&server.child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("sent");
    let begin = Instant::now();
    assert!(server.child.wait().expect("its end").success());
    assert!(begin.elapsed() < Duration::from_secs(30));
    for client in clients {
        assert!(client.join().expect("no panic") > 0);
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}
