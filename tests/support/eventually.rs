//! Waiting for a condition with a deadline, in place of sleeping and hoping.

use std::time::Duration;

/// How long a condition may take on a busy machine before the test fails.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// The pause between two looks.
pub const PAUSE: Duration = Duration::from_millis(10);

/// What a polled expression may be: a `bool`, or an `Option` whose value the test wants.
pub trait Settled {
    /// What the caller gets once the condition holds.
    type Value;
    /// The value, if the condition holds.
    fn settled(self) -> Option<Self::Value>;
}

impl Settled for bool {
    type Value = ();
    fn settled(self) -> Option<()> {
        self.then_some(())
    }
}

impl<T> Settled for Option<T> {
    type Value = T;
    fn settled(self) -> Self {
        self
    }
}

/// Evaluates the expression (which may `.await`) until it is true or `Some`, and gives the value. After the
/// deadline the test fails with the text after the expression, or else with the expression itself.
macro_rules! eventually {
    ($condition:expr $(,)?) => { eventually!($condition, "it never held: {}", stringify!($condition)) };
    ($condition:expr, $($message:tt)+) => {{
        let started = std::time::Instant::now();
        loop {
            if let Some(value) = $crate::support::eventually::Settled::settled($condition) {
                break value;
            }
            assert!(started.elapsed() < $crate::support::eventually::DEADLINE, $($message)+);
            tokio::time::sleep($crate::support::eventually::PAUSE).await;
        }
    }};
}
