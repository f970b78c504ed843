//! A TCP socket to whose kernel side small messages go in one piece.
//!
//! Given what hyper writes, which is a list of pieces (a head, and what there is of the body), it hands a single piece to
//! the kernel as it is, and a few small ones put together: taking in a list costs the kernel more than one piece does,
//! and more than copying some hundred bytes costs here. What is more stays a list, and nothing large is copied. What must stay
//! true: the bytes and their order are those that were given. It names no other module.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A TCP socket.
#[derive(Debug)]
pub struct Socket(TcpStream);

impl Socket {
    /// Over this stream.
    pub fn new(stream: TcpStream) -> Self {
        Self(stream)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.0);
        if let [only] = slices {
            return stream.poll_write(context, only);
        }
        let mut room = [0; SMALL];
        match together(slices, &mut room) {
            Some(bytes) => stream.poll_write(context, bytes),
            None => stream.poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// The slices one behind the other, where there is room for them.
fn together<'a>(slices: &[IoSlice<'_>], room: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut end = 0;
    for slice in slices {
        let start = end;
        end += slice.len();
        room.get_mut(start..end)?.copy_from_slice(slice);
    }
    room.get(..end)
}

/// A usual head with a small body. The room is zeroed before it is used: were it larger, that would cost what is saved.
const SMALL: usize = 1024;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// What arrives of these pieces, written as often as it takes.
    async fn arrived(pieces: &[Vec<u8>]) -> Vec<u8> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (stream, accepted) =
            tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (mut socket, mut other) = (Socket::new(stream.unwrap()), accepted.unwrap().0);
        let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        let write = async {
            let mut left = &mut slices[..];
            while !left.is_empty() {
                let written = socket.write_vectored(left).await.unwrap();
                IoSlice::advance_slices(&mut left, written);
            }
            socket.shutdown().await.unwrap();
        };
        let mut bytes = Vec::new();
        let (read, ()) = tokio::join!(other.read_to_end(&mut bytes), write);
        read.unwrap();
        bytes
    }

    #[test]
    fn few_bytes_are_put_together_and_more_are_not() {
        let of = |pieces: &[usize]| {
            let pieces: Vec<Vec<u8>> = pieces.iter().map(|&length| vec![7; length]).collect();
            let slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
            together(&slices, &mut [0; SMALL]).map(<[u8]>::to_vec)
        };
        for pieces in [&[][..], &[0, 0], &[200, 5], &[200, 0, 5], &[SMALL - 1, 1]] {
            assert_eq!(of(pieces), Some(vec![7; pieces.iter().sum()]), "{pieces:?}");
        }
        for pieces in [&[SMALL, 1][..], &[1, SMALL], &[200, usize::from(u16::MAX)]] {
            assert_eq!(of(pieces), None, "{pieces:?}");
        }
    }

    #[tokio::test]
    async fn what_is_written_arrives_in_its_order_however_much_it_is() {
        for lengths in [
            &[1][..],
            &[5_000_000],
            &[200, 5],
            &[200, 3, 5, 2],
            &[SMALL - 1, 1],
            &[SMALL - 1, 1, 1],
            &[200, SMALL],
            &[200, 0, 5],
            &[100, 5_000_000, 2],
        ] {
            let mut byte = 0_u8;
            let mut piece = |&length: &usize| {
                std::iter::repeat_with(|| (byte, byte = byte.wrapping_mul(5).wrapping_add(7)).0)
                    .take(length)
                    .collect::<Vec<_>>()
            };
            let pieces: Vec<Vec<u8>> = lengths.iter().map(&mut piece).collect();
            assert!(arrived(&pieces).await == pieces.concat(), "{lengths:?}");
        }
    }
}
