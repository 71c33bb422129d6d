//! Near duplicates: pictures that look the same though their pixels differ, such as after another JPEG compression.
//!
//! A picture's hash is a difference hash (dHash) of 64 bits; 'distance' is the number of bits in which two differ.

use rayon::prelude::*;

use super::look::{GREY, Look, dot};

/// Most bits in which the hashes of near duplicates differ.
const DISTANCE: u32 = 5;
/// Two numbers of 64 bits that differ in at most 5 agree in at least one of any 6 groups of their bits (pigeonhole).
const BANDS: u32 = DISTANCE + 1;
/// Most pictures of one band that each is compared with. More agree only where the hashes say little, as for dark
/// pictures; the limit keeps the work linear.
const REACH: usize = 500;
/// Least correlation of the grey levels of near duplicates.
const CORRELATION: f32 = 0.99;
/// Largest mean difference of the colours of near duplicates, in levels.
const COLOUR: u32 = 12;
/// The typical picture of a class counts fully only where the class has many more pictures than this: of two pictures, the
/// mean would take away what they have in common.
const FEW: f32 = 20.0;

/// A picture to compare with others.
#[derive(Clone, Copy)]
pub(super) struct Picture<'a> {
    pub hash: u64,
    pub look: &'a Look,
    /// Number of its class, if it has one.
    pub class: Option<usize>,
}

/// The bits of one band. A band takes bits from all rows and columns: the rows at the edge of many pictures are all alike.
fn band(hash: u64, band: u32) -> u64 {
    let places = (0..64).filter(|place| (place / 8 + place % 8) % BANDS == band);
    places.fold(0, |bits, place| bits << 1 | (hash >> place & 1))
}

/// Of each class, and of pictures without one (the last), the mean grey levels, drawn towards 0 where pictures are few.
fn typical(pictures: &[Picture<'_>]) -> Vec<[f32; GREY]> {
    let classes = pictures.iter().filter_map(|it| it.class).max();
    let classes = classes.map_or(0, |class| class + 1);
    let mut sums = vec![[0.0; GREY]; classes + 1];
    let mut counts = vec![FEW; classes + 1];
    for picture in pictures {
        let class = picture.class.unwrap_or(classes);
        counts[class] += 1.0;
        for (sum, &level) in sums[class].iter_mut().zip(picture.look) {
            *sum += f32::from(level);
        }
    }
    for (sum, count) in sums.iter_mut().zip(counts) {
        sum.iter_mut().for_each(|value| *value /= count);
    }
    sums
}

/// What is particular about a picture: its grey levels without what is typical of its class, with mean 0 and length 1.
/// Without this, all trousers look the same at 16 x 16 pixels. All 0 without any contrast; then it looks like nothing.
fn particular(look: &Look, typical: &[f32; GREY]) -> [f32; GREY] {
    let mut values: [f32; GREY] = std::array::from_fn(|at| f32::from(look[at]) - typical[at]);
    let mean = values.iter().sum::<f32>() / GREY as f32;
    values.iter_mut().for_each(|value| *value -= mean);
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        values.iter_mut().for_each(|value| *value /= length);
    }
    values
}

/// What pictures are compared by.
struct Compared<'a> {
    pictures: &'a [Picture<'a>],
    /// Of each class.
    typical: Vec<[f32; GREY]>,
    /// Of each picture.
    particular: Vec<[f32; GREY]>,
}

impl<'a> Compared<'a> {
    fn new(pictures: &'a [Picture<'a>]) -> Self {
        let typical = typical(pictures);
        let last = typical.len() - 1;
        let particular = pictures
            .par_iter()
            .map(|it| particular(it.look, &typical[it.class.unwrap_or(last)]))
            .collect();
        Self {
            pictures,
            typical,
            particular,
        }
    }

    /// Whether two pictures look the same, whatever their size, compression and brightness.
    fn look_the_same(&self, a: usize, b: usize) -> bool {
        let [first, second] = [a, b].map(|index| &self.pictures[index]);
        if (first.hash ^ second.hash).count_ones() > DISTANCE {
            return false;
        }
        let colours = first.look[GREY..].iter().zip(&second.look[GREY..]);
        let colours: u32 = colours.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        if colours > COLOUR * (first.look.len() - GREY) as u32 {
            return false;
        }
        // As if both had the first one's class: copies with different labels are found too.
        let alike = if first.class == second.class {
            dot(&self.particular[a], &self.particular[b])
        } else {
            let class = first.class.unwrap_or(self.typical.len() - 1);
            let second = particular(second.look, &self.typical[class]);
            dot(&self.particular[a], &second)
        };
        alike >= CORRELATION
    }
}

/// Groups of two and more pictures that look the same, each in order, the groups by their first picture.
///
/// Only pictures whose hashes agree in one band are compared; they are found by sorting.
pub(super) fn groups(pictures: &[Picture<'_>]) -> Vec<Vec<usize>> {
    let compared = Compared::new(pictures);
    let mut parents: Vec<usize> = (0..pictures.len()).collect();
    for number in 0..BANDS {
        let mut sorted: Vec<(u64, usize)> = pictures
            .iter()
            .enumerate()
            .map(|(index, picture)| (band(picture.hash, number), index))
            .collect();
        sorted.sort_unstable();
        let pairs: Vec<(usize, usize)> = (0..sorted.len())
            .into_par_iter()
            .flat_map_iter(|place| {
                let (bits, a) = sorted[place];
                let others = sorted[place + 1..].iter().take(REACH);
                let others = others.take_while(move |(other, _)| *other == bits);
                let compared = &compared;
                let alike = others.filter(move |(_, b)| compared.look_the_same(a, *b));
                alike.map(move |&(_, b)| (a, b))
            })
            .collect();
        for (a, b) in pairs {
            let roots = [root(&mut parents, a), root(&mut parents, b)];
            // The earlier picture is the root.
            parents[roots[0].max(roots[1])] = roots[0].min(roots[1]);
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
            ]
            .map(|(hash, look)| Picture {
                hash,
                look,
                class: None,
            });
            let found = groups(&pictures);
            let expected: &[&[usize]] = if flips <= DISTANCE { &[&[0, 2]] } else { &[] };
            assert_eq!(found, expected, "{flips} bits differ");
        }
    }
}
