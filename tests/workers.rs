//! Worker threads follow what the process may use, not what the host has.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::world::{AUTHENTICATED, Setup};
use crate::support::{Binary, impossible_here};

/// The number of workers that the program says it starts with, when a shell runs it behind these words.
async fn workers(setup: &Setup, shell: &str) -> String {
    let config = setup.write(AUTHENTICATED);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{shell} \"$0\" run --config \"$1\"")]);
    command.arg(env!("CARGO_BIN_EXE_jwtgate")).arg(config);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let binary = Binary::spawn_command(command);
    let said =
        || binary.stderr().into_iter().find_map(|line| Some(line.split_once("workers=")?.1.to_owned()));
    eventually!(said().is_some(), "{:?}", binary.stderr());
    said().unwrap().split(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn one_worker_on_one_processor() {
    let setup = Setup::new().await;
    assert_eq!(workers(&setup, "exec taskset -c 0").await, "1");
}

/// A cgroup with the quota of one processor, of whichever version the kernel has; removed when dropped.
struct Cgroup(PathBuf);

impl Cgroup {
    fn one_processor() -> Option<Self> {
        let name = format!("jwtgate-test-{}", std::process::id());
        for (controller, quota, value) in [
            ("/sys/fs/cgroup", "cpu.max", "100000 100000"),
            ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "100000"),
        ] {
            let cgroup = Self(Path::new(controller).join(&name));
            // The file is there when the folder is a cgroup; in any other folder nothing may be made.
            let quota = cgroup.0.join(quota);
            let made =
                fs::create_dir(&cgroup.0).and_then(|()| fs::OpenOptions::new().write(true).open(quota));
            if made.is_ok_and(|mut quota| quota.write_all(value.as_bytes()).is_ok()) {
                return Some(cgroup);
            }
        }
        None
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // The process in it is gone a moment after it was killed.
        for _ in 0..100 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

#[tokio::test]
async fn one_worker_under_the_quota_of_one_processor() {
    let Some(cgroup) = Cgroup::one_processor() else {
        return impossible_here("the CPU quota of a cgroup", "the right to make a cgroup");
    };
    let setup = Setup::new().await;
    let enter = format!("echo $$ > {}/cgroup.procs && exec", cgroup.0.display());
    assert_eq!(workers(&setup, &enter).await, "1");
}
