//! The request target in its one canonical form.
use http::Method;

/// What a request asks for. The path that is matched is the path that is sent.
#[derive(Debug)]
pub struct Target {
    method: Method,
    host: Option<String>,
    path: String,
    query: Option<String>,
}

impl Target {
    /// The method of the request.
    pub fn method(&self) -> &Method {
        &self.method
    }
    /// The host in lower case, without port and final dot; absent only in HTTP/1.0.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }
    /// The canonical path, starting with `/`.
    pub fn path(&self) -> &str {
        &self.path
    }
    /// The query as it came, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }
}
