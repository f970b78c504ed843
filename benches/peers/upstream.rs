//! An upstream that costs next to nothing: HTTP/1.1 by hand, one thread, answers prepared.
//!
//! `/echo` answers with the head of the request as it came, `/big` with 64 KiB, anything else with `hello`. A body is read
//! to its end first.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::channel;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

pub fn run() {
    serve(|address| println!("address={address}"));
}

/// On a thread of its own, for as long as the process lives.
pub fn spawn() -> SocketAddr {
    let (sender, receiver) = channel();
    std::thread::spawn(move || serve(move |address| sender.send(address).expect("a receiver")));
    receiver.recv().expect("an address")
}

fn serve(announce: impl FnOnce(SocketAddr)) {
    Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        announce(listener.local_addr().expect("an address"));
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            socket.set_nodelay(true).expect("no delay");
            tokio::spawn(connection(socket));
        }
    });
}

async fn connection(mut socket: TcpStream) {
    let hello = answer(b"hello");
    let big = answer(&vec![b'x'; 64 << 10]);
    let mut buffer = Vec::with_capacity(16 << 10);
    while let Some(length) = read_head(&mut socket, &mut buffer).await {
        let head = buffer[..length].to_vec();
        buffer.drain(..length);
        if read_body(&mut socket, &mut buffer, &head).await.is_none() {
            return;
        }
        let sent = match head.split(|&byte| byte == b' ').nth(1) {
            Some(b"/echo") => socket.write_all(&answer(&head)).await,
            Some(b"/big") => socket.write_all(&big).await,
            _ => socket.write_all(&hello).await,
        };
        if sent.is_err() {
            return;
        }
    }
}

fn answer(body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The length of the head at the start of `buffer`; nothing when the connection has ended.
pub async fn read_head(stream: &mut (impl AsyncReadExt + Unpin), buffer: &mut Vec<u8>) -> Option<usize> {
    let mut seen = 0;
    loop {
        if let Some(place) = buffer[seen..].windows(4).position(|end| end == b"\r\n\r\n") {
            return Some(seen + place + 4);
        }
        seen = buffer.len().saturating_sub(3);
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// Reads past the body of this head.
async fn read_body(socket: &mut TcpStream, buffer: &mut Vec<u8>, head: &[u8]) -> Option<()> {
    if head.starts_with(b"GET ") {
        return Some(());
    }
    if let Some(length) = field(head, "content-length") {
        return skip(socket, buffer, length.parse().ok()?).await;
    }
    // In chunks. Bodies here are all of one letter, so the last chunk cannot be mistaken.
    while !buffer.ends_with(b"\r\n0\r\n\r\n") {
        buffer.drain(..buffer.len().saturating_sub(7));
        if socket.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    buffer.clear();
    Some(())
}

/// Reads past so many bytes.
pub async fn skip(
    stream: &mut (impl AsyncReadExt + Unpin),
    buffer: &mut Vec<u8>,
    mut length: usize,
) -> Option<()> {
    loop {
        let here = buffer.len().min(length);
        length -= here;
        buffer.drain(..here);
        if length == 0 {
            return Some(());
        }
        buffer.reserve(64 << 10);
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// The value of a field, by its name in lower case.
pub fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    head.split(|&byte| byte == b'\n').skip(1).find_map(|line| {
        let (found, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        found.eq_ignore_ascii_case(name.as_bytes()).then(|| std::str::from_utf8(value).ok().map(str::trim))?
    })
}
