//! `jwtgate demo`: what it prints can be copied, and shows what it says it shows.

use std::process::{Command, Output};

use crate::support::binary::command;
use crate::support::{Binary, Scratch};

/// The `curl` commands printed so far, with continued lines joined.
fn curls(binary: &Binary) -> Vec<String> {
    let said = [binary.stdout(), binary.stderr()].concat().join("\n").replace("\\\n", " ");
    let commands = said.lines().map(|line| line.trim().trim_start_matches("$ "));
    commands.filter(|line| line.starts_with("curl ")).map(str::to_owned).collect()
}

fn demo(scratch: &Scratch) -> Binary {
    let mut command = command(["demo"]);
    command.env("TMPDIR", scratch.path()).current_dir(scratch.path());
    Binary::spawn_command(command)
}

/// Runs a line as someone would who copied it.
async fn run(line: String) -> Output {
    let mut command = Command::new("bash");
    command.args(["-c", &line]);
    tokio::task::spawn_blocking(move || command.output().expect("bash and curl")).await.unwrap()
}

async fn printed(binary: &mut Binary, count: usize) -> Vec<String> {
    eventually!(
        {
            assert!(binary.exited().is_none(), "it ended: {:#?} {:#?}", binary.stdout(), binary.stderr());
            let commands = curls(binary);
            (commands.len() >= count).then_some(commands)
        },
        "fewer than {count} curl lines: {:#?}",
        binary.stdout()
    )
}

/// One after the other, for the ports of the demo are fixed until taken.
#[tokio::test]
async fn the_printed_lines_show_401_200_403_and_401_and_nothing_is_left() {
    let scratch = Scratch::new();
    let mut first = demo(&scratch);
    let commands = printed(&mut first, 4).await;
    let mut shown = String::new();
    for line in commands {
        let output = run(line.clone()).await;
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let statuses: Vec<&str> =
            ["200", "401", "403"].into_iter().filter(|code| text.contains(code)).collect();
        assert!(!statuses.is_empty(), "{line}\nsays neither 200 nor 401 nor 403:\n{text}");
        shown.push_str(&text);
    }
    for expected in ["401", "200", "403", "WWW-Authenticate", "invalid_token", "insufficient_scope"] {
        let found = shown.to_ascii_lowercase().contains(&expected.to_ascii_lowercase());
        assert!(found, "no curl line shows {expected}:\n{shown}");
    }
    assert!(shown.to_ascii_lowercase().contains("x-user"), "no identity header is shown:\n{shown}");
    the_configuration_is_there_to_read(&first);

    // A second demo finds the ports taken: it says which, or prints others that work.
    let elsewhere = Scratch::new();
    let mut second = demo(&elsewhere);
    eventually!(second.exited().is_some() || curls(&second).len() >= 4, "{:#?}", second.stdout());
    if second.exited().is_none() {
        let line = curls(&second).remove(0);
        let output = run(line.clone()).await;
        assert!(output.status.success(), "{line}: {output:?}");
        second.signal("INT");
        assert_eq!(second.wait().await.code(), Some(0));
    } else {
        let said = [second.stdout(), second.stderr()].concat().join("\n");
        assert!(said.contains("8443"), "which port is taken? {said}");
    }

    first.signal("INT");
    assert_eq!(first.wait().await.code(), Some(0), "{:#?}", first.stderr());
    for scratch in [&scratch, &elsewhere] {
        let left: Vec<_> = std::fs::read_dir(scratch.path()).unwrap().collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

fn the_configuration_is_there_to_read(demo: &Binary) {
    let said = demo.stdout().join("\n");
    let path = said.split_whitespace().find(|word| word.trim_end_matches(['.', ',']).ends_with(".yaml"));
    let path = path.unwrap_or_else(|| panic!("it does not say where its configuration is:\n{said}"));
    let yaml = std::fs::read_to_string(path.trim_end_matches(['.', ','])).unwrap();
    assert!(yaml.contains("routes:"), "{yaml}");
}
