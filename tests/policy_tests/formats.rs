//! What continuous integration reads: JUnit XML, whatever the names of tests hold.

use std::process::Command;

use super::run;
use crate::support::left_out::left_out;
use crate::support::{Binary, Scratch};

const TESTS: &str =
    "  - { name: 'passes <&> \"quoted\"', request: { path: /health }, expect: { decision: allow } }
  - { name: \"fails ]]> 'é'\", request: { path: /nowhere }, expect: { status: 401, route: rest } }
";

/// Reads a report as CI would: the counts of each suite, and each case with its failure.
const READER: &str = "
import sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
print(root.tag, root.get('tests'), root.get('failures'), root.get('errors'), float(root.get('time')) >= 0)
for suite in root:
    name = suite.get('name').rsplit('/', 1)[-1]
    print(suite.tag, name, suite.get('tests'), suite.get('failures'), suite.get('errors'), suite.get('skipped'))
    for case in suite:
        found = [(child.tag, child.get('message'), bool(child.text.strip())) for child in case]
        print(case.tag, case.get('name').rsplit('/', 1)[-1], case.get('line'), float(case.get('time')) >= 0, found)
";

#[tokio::test]
async fn the_report_is_well_formed_and_complete() {
    let scratch = Scratch::new();
    let first = run(&scratch, TESTS, &["--format", "junit"]).await;
    assert_eq!(first.code(), Some(1), "{}", first.said());
    let file = scratch.path().join("orders.test.yaml");
    let bad = scratch.write("bad.test.yaml", "config: jwtgate.yaml\ntests: []\n");
    let [file, bad] = [&file, &bad].map(|path| path.to_str().unwrap());
    let run = Binary::finish(["test", "--format=junit", file, bad]).await;
    assert_eq!(run.code(), Some(2), "{}", run.said());
    assert!(run.stderr.contains("the list is empty"), "{}", run.stderr);
    let Some(read) = parsed(&run.stdout) else {
        return left_out("the JUnit report, read by another parser", "python3");
    };
    assert_eq!(
        read,
        "\
testsuites 3 1 1 True
testsuite orders.test.yaml 2 1 0 0
testcase passes <&> \"quoted\" 3 True []
testcase fails ]]> 'é' 4 True [('failure', 'status: expected 401, found 404; route: expected `rest`, found none', True)]
testsuite bad.test.yaml 1 0 1 0
testcase bad.test.yaml None True [('error', 'cannot be read', True)]
"
    );
}

fn parsed(report: &str) -> Option<String> {
    let scratch = Scratch::new();
    let report = scratch.write("report.xml", report);
    let mut python = Command::new("python3");
    python.args(["-c", READER]).stdin(std::fs::File::open(report).unwrap());
    let output = python.output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}
