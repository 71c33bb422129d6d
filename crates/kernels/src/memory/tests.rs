//! Size classes, and what the allocator promises to whoever asks for memory.

use super::*;

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

#[test]
fn classes_hold_what_they_promise_and_waste_at_most_an_eighth() {
    let mut sizes: Vec<usize> = (0..CLASSES)
        .map(size_of_class)
        .flat_map(|size| [size - 1, size, size + 1])
        .filter(|size| (SMALLEST..=LARGEST).contains(size))
        .collect();
    sizes.extend([5000, 100_000, 12_845_056]);
    for size in sizes {
        let held = size_of_class(class_of_size(size));
        assert!(
            held >= size && held - size <= size / STEPS,
            "{size} -> {held}"
        );
    }
    for class in 0..CLASSES {
        assert_eq!(class_of_size(size_of_class(class)), class);
    }
}

#[test]
fn a_freed_block_comes_back_and_is_counted() {
    let pool = RecyclingAllocator::new();
    let big = layout(100_000, 4);
    // SAFETY: every block is freed once, with the layout it was allocated with.
    unsafe {
        let first = pool.alloc(big);
        assert_eq!(first as usize % ALIGN, 0);
        first.write_bytes(7, big.size());
        pool.dealloc(first, big);
        assert_eq!(pool.retained_bytes(), size_of_class(class_of_size(100_000)));
        let again = pool.alloc_zeroed(layout(99_000, 4));
        assert_eq!(again, first, "the same class");
        assert_eq!(pool.retained_bytes(), 0);
        assert!(
            std::slice::from_raw_parts(again, 99_000)
                .iter()
                .all(|&byte| byte == 0)
        );
        pool.dealloc(again, layout(99_000, 4));
    }
    pool.release();
    assert_eq!(pool.retained_bytes(), 0);
}

#[test]
fn fresh_zeroed_blocks_are_zero() {
    let pool = RecyclingAllocator::new();
    for size in [16, SMALLEST, 70_001, HUGE, 3 * HUGE + 5, LARGEST + 1] {
        // SAFETY: freed once, with the same layout.
        unsafe {
            let block = pool.alloc_zeroed(layout(size, 8));
            assert!(
                std::slice::from_raw_parts(block, size)
                    .iter()
                    .all(|&byte| byte == 0)
            );
            pool.dealloc(block, layout(size, 8));
        }
    }
    pool.release();
}

#[test]
fn what_is_retained_stays_within_the_limit_and_follows_the_sizes_in_use() {
    let pool = RecyclingAllocator::with_limit(1 << 20);
    let fill = |size: usize, count: usize| {
        // SAFETY: freed once, with the same layout.
        unsafe {
            let blocks: Vec<_> = (0..count).map(|_| pool.alloc(layout(size, 4))).collect();
            for block in blocks {
                pool.dealloc(block, layout(size, 4));
                assert!(pool.retained_bytes() <= 1 << 20);
            }
        }
    };
    fill(64 << 10, 40);
    assert_eq!(pool.retained_bytes(), 1 << 20);
    fill(256 << 10, 4);
    let class = class_of_size(256 << 10);
    let kept = pool.free[class]
        .iter()
        .filter(|slot| !slot.load(Ordering::Relaxed).is_null());
    assert_eq!(kept.count(), 4, "the earlier size made room");
    fill(2 << 20, 1);
    assert!(pool.retained_bytes() <= 1 << 20);
    pool.release();
}

#[test]
fn a_class_keeps_no_more_than_its_slots() {
    let pool = RecyclingAllocator::new();
    // SAFETY: freed once, with the same layout.
    unsafe {
        let blocks: Vec<_> = (0..SLOTS + 9)
            .map(|_| pool.alloc(layout(4096, 1)))
            .collect();
        blocks
            .into_iter()
            .for_each(|block| pool.dealloc(block, layout(4096, 1)));
    }
    assert_eq!(pool.retained_bytes(), SLOTS * 4096);
    pool.release();
}

#[test]
fn realloc_keeps_contents_between_all_sources() {
    let pool = RecyclingAllocator::new();
    let sizes = [
        100,
        4095,
        4096,
        4097,
        4608,
        9000,
        3 << 20,
        LARGEST + 1,
        LARGEST + 9000,
    ];
    for from in sizes {
        for to in sizes {
            for align in [1, 256] {
                // SAFETY: freed once, with the layout that it has after `realloc`.
                unsafe {
                    let block = pool.alloc(layout(from, align));
                    let mark = |i: usize| (i % 251) as u8;
                    let probes = [0, 50, from.min(to) / 2, from.min(to) - 1];
                    probes.iter().for_each(|&i| block.add(i).write(mark(i)));
                    let moved = pool.realloc(block, layout(from, align), to);
                    assert_eq!(moved as usize % align, 0);
                    for i in probes {
                        assert_eq!(
                            moved.add(i).read(),
                            mark(i),
                            "{from} -> {to}, align {align}"
                        );
                    }
                    moved.add(to - 1).write(1);
                    pool.dealloc(moved, layout(to, align));
                }
            }
        }
    }
    pool.release();
}

#[test]
fn threads_never_share_a_block() {
    static POOL: RecyclingAllocator = RecyclingAllocator::with_limit(4 << 20);
    let (sender, receiver) = std::sync::mpsc::channel::<(usize, usize, u64)>();
    let receiver = std::sync::Mutex::new(receiver);
    let check = |block: usize, size: usize, stamp: u64| {
        // SAFETY: the block is owned by this thread, 128-byte aligned and holds `size` bytes.
        unsafe {
            let words = std::slice::from_raw_parts(block as *const u64, size / 8);
            assert!(
                words.iter().all(|&word| word == stamp),
                "written by another owner"
            );
            POOL.dealloc(block as *mut u8, layout(size, 8));
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (sender, receiver) = (sender.clone(), &receiver);
            scope.spawn(move || {
                let mut state = thread + 1;
                for round in 0..3000u64 {
                    state = state
                        .wrapping_mul(6364136223846793005)
                        .wrapping_add(1442695040888963407);
                    let size = 4096 + (state >> 40) as usize % 30_000 / 8 * 8;
                    let stamp = thread << 32 | round;
                    // SAFETY: the new block is this thread's until it is sent away whole.
                    let block = unsafe { POOL.alloc(layout(size, 8)) };
                    // SAFETY: as above.
                    let words =
                        unsafe { std::slice::from_raw_parts_mut(block as *mut u64, size / 8) };
                    words.fill(stamp);
                    sender.send((block as usize, size, stamp)).unwrap();
                    // Freed by any thread, later than it was allocated.
                    if round % 8 == 7 {
                        for _ in 0..8 {
                            let got = receiver.lock().unwrap().try_recv();
                            if let Ok((block, size, stamp)) = got {
                                check(block, size, stamp);
                            }
                        }
                    }
                }
            });
        }
    });
    while let Ok((block, size, stamp)) = receiver.lock().unwrap().try_recv() {
        check(block, size, stamp);
    }
    assert!(POOL.retained_bytes() <= 4 << 20);
    POOL.release();
    assert_eq!(POOL.retained_bytes(), 0);
}
