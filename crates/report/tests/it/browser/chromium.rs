//! Chromium without a window, controlled by the DevTools protocol
//! (chromedevtools.github.io/devtools-protocol) over two pipes: no port, no other program.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// A running browser with one page.
pub struct Chromium {
    process: Child,
    /// Messages to and from it end with a zero byte.
    to: File,
    from: BufReader<File>,
    next: u64,
    session: Option<String>,
    /// Errors that pages wrote to the console, or that opening them caused.
    pub errors: Vec<String>,
}

impl Chromium {
    /// The program, if there is one: the value of `CHROMIUM`, or a usual name on the path.
    pub fn program() -> Option<String> {
        let named = std::env::var("CHROMIUM").ok();
        let usual = ["chromium", "chromium-browser", "google-chrome"].map(String::from);
        let answers = |program: &String| {
            let version = Command::new(program).arg("--version").output();
            version.is_ok_and(|output| output.status.success())
        };
        named.into_iter().chain(usual).find(answers)
    }

    /// Starts it with a profile of its own in `folder`.
    pub fn start(program: &str, folder: &Path) -> Self {
        let (to, from) = (folder.join("to"), folder.join("from"));
        let made = Command::new("mkfifo").args([&to, &from]).status();
        assert!(made.expect("mkfifo runs").success());
        // It reads commands from file descriptor 3 and answers on 4.
        let process = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<\"$TO\" 4>\"$FROM\"", program])
            .args([
                "--headless",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
            ])
            .arg(format!(
                "--user-data-dir={}",
                folder.join("profile").display()
            ))
            .env("TO", &to)
            .env("FROM", &from)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        // Opening a pipe waits for its other end.
        let to = OpenOptions::new().write(true).open(&to).expect("a pipe");
        let from = BufReader::new(File::open(&from).expect("a pipe"));
        let mut chromium = Self {
            process,
            to,
            from,
            next: 0,
            session: None,
            errors: Vec::new(),
        };
        let page = chromium.ask("Target.createTarget", json!({"url": "about:blank"}));
        let attached = chromium.ask(
            "Target.attachToTarget",
            json!({"targetId": page["targetId"], "flatten": true}),
        );
        chromium.session = Some(attached["sessionId"].as_str().expect("a session").into());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            chromium.ask(&format!("{domain}.enable"), json!({}));
        }
        chromium
    }

    /// Opens a file at a width in CSS pixels, light or dark, and waits until it is there.
    pub fn open(&mut self, file: &Path, width: u32, dark: bool) {
        let size = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let screen = json!({"media": "screen", "features": features});
        self.ask("Emulation.setEmulatedMedia", screen);
        let url = format!("file://{}", file.display());
        let opened = self.ask("Page.navigate", json!({"url": url}));
        assert!(opened["errorText"].is_null(), "{url}: {opened}");
        loop {
            let message = self.read();
            if message["method"] == "Page.loadEventFired" {
                break;
            }
        }
    }

    /// Shows the page as it is printed, until another is opened.
    pub fn print(&mut self) {
        self.ask("Emulation.setEmulatedMedia", json!({"media": "print"}));
    }

    /// The value of an expression in the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true});
        let answer = self.ask("Runtime.evaluate", asked);
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// The whole page as PNG, in base64.
    pub fn picture(&mut self) -> String {
        let size = self.evaluate(
            "[document.documentElement.clientWidth, document.documentElement.scrollHeight]",
        );
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let asked = json!({"captureBeyondViewport": true, "clip": clip});
        let answer = self.ask("Page.captureScreenshot", asked);
        answer["data"].as_str().unwrap_or_default().to_string()
    }

    /// Sends a command and waits for its answer.
    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let mut message = json!({"id": self.next, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        write!(self.to, "{message}\0").expect("the browser listens");
        loop {
            let answer = self.read();
            if answer["id"] == self.next {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// The next message; notes errors.
    fn read(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from
            .read_until(0, &mut bytes)
            .expect("the browser answers");
        assert_eq!(bytes.pop(), Some(0), "the browser ended");
        let message: Value = serde_json::from_slice(&bytes).expect("JSON");
        let parameters = &message["params"];
        let error = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => parameters["type"] == "error",
            // Everything that the browser itself complains of, warnings too.
            Some("Log.entryAdded") => parameters["entry"]["level"] != "verbose",
            Some("Network.requestWillBeSent") => {
                let url = parameters["request"]["url"].as_str().unwrap_or_default();
                !url.starts_with("file:") && !url.starts_with("data:")
            }
            _ => false,
        };
        if error {
            self.errors.push(parameters.to_string());
        }
        message
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
