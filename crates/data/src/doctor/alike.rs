//! Near duplicates: pictures that look the same though their pixels differ, such as after another JPEG compression.
//!
//! A picture's hash is a difference hash (dHash) of 64 bits; 'distance' is the number of bits in which two differ.

use super::look::{GREY, Look};

/// Most bits in which the hashes of near duplicates differ.
const DISTANCE: u32 = 5;
/// Two numbers of 64 bits that differ in at most 5 agree in at least one of any 6 groups of their bits (pigeonhole).
const BANDS: u32 = DISTANCE + 1;
/// Most pictures of one band that each is compared with. More agree only where the hashes say little, as for dark
/// pictures; the limit keeps the work linear.
const REACH: usize = 2000;
/// Least correlation of the grey levels of near duplicates. By the hash alone, all handwritten ones would be the same.
const CORRELATION: f64 = 0.99;
/// Largest mean difference of the colours of near duplicates, in levels.
const COLOUR: u32 = 12;

/// The bits of one band. A band takes bits from all rows and columns: the rows at the edge of many pictures are all alike.
fn band(hash: u64, band: u32) -> u64 {
    let places = (0..64).filter(|place| (place / 8 + place % 8) % BANDS == band);
    places.fold(0, |bits, place| bits << 1 | (hash >> place & 1))
}

/// Whether two pictures look the same, whatever their size, compression and brightness.
fn look_the_same(a: &Look, b: &Look) -> bool {
    let colours = a[GREY..].iter().zip(&b[GREY..]);
    let colours: u32 = colours.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    if colours > COLOUR * (a.len() - GREY) as u32 {
        return false;
    }
    let (mut sum_a, mut sum_b, mut aa, mut bb, mut ab) = (0_i64, 0_i64, 0_i64, 0_i64, 0_i64);
    for (&a, &b) in a[..GREY].iter().zip(&b[..GREY]) {
        let [a, b] = [a, b].map(i64::from);
        sum_a += a;
        sum_b += b;
        aa += a * a;
        bb += b * b;
        ab += a * b;
    }
    let count = GREY as i64;
    let [variance_a, variance_b] = [count * aa - sum_a * sum_a, count * bb - sum_b * sum_b];
    // Without any contrast everything looks the same; such pictures are reported as blank.
    if variance_a == 0 || variance_b == 0 {
        return false;
    }
    let covariance = (count * ab - sum_a * sum_b) as f64;
    covariance >= CORRELATION * (variance_a as f64 * variance_b as f64).sqrt()
}

/// Groups of two and more pictures that look the same, each in order, the groups by their first picture.
///
/// Only pictures whose hashes agree in one band are compared; they are found by sorting.
pub(super) fn groups(pictures: &[(u64, &Look)]) -> Vec<Vec<usize>> {
    let mut parents: Vec<usize> = (0..pictures.len()).collect();
    for number in 0..BANDS {
        let mut sorted: Vec<(u64, usize)> = pictures
            .iter()
            .enumerate()
            .map(|(index, (hash, _))| (band(*hash, number), index))
            .collect();
        sorted.sort_unstable();
        for (place, &(bits, a)) in sorted.iter().enumerate() {
            let others = sorted[place + 1..].iter().take(REACH);
            for &(_, b) in others.take_while(|(other, _)| *other == bits) {
                let (hash_a, look_a) = pictures[a];
                let (hash_b, look_b) = pictures[b];
                if (hash_a ^ hash_b).count_ones() <= DISTANCE
                    && root(&mut parents, a) != root(&mut parents, b)
                    && look_the_same(look_a, look_b)
                {
                    // The earlier picture is the root.
                    let roots = [root(&mut parents, a), root(&mut parents, b)];
                    parents[roots[0].max(roots[1])] = roots[0].min(roots[1]);
                }
            }
        }
    }
    let mut groups = vec![Vec::new(); pictures.len()];
    for index in 0..pictures.len() {
        let first = root(&mut parents, index);
        groups[first].push(index);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// The first picture of the group that a picture is in.
fn root(parents: &mut [usize], mut index: usize) -> usize {
    while parents[index] != index {
        parents[index] = parents[parents[index]];
        index = parents[index];
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without a pattern.
    fn scrambled(mut state: u64) -> u64 {
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ (state >> 31)
    }

    #[test]
    fn bands_hold_every_bit_once() {
        let bits: u32 = (0..BANDS)
            .map(|number| band(u64::MAX, number).count_ones())
            .sum();
        assert_eq!(bits, 64);
        let mut largest = 0;
        for place in 0..64 {
            let set = (0..BANDS).filter(|number| band(1 << place, *number) != 0);
            assert_eq!(set.count(), 1, "bit {place}");
            largest = largest.max(band(u64::MAX, place % BANDS).count_ones());
        }
        assert!(largest <= 12, "{largest}");
    }

    #[test]
    fn all_pairs_within_the_distance_are_found() {
        let look = |seed: u64| -> Look {
            std::array::from_fn(|at| {
                if at < GREY {
                    scrambled(seed * 1000 + at as u64) as u8
                } else {
                    128
                }
            })
        };
        for flips in 0..=8_u32 {
            let first = scrambled(u64::from(flips) + 7);
            let places =
                (0..flips).map(|flip| (scrambled(u64::from(flip)) % 8) + 8 * u64::from(flip));
            let second = places.fold(first, |hash, place| hash ^ 1 << place);
            let same = look(1);
            let other = look(2);
            let pictures = [
                (first, &same),
                (scrambled(99), &other),
                (second, &same),
                (first, &other),
            ];
            let found = groups(&pictures);
            let expected: &[&[usize]] = if flips <= DISTANCE { &[&[0, 2]] } else { &[] };
            assert_eq!(found, expected, "{flips} bits differ");
        }
    }
}
