//! The studio's routes, asked over TCP: trainings, their queue, and what listeners hear of them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use super::serve::Server;
use super::support::{Command, TINY_CNN, Value, success};

/// Longest wait for something that a training does.
const PATIENCE: Duration = Duration::from_secs(120);

fn server() -> Server {
    Server::start(&["digits-cnn"])
}

/// The tiny recipe, for this many epochs.
fn tiny(epochs: usize) -> String {
    TINY_CNN.replace("epochs = 1", &format!("epochs = {epochs}"))
}

pub fn ask(server: &Server, route: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    server.ask(route, &["Content-Type: application/json"], body.as_bytes())
}

pub fn get(server: &Server, path: &str) -> Value {
    let (status, answer) = server.ask(&format!("GET {path}"), &[], b"");
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

pub fn code(answer: &(u16, Value)) -> (u16, &str) {
    (
        answer.0,
        answer.1["error"]["code"].as_str().unwrap_or_default(),
    )
}

/// Waits until a run is as wanted.
pub fn wait_for(server: &Server, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begin = Instant::now();
    loop {
        let runs = get(server, "/v1/runs");
        let runs = runs["runs"].as_array().expect("a list");
        match runs.iter().find(|run| run["name"] == name) {
            Some(run) if wanted(run) => return run.clone(),
            found => assert!(begin.elapsed() < PATIENCE, "{name}: {found:?}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |run| run["state"] == state
}

/// A listener to the events.
struct Listener {
    stream: BufReader<TcpStream>,
    /// What was heard and not asked for yet: a fast training ends between two looks, and then the order differs.
    heard: Vec<(String, Value)>,
}

impl Listener {
    fn new(server: &Server) -> Self {
        let mut stream = server.connect();
        let request = server.request("GET /v1/events", &[], b"");
        stream.write_all(&request).expect("sent");
        Self {
            stream: BufReader::new(stream),
            heard: Vec::new(),
        }
    }

    /// Waits for an event of this name that is as wanted, unless it was heard before; each is given once.
    fn hear(&mut self, wanted: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        let is_it = |(name, data): &(String, Value)| name == wanted && fits(data);
        if let Some(place) = self.heard.iter().position(is_it) {
            return self.heard.remove(place).1;
        }
        let mut event = String::new();
        loop {
            let mut line = String::new();
            let length = self.stream.read_line(&mut line).expect("a line");
            assert!(length > 0 && begin.elapsed() < PATIENCE, "no {wanted}");
            if let Some(name) = line.strip_prefix("event: ") {
                event = name.trim().to_string();
            }
            if let Some(data) = line.strip_prefix("data: ") {
                let data = serde_json::from_str(data).expect("JSON");
                let heard = (event.clone(), data);
                if is_it(&heard) {
                    return heard.1;
                }
                self.heard.push(heard);
            }
        }
    }
}

#[test]
fn an_epoch_is_trained_and_heard_of() {
    let server = server();
    let mut listener = Listener::new(&server);
    assert_eq!(listener.hear("runs", |_| true), json!({"runs": []}));
    listener.hear("queue", |queue| queue["running"].is_null());
    let (status, queued) = ask(
        &server,
        "POST /v1/runs",
        &json!({"toml": tiny(1), "name": "mine", "seed": 3}),
    );
    assert_eq!((status, &queued["queued"]["name"]), (202, &json!("mine")));
    let epoch = listener.hear("epoch", |epoch| epoch["run"] == "mine");
    assert_eq!(epoch["record"]["epoch"], 1);
    let run = listener.hear("run", is("finished"));
    assert!(run["accuracy"].as_f64().expect("a figure") > 0.5, "{run}");
    assert_eq!((&run["seed"], &run["kind"]), (&json!(3), &json!("cnn")));
    let command = run["command"].as_str().expect("a text");
    assert!(
        command.starts_with("atelier train runs/.recipes/mine.toml"),
        "{command}"
    );
    let detail = get(&server, "/v1/runs/mine");
    assert_eq!(detail["run"], get(&server, "/v1/runs")["runs"][0]);
    assert_eq!(detail["history"][0], epoch["record"]);
    assert_eq!(detail["evaluation"]["accuracy"], run["accuracy"]);
    assert!(
        detail["toml"]
            .as_str()
            .expect("a text")
            .contains("epochs = 1")
    );
    // The recorded command repeats it.
    let folder = server.folder.path();
    let again: Vec<&str> = command.split(' ').skip(1).collect();
    success(folder, &again);
    let again = wait_for(&server, "mine-2", is("finished"));
    assert_eq!(again["loss"], run["loss"]);
}

#[test]
fn trainings_wait_for_each_other_and_are_stopped_and_resumed() {
    let server = server();
    let new = |epochs: usize| json!({"toml": tiny(epochs), "name": "tiny"});
    let (_, first) = ask(&server, "POST /v1/runs", &new(2000));
    let (_, second) = ask(&server, "POST /v1/runs", &new(1));
    let (_, third) = ask(&server, "POST /v1/runs", &new(1));
    for (queued, name, position) in [
        (first, "tiny", 0),
        (second, "tiny-2", 1),
        (third, "tiny-3", 2),
    ] {
        let queued = &queued["queued"];
        assert_eq!(
            (&queued["name"], &queued["position"]),
            (&json!(name), &json!(position))
        );
    }
    wait_for(&server, "tiny-2", is("queued"));
    let held = ask(&server, "DELETE /v1/runs/tiny", &Value::Null);
    assert_eq!(code(&held), (409, "in_use"));
    let (status, queue) = ask(&server, "POST /v1/runs/tiny-2/stop", &Value::Null);
    assert_eq!(
        (status, &queue["waiting"][0]["name"]),
        (200, &json!("tiny-3"))
    );
    let mut listener = Listener::new(&server);
    listener.hear("queue", |queue| queue["running"] == "tiny");
    let progress = listener.hear("progress", |it| it["epoch"].as_u64() > Some(1));
    assert_eq!(
        (&progress["run"], &progress["epochs"]),
        (&json!("tiny"), &json!(2000))
    );
    assert_eq!(ask(&server, "POST /v1/runs/tiny/stop", &Value::Null).0, 200);
    let stopped = wait_for(&server, "tiny", is("stopped"));
    wait_for(&server, "tiny-3", is("finished"));
    let names = get(&server, "/v1/runs");
    let names = names["runs"].as_array().expect("a list").iter();
    assert!(names.clone().all(|run| run["name"] != "tiny-2"));
    for (route, expected) in [
        ("POST /v1/runs/tiny/stop", (409, "not_training")),
        ("POST /v1/runs/tiny-3/resume", (409, "not_stopped")),
        ("POST /v1/runs/nothing/resume", (404, "unknown_run")),
        ("POST /v1/runs/nothing/stop", (404, "unknown_run")),
    ] {
        assert_eq!(
            code(&ask(&server, route, &Value::Null)),
            expected,
            "{route}"
        );
    }
    assert_eq!(
        ask(&server, "POST /v1/runs/tiny/resume", &Value::Null).0,
        202
    );
    let before = stopped["epoch"].as_u64();
    let later = wait_for(&server, "tiny", |run| run["epoch"].as_u64() > before);
    assert_eq!(
        (&later["state"], &later["date"]),
        (&json!("training"), &stopped["date"])
    );
    assert_eq!(ask(&server, "POST /v1/runs/tiny/stop", &Value::Null).0, 200);
    wait_for(&server, "tiny", is("stopped"));
}

#[cfg(unix)]
#[test]
fn a_server_that_is_stopped_leaves_a_run_to_resume() {
    let mut server = server();
    ask(
        &server,
        "POST /v1/runs",
        &json!({"toml": tiny(2000), "name": "tiny"}),
    );
    wait_for(&server, "tiny", |run| run["epoch"].as_u64() > Some(1));
    let mut listener = Listener::new(&server);
    listener.hear("runs", |_| true);
    let id = rustix::process::Pid::from_child(&server.child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("sent");
    assert!(server.child.wait().expect("its end").success());
    let runs = success(server.folder.path(), &["runs", "--json"]);
    let runs: Value = serde_json::from_slice(&runs).expect("JSON");
    assert_eq!(runs[0]["finished"], false);
    let checkpoints = server.folder.path().join("runs/tiny/checkpoints");
    assert!(checkpoints.read_dir().expect("a folder").count() > 0);
}

#[test]
fn a_training_of_a_terminal_is_seen_but_not_stopped() {
    let server = server();
    let mut listener = Listener::new(&server);
    std::fs::write(server.folder.path().join("own.toml"), tiny(2000)).expect("written");
    let mut training = Command::new(env!("CARGO_BIN_EXE_atelier"))
        .current_dir(&server.folder)
        .args(["train", "own.toml", "--plain"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let heard = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        listener.hear("run", is("training"));
        listener.hear("epoch", |epoch| epoch["record"]["epoch"] == 3);
        let stop = ask(&server, "POST /v1/runs/own/stop", &Value::Null);
        assert_eq!(code(&stop), (409, "not_ours"));
        let process = training.id().to_string();
        assert!(stop.1.to_string().contains(&process), "{}", stop.1);
        let delete = ask(&server, "DELETE /v1/runs/own", &Value::Null);
        assert_eq!(code(&delete), (409, "in_use"));
    }));
    training.kill().expect("killed");
    training.wait().expect("its end");
    heard.unwrap_or_else(|failed| std::panic::resume_unwind(failed));
    listener.hear("run", is("stopped"));
}

#[test]
fn runs_are_deleted_brought_back_and_tagged() {
    let server = server();
    let at = server.folder.path();
    std::fs::write(at.join("own.toml"), tiny(1)).expect("written");
    success(at, &["train", "own.toml", "--plain"]);
    let mut listener = Listener::new(&server);
    listener.hear("runs", |_| true);
    let tags = json!({"tags": ["good", "7 layers"]});
    let (status, tagged) = ask(&server, "PUT /v1/runs/own/tags", &tags);
    assert_eq!((status, &tagged["tags"]), (200, &tags["tags"]));
    listener.hear("run", |run| run["tags"] == tags["tags"]);
    let long = json!({"tags": ["x".repeat(41)]});
    assert_eq!(
        code(&ask(&server, "PUT /v1/runs/own/tags", &long)),
        (400, "bad_request")
    );
    for round in 0..2 {
        assert_eq!(
            ask(&server, "DELETE /v1/runs/own", &Value::Null).0,
            200,
            "{round}"
        );
        listener.hear("runs", |list| list["runs"] == json!([]));
        assert!(at.join("runs/.trash/own/evaluation.json").is_file());
        let (status, back) = ask(&server, "POST /v1/runs/own/restore", &Value::Null);
        assert_eq!((status, &back["tags"]), (200, &tags["tags"]));
        listener.hear("run", is("finished"));
        let again = ask(&server, "POST /v1/runs/own/restore", &Value::Null);
        assert_eq!(code(&again), (404, "unknown_run"));
    }
    // A second run of the name does not overwrite the first in the trash.
    ask(&server, "DELETE /v1/runs/own", &Value::Null);
    success(at, &["train", "own.toml", "--plain"]);
    ask(&server, "DELETE /v1/runs/own", &Value::Null);
    assert!(at.join("runs/.trash/own-2/evaluation.json").is_file());
    for name in [
        "..", "%2e%2e", "..%2fown", ".trash", "%2Ftmp", "own%2f", "own%00", "C:%5Cown", "", "%ff",
    ] {
        for route in [
            format!("GET /v1/runs/{name}"),
            format!("DELETE /v1/runs/{name}"),
            format!("POST /v1/runs/{name}/restore"),
            format!("PUT /v1/runs/{name}/tags"),
        ] {
            let (status, answer) = ask(&server, &route, &tags);
            assert!((400..500).contains(&status), "{route}: {status} {answer}");
        }
    }
    assert!(at.join("runs/.trash/own").is_dir());
}

#[test]
fn wrong_trainings_are_refused_and_failed_ones_explained() {
    let server = server();
    let wrong = json!({"toml": tiny(1).replace("kernel = 3", "kernel = 0")});
    let (status, answer) = ask(&server, "POST /v1/runs", &wrong);
    assert_eq!(
        (status, &answer["error"]["code"]),
        (422, &json!("recipe")),
        "{answer}"
    );
    let problem = &answer["problems"][0];
    assert_eq!(
        (&problem["line"], &problem["layer"]),
        (&json!(6), &json!(3)),
        "{problem}"
    );
    for (body, expected) in [
        (json!({}), (400, "bad_request")),
        (
            json!({"toml": tiny(1), "recipe": "lab-cnn"}),
            (400, "bad_request"),
        ),
        (
            json!({"toml": tiny(1), "name": "../x"}),
            (400, "bad_request"),
        ),
        (json!({"recipe": "../x"}), (404, "unknown_recipe")),
        (json!({"recipe": "/etc/passwd"}), (404, "unknown_recipe")),
        (
            json!({"recipe": "lab-cnn", "epoch": 1}),
            (400, "bad_request"),
        ),
        (json!({"toml": "#".repeat(1 << 20)}), (413, "too_large")),
    ] {
        let answer = ask(&server, "POST /v1/runs", &body);
        assert_eq!(code(&answer), expected, "{:?}", answer.1);
    }
    let mut listener = Listener::new(&server);
    let nowhere = tiny(1).replace("[data]", "[data]\nsource = \"no-such-folder\"");
    let refused = ask(&server, "POST /v1/runs", &json!({"toml": nowhere}));
    assert_eq!(code(&refused), (422, "recipe"));
    assert_eq!(refused.1["problems"][0]["line"], 10);
    // With all that the network depends on in the recipe, the training finds out.
    let image = "image = { size = [28, 28], colour = \"grey\" }";
    let nowhere = nowhere.replace("[data]", &format!("[data]\n{image}"));
    let (status, _) = ask(
        &server,
        "POST /v1/runs",
        &json!({"toml": nowhere, "name": "lost"}),
    );
    assert_eq!(status, 202);
    let failed = listener.hear("failed", |_| true);
    assert_eq!(failed["run"], "lost");
    let error = failed["error"].as_str().expect("a text");
    assert!(error.contains("no-such-folder"), "{error}");
    let (status, answer) = server.ask("GET /v1/runs/lost", &[], b"");
    assert_eq!((status, &answer["error"]["message"]), (404, &json!(error)));
}
