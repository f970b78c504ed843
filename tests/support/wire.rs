//! HTTP/1.1 as bytes: what was sent, neither lower-cased nor reordered nor decoded by a library.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A byte stream, plain or TLS, that can be torn down with a TCP reset.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Makes the coming close a reset.
    fn reset_on_close(&self);
}

impl Io for TcpStream {
    fn reset_on_close(&self) {
        self.set_zero_linger().expect("a socket");
    }
}

impl Io for TlsStream<TcpStream> {
    fn reset_on_close(&self) {
        self.get_ref().0.reset_on_close();
    }
}

/// The start line and the headers of a message, each byte one `char` (Latin-1).
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub start_line: String,
    pub headers: Vec<(String, String)>,
}

/// The body of a message and the trailers after it.
#[derive(Debug, Clone, Default)]
pub struct Body {
    pub bytes: Vec<u8>,
    pub trailers: Vec<(String, String)>,
}

impl Head {
    /// The values of all headers of that name, in any case.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let of_name = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of the one header of that name; several fail the test.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.values(name);
        assert!(values.len() < 2, "expected one {name}, found {values:?}");
        values.first().copied()
    }

    /// The status of a response.
    pub fn status(&self) -> u16 {
        let status = self.start_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("no status line: {:?}", self.start_line))
    }
}

/// The next head on the stream; none when it ended before the first byte of one.
pub async fn read_head(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Head>> {
    let mut head = Head::default();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            let clean = head.start_line.is_empty();
            return if clean { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        let line: String = line.iter().map(|&byte| char::from(byte)).collect();
        let line = line.trim_end_matches(['\r', '\n']);
        if head.start_line.is_empty() {
            line.clone_into(&mut head.start_line);
        } else if line.is_empty() {
            return Ok(Some(head));
        } else {
            head.headers.push(field(line));
        }
    }
}

/// The body that `head` announces. `to_end`: a response without a length lasts until the stream ends.
pub async fn read_body(
    stream: &mut (impl AsyncBufRead + Unpin),
    head: &Head,
    to_end: bool,
    arrived: &AtomicUsize,
) -> io::Result<Body> {
    let mut body = Body::default();
    let chunked =
        head.values("transfer-encoding").iter().any(|value| value.to_ascii_lowercase().contains("chunked"));
    if chunked {
        loop {
            let size = line(stream).await?;
            let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("chunk size {size:?}")))?;
            if size == 0 {
                break;
            }
            read_exactly(stream, size, &mut body.bytes, arrived).await?;
            line(stream).await?;
        }
        loop {
            let trailer = line(stream).await?;
            if trailer.is_empty() {
                return Ok(body);
            }
            body.trailers.push(field(&trailer));
        }
    }
    match head.values("content-length").first() {
        Some(length) => {
            let length = length.trim().parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
            read_exactly(stream, length, &mut body.bytes, arrived).await?;
        }
        None if to_end => {
            stream.read_to_end(&mut body.bytes).await?;
        }
        None => {}
    }
    Ok(body)
}

async fn read_exactly(
    stream: &mut (impl AsyncBufRead + Unpin),
    mut left: usize,
    into: &mut Vec<u8>,
    arrived: &AtomicUsize,
) -> io::Result<()> {
    while left > 0 {
        let available = stream.fill_buf().await?;
        if available.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let taken = available.len().min(left);
        into.extend_from_slice(&available[..taken]);
        stream.consume(taken);
        left -= taken;
        arrived.fetch_add(taken, Ordering::Relaxed);
    }
    Ok(())
}

async fn line(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<String> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}

fn field(line: &str) -> (String, String) {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    (name.to_owned(), value.trim().to_owned())
}
