fn main() {
    sentinelops_realtime::worker::worker_main();
}
