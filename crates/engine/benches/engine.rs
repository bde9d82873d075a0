//! What one inbound message, one enqueue, one ack cost, and how that grows with what is held; the outbox also as
//! it is shipped, with a store.
//!
//! `cargo bench -p sentinelops-engine`. Compare lines of one run with each other: ten times as many
//! rows, subscriptions or keys may cost a few per cent more, never ten times as much. The table at the end says how
//! much more it is.

mod held;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use held::{COSTS, median};
use std::time::Duration;

fn costs(c: &mut Criterion) {
    for (name, sizes, make) in COSTS {
        let mut group = c.benchmark_group(name);
        for size in sizes {
            let mut step = make(size);
            group.bench_function(BenchmarkId::from_parameter(size), |b| {
                b.iter_custom(|iters| (0..iters).map(|_| step()).sum());
            });
        }
        group.finish();
    }
}

/// How much more it costs beside more: medians, and their ratio to the first.
fn growth(_: &mut Criterion) {
    println!("\n| cost | beside | median | beside | times the first | beside | times the first |");
    println!("|---|---|---|---|---|---|---|");
    for (name, sizes, make) in COSTS {
        let medians = sizes.map(|size| median(&mut make(size), 2_000).as_secs_f64() * 1e6);
        let [first, second, third] = medians;
        println!(
            "| {name} | {} | {first:.2} us | {} | {:.2} | {} | {:.2} |",
            sizes[0],
            sizes[1],
            second / first,
            sizes[2],
            third / first,
        );
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = costs, growth
}
criterion_main!(benches);
