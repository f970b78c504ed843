//! Files that are no configuration at all: one clear line each, within a second.

use std::time::Duration;

use super::check;
use crate::support::Scratch;
use crate::support::binary::Finished;

/// The promise of a second, with another try for a machine that is busy with other tests.
async fn within_a_second(file: &str) -> Finished {
    for _ in 0..4 {
        let run = check(file).await;
        if run.took < Duration::from_secs(1) {
            return run;
        }
    }
    panic!("{file} took more than a second, four times")
}

/// A line for each, at a cost that does not grow with the square of their number: ten times the keys, ten times the time,
/// with room and other tries for a busy machine.
async fn unknown_keys_cost_no_more_the_more_they_are(scratch: &Scratch) {
    let mut seen = Vec::new();
    for _ in 0..4 {
        let mut took = Vec::new();
        for count in [3_000, 30_000] {
            let keys: String = (0..count).map(|number| format!("unknown-{number}: 1\n")).collect();
            let file = scratch.write("jwtgate.yaml", keys);
            let run = check(file.to_str().unwrap()).await;
            assert!(run.said().contains(&format!("unknown-{}", count - 1)), "every key is named");
            took.push(run.took);
        }
        if took[1] < took[0] * 40 {
            return;
        }
        seen.push(took);
    }
    panic!("four times more than 40 times as long: {seen:?}")
}

#[tokio::test]
async fn a_file_that_is_no_configuration_is_one_clear_line_within_a_second() {
    let scratch = Scratch::new();
    let nine: Vec<String> = (b'b'..=b'i')
        .map(|name| {
            let (name, before) = (char::from(name), char::from(name - 1));
            format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(","))
        })
        .collect();
    let bomb = format!("a: &a [x,x,x,x,x,x,x,x,x,x]\n{}routes: *i\n", nine.concat());
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("only a comment", b"# nothing\n".to_vec()),
        ("a mebibyte of [", vec![b'['; 1024 * 1024]),
        ("a mebibyte of {", vec![b'{'; 1024 * 1024]),
        ("a mebibyte of -", b"- ".repeat(512 * 1024)),
        ("a bomb", bomb.into_bytes()),
        ("a list", b"- a\n- b\n".to_vec()),
        ("a word", b"word\n".to_vec()),
        ("two documents", b"a: 1\n---\nb: 2\n".to_vec()),
        ("a tab", b"routes:\n\t- a\n".to_vec()),
        ("an open quote", b"routes: \"a\n".to_vec()),
        ("no UTF-8", b"routes: \xff\xfe\n".to_vec()),
        ("zero bytes", vec![0; 4096]),
        ("eight mebibytes", vec![b'#'; 8 * 1024 * 1024]),
    ];
    for (name, content) in files {
        let file = scratch.write("jwtgate.yaml", content);
        let file = file.to_str().unwrap();
        let run = within_a_second(file).await;
        assert_eq!(run.code(), Some(2), "{name}: {}", run.said());
        let lines: Vec<String> =
            run.said().lines().filter(|line| line.contains(file)).map(str::to_owned).collect();
        assert!(!lines.is_empty(), "{name}: the file is not named: {}", run.said());
        assert!(run.said().len() < 16 * 1024, "{name}: {} bytes of output", run.said().len());
        assert!(!run.said().contains("panicked"), "{name}: {}", run.said());
    }
    unknown_keys_cost_no_more_the_more_they_are(&scratch).await;
    let missing = scratch.path().join("missing.yaml");
    for (name, file) in
        [("missing", missing.to_str().unwrap()), ("a directory", scratch.path().to_str().unwrap())]
    {
        let run = within_a_second(file).await;
        assert_eq!(run.code(), Some(2), "{name}: {}", run.said());
        let named: Vec<String> =
            run.said().lines().filter(|line| line.contains(file)).map(str::to_owned).collect();
        assert_eq!(named.len(), 1, "{name}: one clear line: {}", run.said());
    }
}
