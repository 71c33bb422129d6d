//! Connections: how many, how patient, and how they end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::{App, router};
use crate::interrupts::STOP;

/// Time for the head of a request, and for the next one on the same connection.
const HEAD: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 32 << 10;
/// Time that clients have to send what they are about to send when the server is stopped: its answers tell them to close.
const FAREWELL: Duration = Duration::from_millis(300);
/// Time for the answers that are under way then.
const LAST_ANSWERS: Duration = Duration::from_secs(60);
/// How often the signal is looked for.
const TICK: Duration = Duration::from_millis(20);

/// Answers until a signal comes, and then what was accepted before.
pub async fn serve(listener: TcpListener, app: Arc<App>, connections: usize) {
    let routes = router(Arc::clone(&app));
    let room = Arc::new(Semaphore::new(connections));
    let graceful = GracefulShutdown::new();
    let connect = |stream: TcpStream, permit| {
        // Answers are written whole; nothing is gained by waiting for more.
        let _best_effort = stream.set_nodelay(true);
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES);
        let service = TowerToHyperService::new(Router::clone(&routes));
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that breaks off, or sends what is no HTTP, has had its answer.
            let _gone = connection.await;
            drop(permit);
        });
    };
    while !STOP.load(Ordering::Relaxed) {
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await.ok();
            (listener.accept().await, permit)
        };
        match tokio::time::timeout(TICK, accepted).await {
            Ok((Ok((stream, _)), permit)) => connect(stream, permit),
            // Out of file handles, most likely: connections that end give some back.
            Ok((Err(_), _)) => tokio::time::sleep(TICK).await,
            Err(_) => {}
        }
    }
    app.stop();
    // What waits at the door has been accepted by the system already. Clients that connect anew at once must not hold this up.
    let last = async {
        while let Ok(Ok((stream, _))) = tokio::time::timeout(TICK, listener.accept()).await {
            connect(stream, None);
        }
    };
    let _in_time = tokio::time::timeout(FAREWELL, last).await;
    drop(listener);
    tokio::time::sleep(FAREWELL).await;
    let _in_time = tokio::time::timeout(LAST_ANSWERS, graceful.shutdown()).await;
}
