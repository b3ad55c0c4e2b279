//! A connection's bytes: it ends when its place is taken or its token revoked, whether its
//! peer reads or not, and when a peer has taken nothing for too long.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::api::doors::Connection;

/// How long a peer may take nothing of what is written to it.
const WRITE: Duration = Duration::from_secs(20);

/// A socket that can be closed from elsewhere.
pub(super) struct Wire {
    stream: TcpStream,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    stalled: Option<Pin<Box<Sleep>>>,
    /// Its place is given back when it goes.
    _connection: Connection,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, connection: Connection) -> Self {
        Self {
            stream,
            closing: Box::pin(connection.closing().cancelled_owned()),
            stalled: None,
            _connection: connection,
        }
    }

    fn closed(&mut self, cx: &mut Context<'_>) -> Result<()> {
        match self.closing.as_mut().poll(cx) {
            Poll::Ready(()) => Err(Error::new(ErrorKind::ConnectionAborted, "closed by us")),
            Poll::Pending => Ok(()),
        }
    }

    /// Lets through what came of a write, and ends one that waits for too long.
    fn patiently<T>(&mut self, cx: &mut Context<'_>, wrote: Poll<Result<T>>) -> Poll<Result<T>> {
        if wrote.is_ready() {
            self.stalled = None;
            return wrote;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(WRITE)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        self.closed(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        self.closed(cx)?;
        let wrote = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.patiently(cx, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.closed(cx)?;
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.patiently(cx, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.closed(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
