//! A person at a terminal, played by script(1) of util-linux.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use longshore_mock_registry::{Auth, MockRegistry};

use crate::support::{PASSWORD, TestEnv, USER, assert_holds, assert_untouched, at, registry};

#[test]
fn a_person_is_asked_for_user_name_and_password() {
    let registry = registry(Auth::Bearer);
    let env = TestEnv::with_image();
    let Some(mut terminal) = Terminal::push(&env, &registry, "") else {
        return;
    };
    terminal.answer("Username: ", USER);
    terminal.answer("Password: ", PASSWORD);
    terminal.finish(0);
    assert_holds(&registry, "app", "latest");
}

#[test]
fn a_wrong_password_may_be_typed_again() {
    for auth in [Auth::Basic, Auth::Bearer] {
        let registry = registry(auth);
        let env = TestEnv::with_image();
        let Some(mut terminal) = Terminal::push(&env, &registry, "-u alice") else {
            return;
        };
        terminal.answer("Password: ", "oops");
        terminal.answer("Password: ", PASSWORD);
        terminal.finish(0);
        assert_holds(&registry, "app", "latest");
    }
}

#[test]
fn but_not_more_than_three_times() {
    let registry = registry(Auth::Bearer);
    let env = TestEnv::with_image();
    let Some(mut terminal) = Terminal::push(&env, &registry, "-u alice") else {
        return;
    };
    for _ in 0..3 {
        terminal.answer("Password: ", "oops");
    }
    let said = terminal.finish(4);
    assert!(!said.contains("Password: "), "a fourth time: {said}");
    assert_untouched(&registry);
}

#[test]
fn ctrl_c_is_an_answer() {
    for question in ["Username: ", "Password: "] {
        let registry = registry(Auth::Basic);
        let env = TestEnv::with_image();
        let Some(mut terminal) = Terminal::push(&env, &registry, "") else {
            return;
        };
        if question == "Password: " {
            terminal.answer("Username: ", USER);
        }
        terminal.wait_for(question);
        terminal.type_in("\x03");
        let said = terminal.finish(130);
        assert!(said.contains("error: cancelled"), "{said}");
        assert_untouched(&registry);
    }
}

/// A push at a terminal.
struct Terminal<'a> {
    env: &'a TestEnv,
    child: Child,
    said: String,
}

impl<'a> Terminal<'a> {
    /// `None` where there is no script(1).
    fn push(env: &'a TestEnv, registry: &MockRegistry, options: &str) -> Option<Self> {
        let program = env!("CARGO_BIN_EXE_longshore");
        let to = at(registry, "app");
        let command = format!("{program} push --image image --auth {options} app {to}");
        let child = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .current_dir(env.path(""))
            .env_clear()
            .envs([("HOME", env.path("home")), ("TMPDIR", env.path("tmp"))])
            .envs([("SHELL", "/bin/sh"), ("TERM", "dumb"), ("USER", "alice")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        match child {
            Ok(child) => Some(Self {
                env,
                child,
                said: String::new(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                println!("skipped: there is no script(1) here");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn answer(&mut self, question: &str, answer: &str) {
        self.wait_for(question);
        self.type_in(&format!("{answer}\n"));
    }

    #[track_caller]
    fn wait_for(&mut self, question: &str) {
        let stdout = self.child.stdout.as_mut().unwrap();
        let mut byte = [0];
        while !self.said.ends_with(question) {
            assert_ne!(
                stdout.read(&mut byte).unwrap(),
                0,
                "no {question:?} in {}",
                self.said
            );
            self.said.push(char::from(byte[0]));
        }
        self.said.clear();
    }

    fn type_in(&mut self, keys: &str) {
        self.child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(keys.as_bytes())
            .unwrap();
    }

    /// What was said since the last question, by a program that asks no more: there will be no
    /// answer.
    #[track_caller]
    fn finish(mut self, code: i32) -> String {
        drop(self.child.stdin.take());
        let mut rest = Vec::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_end(&mut rest)
            .unwrap();
        let said = String::from_utf8_lossy(&rest).into_owned();
        assert_eq!(self.child.wait().unwrap().code(), Some(code), "{said}");
        self.env.assert_tidy(&said);
        said
    }
}
