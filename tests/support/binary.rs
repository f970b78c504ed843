//! The real program, as an operator starts it.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::accepted;
use super::client::Client;

/// A child process with its output read line by line. Killed, by its own id, when dropped.
#[derive(Debug)]
pub struct Binary {
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// A finished run.
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Finished {
    /// The exit status; none when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Everything it said, wherever it said it.
    pub fn said(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// The lines that begin with this, wherever they were said.
    pub fn lines_starting(&self, prefix: &str) -> Vec<String> {
        let said = self.said();
        said.lines().filter(|line| line.starts_with(prefix)).map(str::to_owned).collect()
    }
}

type Lines = Arc<Mutex<Vec<String>>>;

/// No command that is to end by itself takes longer.
const DEADLINE: Duration = Duration::from_secs(30);

impl Binary {
    /// `jwtgate run --config FILE`, once it is ready.
    pub async fn run(config: &Path) -> Self {
        let mut binary = Self::run_cold(config);
        let admin = binary.admin().await;
        eventually!(
            Client::new(admin).get("/readyz").try_send().await.is_ok_and(|reply| reply.status == 200),
            "never ready: {:#?}",
            binary.stderr()
        );
        accepted::keep(config);
        binary
    }

    /// `jwtgate run --config FILE`, as soon as the process is there.
    pub fn run_cold(config: &Path) -> Self {
        Self::spawn([OsStr::new("run"), OsStr::new("--config"), config.as_os_str()])
    }

    /// The program with these arguments.
    pub fn spawn<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self::spawn_command(command(arguments))
    }

    /// The program as this command starts it.
    pub fn spawn_command(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let stdout = lines_of(child.stdout.take().expect("piped"));
        let stderr = lines_of(child.stderr.take().expect("piped"));
        Self { child, stdout, stderr }
    }

    /// The program with these arguments, to its end.
    pub async fn finish<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Finished {
        let command = command(arguments);
        let arguments: Vec<OsString> = command.get_args().map(OsStr::to_owned).collect();
        let finished = Self::finish_command(command).await;
        if arguments.first().is_some_and(|first| first == "check") && finished.code() == Some(0) {
            let files = arguments.iter().map(Path::new).filter(|path| path.is_file());
            files.for_each(accepted::keep);
        }
        finished
    }

    /// The program as this command starts it, to its end.
    pub async fn finish_command(command: Command) -> Finished {
        let mut binary = Self::spawn_command(command);
        let started = Instant::now();
        let status = binary.wait().await;
        let took = started.elapsed();
        // The readers see the end of the pipes a moment after the process is gone.
        eventually!(Arc::strong_count(&binary.stdout) == 1 && Arc::strong_count(&binary.stderr) == 1);
        Finished { status, stdout: binary.stdout().join("\n"), stderr: binary.stderr().join("\n"), took }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn stdout(&self) -> Vec<String> {
        self.stdout.lock().expect("unpoisoned").clone()
    }

    pub fn stderr(&self) -> Vec<String> {
        self.stderr.lock().expect("unpoisoned").clone()
    }

    /// The address of the first listener, from the line that says it is bound.
    pub async fn listener(&mut self) -> SocketAddr {
        self.bound().await.0
    }

    /// The admin address, from the line that says it is bound.
    pub async fn admin(&mut self) -> SocketAddr {
        self.bound().await.1
    }

    pub async fn client(&mut self) -> Client {
        Client::new(self.listener().await)
    }

    /// Sends a signal by name, as `kill` does.
    pub fn signal(&self, name: &str) {
        let kill = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status();
        assert!(kill.expect("a shell").success(), "no signal {name} to {}", self.child.id());
    }

    /// The exit status, if it has ended.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child")
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.exited() {
                return status;
            }
            assert!(started.elapsed() < DEADLINE, "still running; it said: {:#?}", self.stderr());
            tokio::time::sleep(super::eventually::PAUSE).await;
        }
    }

    /// The first listener and the admin address: one line of the log per bound socket says `address=IP:PORT`, and
    /// the admin's says `admin` somewhere (else it is the last).
    async fn bound(&mut self) -> (SocketAddr, SocketAddr) {
        let lines = eventually!(
            {
                let stderr = self.stderr();
                if let Some(status) = self.exited() {
                    panic!("ended with {status} before it listened: {stderr:#?}");
                }
                let bound: Vec<(String, SocketAddr)> =
                    stderr.into_iter().filter_map(|line| Some((line.clone(), address_in(&line)?))).collect();
                (bound.len() >= 2).then_some(bound)
            },
            "no two lines with address=IP:PORT on standard error: {:#?}",
            self.stderr()
        );
        let is_admin = |line: &&(String, SocketAddr)| line.0.to_ascii_lowercase().contains("admin");
        let admin = lines.iter().find(is_admin).or(lines.last()).expect("two lines").1;
        let listener = lines.iter().find(|(_, address)| *address != admin).expect("two lines").1;
        (listener, admin)
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // Errors say that it has ended already.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The program, without what the environment of the tests may tell it.
pub fn command<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jwtgate"));
    command.args(arguments).env_remove("RUST_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn lines_of(pipe: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let collected = Arc::clone(&lines);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n') {
            let Ok(line) = line else { break };
            collected.lock().expect("unpoisoned").push(String::from_utf8_lossy(&line).into_owned());
        }
    });
    lines
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, after) = line.split_once("address=")?;
    after.trim_start_matches('"').split([' ', '"', ',']).next()?.parse().ok()
}
