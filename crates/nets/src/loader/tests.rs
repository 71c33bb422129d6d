//! Tests of `loader`.

use super::*;
use data::scenes;
use recipe::{Augment, Scenes};

fn preparation() -> Preparation {
    let augment = Augment {
        shift: 2,
        rotate: 20.0,
        elastic: 1.0,
        contrast: 0.3,
        noise: 0.1,
        erase: 0.5,
        ..Augment::default()
    };
    Preparation {
        augment: Some((augment, 3)),
    }
}

fn data() -> Dataset {
    let options = Scenes {
        size: 64,
        train_images: 60,
        test_images: 1,
        ..Scenes::default()
    };
    let data = recipe::Data {
        scenes: Some(options),
        ..recipe::Data::default()
    };
    scenes::load(&data, 0).unwrap().train
}

fn values(batch: &Batch) -> Vec<f32> {
    batch.images.clone().into_data().try_to_vec().unwrap()
}

fn same(a: &Batch, b: &Batch) -> bool {
    let about = |batch: &Batch| (batch.labels.clone(), batch.indices.clone(), batch.epoch);
    values(a) == values(b) && about(a) == about(b) && a.truths == b.truths
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
}

#[test]
fn batches_ahead_are_those_made_in_between_whatever_the_threads() {
    let (data, device) = (data(), Device::flex());
    let numbers: Vec<usize> = (0..50).map(|i| i * 7 % 60).collect();
    let chunks: Vec<&[usize]> = numbers.chunks(9).collect();
    let expected: Vec<Batch> = chunks
        .iter()
        .map(|numbers| Batch::prepare(&preparation(), &data, numbers, 2, &device))
        .collect();
    for threads in [1, 2, 5] {
        let batches = pool(threads).install(|| {
            rayon::in_place_scope(|scope| {
                let mut loader = Loader::new(scope, &data, preparation());
                let batches = (0..chunks.len()).map(|at| {
                    let then = chunks.get(at + 1).copied();
                    loader.batch(chunks[at], then, 2, &device)
                });
                batches.collect::<Vec<_>>()
            })
        });
        for (batch, expected) in batches.iter().zip(&expected) {
            assert!(same(batch, expected), "{threads} threads");
        }
    }
}

#[test]
fn an_image_does_not_depend_on_its_batch() {
    let (data, device) = (data(), Device::flex());
    let alone = Batch::prepare(&preparation(), &data, &[7], 4, &device);
    let among = Batch::prepare(&preparation(), &data, &[3, 58, 7, 1], 4, &device);
    let length = data.image_len();
    assert_eq!(values(&alone), values(&among)[2 * length..3 * length]);
    assert_eq!(alone.truths[0], among.truths[2]);
    let later = Batch::prepare(&preparation(), &data, &[7], 5, &device);
    assert_ne!(values(&alone), values(&later));
}

#[test]
fn other_numbers_than_those_begun_are_what_is_asked_for() {
    let (data, device) = (data(), Device::flex());
    pool(2).install(|| {
        rayon::in_place_scope(|scope| {
            let mut loader = Loader::new(scope, &data, preparation());
            loader.batch(&[1, 2], Some(&[3, 4]), 1, &device);
            for (numbers, epoch) in [([5, 6], 1), ([3, 4], 2)] {
                let batch = loader.batch(&numbers, Some(&[3, 4]), epoch, &device);
                let expected = Batch::prepare(&preparation(), &data, &numbers, epoch, &device);
                assert!(same(&batch, &expected), "{numbers:?}");
            }
            // Dropped with a batch begun: it ends all the same.
        });
    });
}

#[test]
fn a_panic_reaches_whoever_wants_the_batch() {
    let (data, device) = (data().subset(&[0, 1, 2]), Device::flex());
    let panic = catch_unwind(AssertUnwindSafe(|| {
        pool(2).install(|| {
            rayon::in_place_scope(|scope| {
                let mut loader = Loader::new(scope, &data, preparation());
                loader.batch(&[0], Some(&[1, 99]), 1, &device);
                loader.batch(&[1, 99], None, 1, &device);
            });
        });
    }));
    assert!(panic.is_err());
}
