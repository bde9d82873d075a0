//! Feature `otel`: a span per request and per transaction, sent to an OpenTelemetry collector by OTLP over HTTP. The
//! standard variables say where and how: without `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) nothing is sent.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use std::pin::Pin;
use std::sync::OnceLock;
use tracing::{Instrument, Subscriber, field, info_span};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::registry::LookupSpan;

/// Ended by [`end`], so that nothing is lost.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/// `None` where no collector is named, or it cannot be used: stderr says why.
pub(super) fn layer<S>() -> Option<OpenTelemetryLayer<S, SdkTracer>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if ENDPOINTS.iter().all(|name| std::env::var_os(name).is_none()) {
        return None;
    }
    let client = Client(super::fetch::agent(std::time::Duration::from_secs(10), false));
    let exporter = match SpanExporter::builder().with_http().with_http_client(client).build() {
        Ok(exporter) => exporter,
        Err(error) => {
            eprintln!("no traces are sent: {error}; see {}", ENDPOINTS[0]);
            return None;
        }
    };
    let mut resource = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("sentinelops-gateway");
    }
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build());
    let provider = PROVIDER.get_or_init(|| provider.build());
    Some(tracing_opentelemetry::layer().with_tracer(provider.tracer("sentinelops-gateway")))
}

/// Sends what was not sent yet; blocks for 5 s at the most.
pub(super) fn end() {
    if let Some(Err(error)) = PROVIDER.get().map(SdkTracerProvider::shutdown) {
        tracing::warn!("the last traces were not sent: {error}");
    }
}

/// A span round a request, in the trace of its `traceparent`. Neither its path nor its query is recorded: both may hold
/// what is secret.
pub(super) async fn traced(request: Request, next: Next) -> Response {
    let span = info_span!(
        "request",
        "otel.kind" = "server",
        "http.request.method" = %request.method(),
        "http.route" = route(request.uri().path()),
        "http.response.status_code" = field::Empty,
    );
    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
    // It fails where no traces are sent.
    let _ = span.set_parent(parent);
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    response
}

/// The kind of address.
fn route(path: &str) -> &'static str {
    match path {
        "/" => "/",
        "/ws" => "/ws",
        "/healthz" => "/healthz",
        _ if path.starts_with("/ingest/") => "/ingest/{name}",
        _ if path.starts_with("/admin/") => "/admin/{action}",
        _ => "{file}",
    }
}

/// Blocks: it is called by a thread of the exporter's own.
#[derive(Debug)]
struct Client(ureq::Agent);

type Answer<'a> =
    Pin<Box<dyn Future<Output = Result<opentelemetry_http::Response<Bytes>, HttpError>> + Send + 'a>>;

impl HttpClient for Client {
    fn send_bytes<'a, 'b>(&'a self, request: opentelemetry_http::Request<Bytes>) -> Answer<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let request = opentelemetry_http::Request::from_parts(parts, body.to_vec());
            let (parts, mut body) = self.0.run(request)?.into_parts();
            let bytes = body.with_config().limit(1 << 20).read_to_vec()?;
            Ok(opentelemetry_http::Response::from_parts(parts, bytes.into()))
        })
    }
}
