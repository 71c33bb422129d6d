//! The dashboard in a terminal that answers for itself: tmux, which tells what is on the screen and in which state it is.
//!
//! This test program starts itself in a shell in tmux, to run the made-up training below.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::{Progress, Show};
use super::{record, step};
use crate::interrupts::{STOP, catch_while_training};
use nets::training::Observer;

/// Far longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const BATCHES: usize = 100;
const EPOCHS: usize = 1000;

/// What a training does, until it is stopped; `MADE_UP=panics` ends it otherwise, `MADE_UP=deaf` not even then.
#[test]
#[ignore = "is started in tmux by the others"]
fn made_up_training() {
    catch_while_training().unwrap();
    let kind = std::env::var("MADE_UP").unwrap_or_default();
    let show = Show {
        plain: false,
        part: Some([1, 2]),
        report: false,
    };
    let mut progress = Progress::new("made-up", EPOCHS, show);
    for at in 1..BATCHES * EPOCHS {
        std::thread::sleep(Duration::from_millis(2));
        progress.step(&step(at, BATCHES, EPOCHS));
        if at % BATCHES == 0 {
            progress.epoch(&record(at / BATCHES, BATCHES));
        }
        assert!(
            kind != "panics" || at < 3 * BATCHES,
            "this was to be expected"
        );
        if STOP.load(Ordering::Relaxed) && kind != "deaf" {
            break;
        }
    }
    drop(progress);
    eprintln!("the end");
}

/// A shell in tmux; its server ends with it.
struct Pane {
    folder: TempDir,
}

impl Pane {
    /// With so many columns and rows and the made-up training begun, with words `before` and `after` it in the command;
    /// `None` without tmux.
    fn start(width: u16, height: u16, before: &str, after: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("there is no tmux: nothing was looked at");
            return None;
        }
        let pane = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let [width, height] = [width, height].map(|length| length.to_string());
        let shell = "env PS1='$ ' sh -i";
        pane.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &width,
            "-y",
            &height,
            shell,
        ]);
        let program: PathBuf = std::env::current_exe().unwrap();
        pane.keys(&[
            &format!(
                "ulimit -c 0; {before} {} --ignored --exact progress::tests::tmux::made_up_training --nocapture {after}",
                program.display()
            ),
            "Enter",
        ]);
        Some(pane)
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output: Output = Command::new("tmux")
            .env_remove("TMUX")
            .env("TMUX_TMPDIR", self.folder.path())
            .args(arguments)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// What is to be read.
    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until the screen is as expected.
    fn until(&self, what: &str, expected: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if expected(&screen) {
                return screen;
            }
            assert!(start.elapsed() < PATIENCE, "not {what}:\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn until_there_is(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// The process that trains.
    fn training(&self) -> String {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]);
        let children = format!("/proc/{0}/task/{0}/children", shell.trim());
        let children = std::fs::read_to_string(children).unwrap();
        children.trim().to_string()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.training()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// The screen is the ordinary one with a cursor, and typing is seen and edited by lines.
    fn is_restored(&self) {
        let state = self.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
        assert_eq!(state.trim(), "0 1", "alternate screen, cursor");
        self.keys(&[
            "clear; stty -a | tr ' ' '\\n' | grep -x -e icanon -e echo -e ixon -e isig | xargs",
            "Enter",
        ]);
        self.until("as before", |screen| {
            screen.lines().any(|line| line == "ixon isig icanon echo")
        });
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        // What still runs hangs up.
        self.tmux(&["kill-server"]);
    }
}

const DASHBOARD: &str = "made-up  1 of 2";

#[test]
fn ctrl_c_ends_training_and_leaves_what_was_said() {
    let Some(pane) = Pane::start(100, 40, "", "") else {
        return;
    };
    let screen = pane.until_there_is("messages");
    assert!(screen.starts_with(DASHBOARD), "{screen}");
    pane.keys(&["C-c"]);
    let screen = pane.until_there_is("the end");
    assert!(screen.contains("made-up epoch 1/1000"), "{screen}");
    assert!(screen.contains("stopping after this step"), "{screen}");
    assert!(
        screen.contains("running 1 test"),
        "what was there before: {screen}"
    );
    assert!(!screen.contains(DASHBOARD), "{screen}");
    pane.is_restored();
}

#[test]
fn a_second_ctrl_c_quits_at_once() {
    let Some(pane) = Pane::start(100, 40, "MADE_UP=deaf", "; echo code $?") else {
        return;
    };
    pane.until_there_is("messages");
    pane.keys(&["C-c"]);
    pane.until_there_is("stopping after this step");
    pane.keys(&["C-c"]);
    pane.until_there_is("code 130");
    pane.is_restored();
}

#[test]
fn signals_give_the_terminal_back() {
    for (name, what) in [("TERM", "the end"), ("HUP", "the end"), ("QUIT", "Quit")] {
        let Some(pane) = Pane::start(100, 40, "", "") else {
            return;
        };
        pane.until_there_is("messages");
        pane.signal(name);
        let screen = pane.until_there_is(what);
        assert!(screen.contains("made-up epoch 1/1000"), "{screen}");
        pane.is_restored();
    }
}

#[test]
fn a_panic_is_told_on_the_ordinary_screen() {
    let Some(pane) = Pane::start(100, 40, "MADE_UP=panics", "") else {
        return;
    };
    let screen = pane.until_there_is("test result: FAILED");
    let lines = ["made-up epoch 2/1000", "this was to be expected"];
    let [said, panic] = lines.map(|line| screen.find(line).expect(line));
    assert!(said < panic, "{screen}");
    assert!(!screen.contains(DASHBOARD), "{screen}");
    pane.is_restored();
}

#[test]
fn q_leaves_for_plain_lines() {
    let Some(pane) = Pane::start(100, 40, "", "") else {
        return;
    };
    pane.until_there_is("messages");
    pane.keys(&["q"]);
    let plain = |screen: &str| !screen.contains(DASHBOARD) && screen.contains("epoch 1/1000");
    let before = pane.until("plain", plain);
    pane.until("going on", |screen| {
        plain(screen)
            && screen.matches("made-up epoch").count() > before.matches("made-up epoch").count()
    });
    pane.keys(&["C-c"]);
    pane.until_there_is("the end");
    pane.is_restored();
}

#[test]
fn a_stopped_training_comes_back() {
    let Some(pane) = Pane::start(100, 40, "", "") else {
        return;
    };
    pane.until_there_is("messages");
    pane.keys(&["C-z"]);
    pane.until("at the shell", |screen| {
        !screen.contains(DASHBOARD) && screen.contains("Stopped")
    });
    pane.is_restored();
    pane.keys(&["fg", "Enter"]);
    pane.until("back", |screen| screen.starts_with(DASHBOARD));
    pane.keys(&["C-z"]);
    pane.until_there_is("Stopped");
    // In the background the terminal is not its own: plain lines.
    pane.keys(&["clear; bg", "Enter"]);
    let screen = pane.until_there_is("made-up epoch");
    assert!(!screen.contains(DASHBOARD), "{screen}");
    pane.is_restored();
}

#[test]
fn every_size_is_drawn_afresh() {
    let Some(pane) = Pane::start(120, 30, "", "") else {
        return;
    };
    pane.until_there_is("messages");
    for (width, height) in [(80, 24), (40, 10), (20, 5), (61, 40), (160, 50)] {
        let [columns, rows] = [width, height].map(|length: usize| length.to_string());
        pane.tmux(&["resize-window", "-x", &columns, "-y", &rows]);
        // The share of what is done ends the second line; nothing else is left of another size.
        let screen = pane.until("drawn", |screen| {
            let lines: Vec<&str> = screen.lines().collect();
            let ends = lines
                .get(1)
                .is_some_and(|bar| bar.ends_with(" %") || width < 40);
            let keys = height < 8 || lines.last().is_some_and(|keys| keys.starts_with("q plain"));
            lines[0].starts_with(DASHBOARD) && ends && keys
        });
        let told = ["made-up  1 of 2", "learning rate", "q plain", "messages"];
        for text in told {
            assert!(screen.matches(text).count() <= 1, "{text} twice: {screen}");
        }
        let charts = screen.matches("⠒ training").count();
        assert_eq!(
            charts,
            if width >= 60 && height >= 18 { 2 } else { 0 },
            "{screen}"
        );
    }
    pane.keys(&["C-c"]);
    pane.until_there_is("the end");
    pane.is_restored();
}

#[test]
fn where_there_can_be_no_dashboard_there_are_lines() {
    for (width, height, before, after) in [
        (100, 9, "", ""),
        (39, 40, "", ""),
        (100, 40, "TERM=dumb", ""),
        (100, 40, "", "&"),
        (100, 40, "", "2>&1 | cat -v"),
    ] {
        let Some(pane) = Pane::start(width, height, before, after) else {
            return;
        };
        let case = format!("{width} x {height} {before} {after}");
        let screen = pane.until_there_is("made-up epoch 2/1000");
        assert!(!screen.contains(DASHBOARD), "{case}: {screen}");
        assert!(!screen.contains("^["), "{case}: {screen}");
        let state = pane.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]);
        assert_eq!(state.trim(), "0 1", "{case}");
    }
}

#[test]
fn no_color_is_obeyed() {
    let colours = |before| {
        let pane = Pane::start(100, 40, before, "")?;
        pane.until_there_is("messages");
        Some(
            pane.tmux(&["capture-pane", "-p", "-e"])
                .contains("\x1b[36m"),
        )
    };
    assert_ne!(colours(""), Some(false));
    assert_ne!(colours("NO_COLOR=1"), Some(true));
}
