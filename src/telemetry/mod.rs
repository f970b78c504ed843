//! What operators see: metrics, the access log, request ids and trace context.
//!
//! Names no other module but `field`. Nothing here ever holds a token, a claim or the value of a client's header, but for those that
//! the access log is made of (path, user agent, host), which are escaped.

mod access_log;
mod findings;
mod label;
mod line;
pub mod metrics;
mod record;
mod request_id;
mod series;
mod trace;

pub use access_log::{AccessLog, AccessLogWriter};
pub use findings::Findings;
pub use label::RouteLabel;
pub use record::{BodySize, Decision, Record, Request, Telemetry};
pub use request_id::{X_REQUEST_ID, request_id};
pub use series::Held;
pub use trace::{TRACEPARENT, TraceContext};
