use super::*;
use crate::Durability;
use crate::outbox::tests::{WALL, request};
use proptest::prelude::*;
use sentinelops_protocol::Priority;

fn entry(id: &str, rank: usize, key: Option<&str>) -> Entry {
    let row = crate::outbox::row_of(&request(id, Priority::ALL[rank], key), WALL, "t").unwrap();
    Entry::new(row, Vec::new(), Durability::Pending)
}

proptest! {
    /// Whatever is done, every index says the same as a scan.
    #[test]
    fn the_indexes_agree_with_a_scan(steps in prop::collection::vec((0u8..6, 0u64..30, 0usize..4), 1..150)) {
        let mut queue = Queue::default();
        let mut seq = 0;
        for (what, n, rank) in steps {
            let nth = |queue: &Queue| queue.iter().nth(n as usize % queue.len().max(1)).map(|(seq, _)| seq);
            match what {
                0 | 1 => {
                    seq += 1;
                    let key = (n % 4 > 0).then(|| format!("k{}", n % 4));
                    queue.insert(seq, entry(&seq.to_string(), rank, key.as_deref()));
                }
                2 => if let Some(next) = queue.next(rank == 0) { queue.mark_in_flight(next, n) },
                3 => if let Some(seq) = nth(&queue) { queue.requeue(seq) },
                4 => if let Some(seq) = nth(&queue) { drop(queue.remove(seq)) },
                _ => if let Some(seq) = nth(&queue) { queue.block(seq, n) },
            }
            if what == 5 {
                queue.wake(n / 2);
            }
            let bytes: u64 = queue.iter().map(|(_, entry)| entry.size()).sum();
            prop_assert_eq!(queue.bytes(), bytes);
            let in_flight = queue.iter().filter(|(_, entry)| entry.place != Place::Waiting).count();
            prop_assert_eq!(queue.in_flight(), in_flight);
            for rank in 0..3 {
                let below = |entry: &&Entry| entry.rank() > rank && !entry.row.possibly_sent;
                let unsent: Vec<&Entry> = queue.iter().map(|(_, entry)| entry).filter(below).collect();
                let found = queue.unsent_below(rank);
                prop_assert_eq!(found, (unsent.len(), unsent.iter().map(|entry| entry.size()).sum()));
                prop_assert_eq!(queue.victim(rank, |_| true).is_some(), !unsent.is_empty());
            }
            if let Some(next) = queue.next(false) {
                prop_assert_eq!(queue.get(next).map(|entry| entry.place), Some(Place::Waiting));
            }
            prop_assert!(queue.lanes.len() <= queue.len());
            prop_assert!(queue.ready.len() <= queue.lanes.len());
            prop_assert!(queue.wake.len() <= queue.lanes.len());
        }
    }
}
