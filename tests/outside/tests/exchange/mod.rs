//! An exchange over TLS by each transport.

use std::sync::Arc;
use std::time::Duration;

use longshore_blocking::protocol::Limits;
use longshore_mock_registry::MockRegistry;

/// What both transports say of a server that speaks plain HTTP.
pub fn failures() -> [String; 2] {
    let registry = MockRegistry::builder().start().unwrap();
    let uri = format!("https://localhost:{}/v2/", registry.address().port());
    let limits = Limits {
        idle: Duration::from_secs(10),
        answer: Duration::from_secs(10),
        total: None,
        response_body: 1024,
    };
    let client = longshore_blocking::Client::builder().build().unwrap();
    let request = http::Request::get(&uri).body(longshore_blocking::exchange::Body::Empty);
    let blocking = client.perform(request.unwrap(), &limits, &Arc::default());
    let client = longshore_async::Client::builder().build().unwrap();
    let request = http::Request::get(&uri).body(longshore_async::exchange::Body::Empty);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let gauge = Arc::default();
    let exchange = client.perform(request.unwrap(), &limits, &gauge);
    [blocking, runtime.block_on(exchange)].map(|outcome| outcome.unwrap_err().detail)
}
