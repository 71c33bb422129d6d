//! Where a data set's prepared pixels are: in memory, or in a file that is read image by image.

use std::borrow::Cow;
use std::fs::File;
use std::sync::Arc;

use crate::listing::Pixels;

/// Prepared images, of one size or each with its own, `[C, H, W]` each, 0 to 255. Cheap to clone; a selection shares the pixels.
#[derive(Clone, Debug)]
pub struct Images {
    store: Store,
    /// Of the stored images, where they have different sizes.
    sizes: Option<Arc<Sizes>>,
    /// The stored image behind each number; `None` where they are the same.
    order: Option<Arc<[usize]>>,
}

#[derive(Debug)]
struct Sizes {
    /// `[height, width]` of each.
    sizes: Vec<[usize; 2]>,
    /// Where the bytes of each begin, and where the last ones end.
    starts: Vec<u64>,
}

#[derive(Clone, Debug)]
enum Store {
    Memory(Arc<Pixels>),
    /// One image after another, `length` bytes each.
    File {
        file: Arc<File>,
        count: usize,
        length: usize,
    },
}

impl Images {
    /// Images in memory.
    pub fn new(pixels: impl Into<Arc<Pixels>>) -> Self {
        Self {
            store: Store::Memory(pixels.into()),
            sizes: None,
            order: None,
        }
    }

    /// The same bytes as images of these `[height, width]` and `channels`, one after another.
    pub(crate) fn with_sizes(self, sizes: Vec<[usize; 2]>, channels: usize) -> Self {
        let mut end = 0;
        let mut starts = vec![0];
        starts.extend(sizes.iter().map(|[height, width]| {
            end += (channels * height * width) as u64;
            end
        }));
        Self {
            sizes: Some(Arc::new(Sizes { sizes, starts })),
            ..self
        }
    }

    /// `[height, width]` of image `index`, where it is known here.
    pub fn size(&self, index: usize) -> Option<[usize; 2]> {
        match (&self.sizes, &self.store) {
            (Some(sizes), _) => Some(sizes.sizes[self.stored(index)]),
            (None, Store::Memory(pixels)) => Some([pixels.height, pixels.width]),
            (None, Store::File { .. }) => None,
        }
    }

    fn stored(&self, index: usize) -> usize {
        self.order.as_ref().map_or(index, |order| order[index])
    }

    /// `count` images of `length` bytes, one after another from the start of a file that nobody changes.
    pub(crate) fn in_file(file: File, count: usize, length: usize) -> Self {
        Self {
            store: Store::File {
                file: Arc::new(file),
                count,
                length,
            },
            sizes: None,
            order: None,
        }
    }

    /// N.
    pub fn count(&self) -> usize {
        match (&self.order, &self.store) {
            (Some(order), _) => order.len(),
            (None, Store::Memory(pixels)) => pixels.count,
            (None, Store::File { count, .. }) => *count,
        }
    }

    /// Image `index`, `[C, H, W]`.
    ///
    /// # Panics
    /// If there is no such image, as slices do; if the file can't be read any more.
    pub fn get(&self, index: usize) -> Cow<'_, [u8]> {
        let index = self.stored(index);
        let length = match &self.store {
            Store::Memory(pixels) => pixels.channels * pixels.height * pixels.width,
            Store::File { length, .. } => *length,
        };
        let [start, end] = match &self.sizes {
            Some(sizes) => [sizes.starts[index], sizes.starts[index + 1]],
            None => [index, index + 1].map(|place| place as u64 * length as u64),
        };
        match &self.store {
            Store::Memory(pixels) => Cow::Borrowed(&pixels.values[start as usize..end as usize]),
            Store::File { file, .. } => {
                let mut bytes = vec![0; (end - start) as usize];
                if let Err(cause) = read_at(file, &mut bytes, start) {
                    panic!("the file of prepared pictures can't be read any more: {cause}");
                }
                Cow::Owned(bytes)
            }
        }
    }

    /// The images at `indices`, in that order.
    ///
    /// # Panics
    /// If one of them does not exist, as slices do.
    pub fn select(&self, indices: &[usize]) -> Self {
        let stored = |&index: &usize| self.stored(index);
        Self {
            store: self.store.clone(),
            sizes: self.sizes.clone(),
            order: Some(indices.iter().map(stored).collect()),
        }
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, [u8]>> {
        (0..self.count()).map(|index| self.get(index))
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], from: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, from)
}

#[cfg(not(unix))]
fn read_at(file: &File, bytes: &mut [u8], from: u64) -> std::io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    // The place in the file is shared by all threads.
    static READING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = READING
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut file = file;
    file.seek(SeekFrom::Start(from))?;
    file.read_exact(bytes)
}
