//! HTTP/2 over one TLS connection, shared by several workers.

use std::sync::Arc;

use bytes::Bytes;
use h2::client::SendRequest;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};

use super::connection::Dialer;

#[derive(Clone)]
pub struct Http2 {
    dialer: Arc<Dialer>,
    sender: SendRequest<Bytes>,
}

impl Http2 {
    pub async fn open(dialer: &Arc<Dialer>) -> Self {
        let (sender, connection) = h2::client::handshake(dialer.dial().await).await.expect("HTTP/2");
        tokio::spawn(async move {
            // It ends with an error when the proxy ends first, and then the requests say so.
            drop(connection.await);
        });
        Self { dialer: Arc::clone(dialer), sender }
    }

    pub async fn exchange(&mut self, authorization: &HeaderValue) -> u16 {
        let request = Request::get(format!("https://localhost{}", self.dialer.path))
            .header("user-agent", "bench")
            .header("accept", "*/*")
            .header(AUTHORIZATION, authorization)
            .body(())
            .expect("a request");
        let mut sender = self.sender.clone().ready().await.expect("a stream");
        let (answer, _) = sender.send_request(request, true).expect("sent");
        let answer = answer.await.expect("an answer");
        let status = answer.status().as_u16();
        let mut body = answer.into_body();
        while let Some(data) = body.data().await {
            let length = data.expect("a body").len();
            body.flow_control().release_capacity(length).expect("capacity");
        }
        status
    }
}
