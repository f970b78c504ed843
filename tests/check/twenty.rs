use super::{Binary, Setup};
#[tokio::test]
async fn placeholder() {
    let _ = (Setup::new().await, Binary::finish(["check", "x"]).await);
}
